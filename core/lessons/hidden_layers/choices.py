"""What can be set in lesson 5, stated once: the config checks against it, the page makes its controls from it."""

from core.choices import Options, Range
from core.mlp.named_optimizers import OPTIMIZERS

CLASSES, FIELDS = ("circle", "xor", "gauss", "spiral", "moons"), ("plane", "gauss_field")  # to split; to fit
DATA = Options(CLASSES + FIELDS)
TASK = Options(("classification", "regression"))  # of the learner's own points
FEATURES = Options(("x1", "x2", "x1²", "x2²", "x1·x2", "sin x1", "sin x2"))
CHOSEN = ("x1", "x2")  # the features at first
SAMPLES = Range(20, 1000, default=500, step=10)
NOISE = Range(0, 50, default=0, step=5)  # percent
TRAIN_RATIO = Range(10, 90, default=50, step=10)  # percent
SEED = Range(0, 2**31 - 1, default=0, step=1)

LAYERS = Range(0, 6, default=2, step=1)  # hidden layers
UNITS = Range(1, 8, default=4, step=1)  # in each of them
FIRST = (4, 2, 4, 4, 4, 4)  # units of each at first
ACTIVATION = Options(("tanh", "relu", "sigmoid", "linear", "leaky_relu", "elu", "gelu", "silu"))

RATE = Range(1e-6, 100, default=0.03)
RATES = (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # on the page
OPTIMIZER = Options(tuple(OPTIMIZERS))
BATCH = Range(1, 100, default=10, step=1)
EPOCHS = Range(1, 2000, default=300, step=1)  # of one press of the run button
LOSS = Options(("cross_entropy", "mse"))  # regression always uses mse
PENALTY = Range(0, 10, default=0.0)
PENALTIES = (0.0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # on the page
DROPOUT = Range(0, 0.9, default=0.0, step=0.05)

PRESET = Options(("xor_0", "xor_1", "xor_product", "circle_squares", "spiral", "overfit", "regularised", "hills"))
PACE = Options(("slow", "normal", "fast"), "normal")
LAYER = Options(("last", "1", "2", "3", "4", "5", "6"))  # the layer whose bent grid is drawn
CLICK = Options(("high", "low", "erase"))  # what a click on the plane does
X1, X2 = 1.0, 2.0  # the point under the magnifier at first
START = Range(-20, 20, default=-6.0)  # of two losses: the output's first bias; both nets are sure of class 0

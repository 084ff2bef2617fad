"""What can be set in lesson 8, stated once: the spec checks against it, the page makes its controls from it."""

from core.choices import Options, Range
from core.mlp.named_optimizers import OPTIMIZERS

DATA = Options(("people", "many_people", "groups", "moons", "circle", "xor", "spiral", "gauss", "plane", "table"))
SAMPLES = Range(10, 1000, default=200, step=10)  # of drawn data
NOISE = Range(0, 50, default=10.0, step=5)  # percent, of toy data

KIND = Options(("dense", "dropout"))
LAYERS = Range(1, 6, default=3, step=1)
MOST_LAYERS = 12  # in a program; a race puts a Dropout between the page's layers
UNITS = Range(1, 1000, default=64, step=1)
DROP = Range(0, 0.95, default=0.2)  # share of a Dropout that rests
ACTIVATION = Options(("linear", "relu", "sigmoid", "tanh", "softmax", "leaky_relu", "elu", "gelu", "silu"))
FIRST = ((64, "relu"), (64, "relu"), (1, "linear"))  # units and activation of the layers the page opens with
NEW = {"dense": (16, "relu"), "dropout": (DROP.default, "linear")}  # size and activation of a layer just added

OPTIMIZER = Options(tuple(OPTIMIZERS), "adam")
RATE = Range(0, 1000, default=0)  # 0 on the page, None in the spec: Keras' default for the optimiser
LEAST_RATE = 1e-7
LOSS = Options(
    (
        "mean_squared_error",
        "mean_absolute_error",
        "binary_crossentropy",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
    )
)
METRICS = Options(("mse", "mae", "acc", "f1_score"))  # any of them
FIRST_METRICS = ("mse",)

EPOCHS = Range(1, 1000, default=100, step=1)
MOST_EPOCHS = 10_000  # in a program
BATCH = Range(1, 256, default=10, step=1)
SPLIT = Range(0, 0.9, default=0.0, step=0.05)  # the last share of the rows, held out for validation
PATIENCE = Range(0, 100, default=0, step=1)  # 0 on the page, None in the spec: off
SEED = Range(0, 2**31 - 1, default=0, step=1)

PRESET = Options(("line", "deep", "raw", "moons", "groups", "overfit"), "deep")
RACE = Options(("standardise", "source", "dropout"))
LIBRARY = Options(("core", "keras", "torch"))  # of the program
QUESTIONS = "60\n75\n90"  # kg: rows asked about at first

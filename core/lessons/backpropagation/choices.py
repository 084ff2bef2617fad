"""What can be set in lesson 6, stated once: the configs check against it, the page makes its controls from it."""

from core.choices import Options, Range

NUMBER = Range(-1000, 1000, default=0)  # what an input or a target may be
X1, X2, TARGET = 0.5, -1.0, 1.0  # of the sample at first
SHAPES = {"2": (2,), "3": (3,), "2-2": (2, 2), "3-2": (3, 2), "2-2-2": (2, 2, 2)}  # units of the hidden layers
SHAPE = Options(tuple(SHAPES), "2-2")
ACTIVATION = Options(("sigmoid", "tanh", "relu", "leaky_relu"))  # of the hidden layers
LOSS = Options(("mse", "bce"))  # mean of squares; binary cross-entropy
RATE = Range(0, 1000, default=0.5)
SEED = Range(0, 2**31 - 1, default=0, step=1)

DEPTH = Range(1, 50, default=12, step=1)  # hidden blocks of the deep net
DEEP_ACTIVATION = Options(("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"))
INIT = Options(("glorot", "he", "normal_0.01", "normal_1"))
RACE_RATE = Range(1e-6, 100, default=0.1)
RACE_UPDATES = Range(1, 5000, default=500, step=1)

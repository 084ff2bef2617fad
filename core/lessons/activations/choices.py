"""What can be set in lesson 4, stated once: the config checks against it, the page makes its controls from it."""

from core.choices import Options, Range

ACTIVATION = Options(("linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu"), "tanh")
BESIDE = ("sigmoid",)  # drawn beside the chosen one at first
Z = Range(-6, 6, default=2, step=0.01)  # what is drawn

DATA = Options(("circle", "xor", "gauss", "spiral", "moons"))
LAYERS = Range(1, 4, default=1, step=1)  # hidden layers
UNITS = Range(1, 32, default=8, step=1)  # in each of them
EPOCHS = Range(1, 200, default=60, step=1)
RATE = Range(0.001, 0.3, default=0.03, step=0.001)
NOISE = Range(0, 50, default=10, step=5)  # percent
SEED = Range(0, 2**31 - 1, default=0, step=1)
PACE = Options(("slow", "normal", "fast"), "normal")

SCORE = Range(-5, 5, default=0, step=0.1)  # of a class, before softmax
SCORES = (2.0, 1.0, 0.0, -1.0)  # of the four animals at first
TEMPERATURE = Range(0.1, 5, default=1, step=0.1)

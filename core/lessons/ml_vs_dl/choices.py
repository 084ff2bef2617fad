"""What can be set in lesson 1, stated once: the configs check against it, the page makes its controls from it."""

from core.choices import Options, Range

DATA = Options(("circle", "xor", "gauss", "spiral", "moons"))
SAMPLES = Range(10, 1_000, default=300, step=10)
NOISE = Range(0, 50, default=10, step=5)  # percent
FEATURES = Options(("x1", "x2", "x1²", "x2²", "x1·x2", "sin x1", "sin x2"))
CHOSEN = ("x1", "x2")  # the features that the linear model is given at first
NETS = {"4": (4,), "8": (8,), "8-8": (8, 8), "16-16": (16, 16)}  # units of the hidden layers
NET = Options(tuple(NETS), "8-8")
EPOCHS = Range(1, 300, default=60, step=1)
PREVIEW = 3  # epochs that the net has learnt for when the lesson opens or its data change
SEED = Range(0, 2**31 - 1, default=0, step=1)

SWEEP = Options(("moons", "mine"))  # very noisy moons, where the two cross; or what is chosen above
SWEEP_NOISE = Range(0, 50, default=50, step=5)
DRAWS = Range(1, 10, default=2, step=1)

"""What can be set in lesson 7, stated once: the config checks against it, the page makes its controls from it."""

from core.choices import Options, Range

SAMPLES = Options(("10", "100", "1000"), "1000")
BATCH = Range(1, 1_000, default=100, step=1)
EPOCHS = Range(1, 50, default=5, step=1)
SHUFFLE, DROP_LAST = True, False
HIDDEN = Range(0, 16, default=0, step=1)  # tanh units between weight and height; 0 is the straight line
RATE = Range(0.001, 3, default=0.1)
SEED = Range(0, 2**31 - 1, default=0, step=1)
PACE = Options(("slow", "normal", "fast"), "normal")

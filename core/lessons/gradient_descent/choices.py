"""What can be set in lesson 3, stated once: the configs take their defaults from it, the page makes its controls from it."""

from core.choices import Options, Range

OPTIMIZER = Options(("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"))
RATE = Range(1e-9, 1_000, default=0.1)
PERCENT = Range(0.2, 120, default=50, step=0.1)  # of the largest safe rate
STEPS = Range(1, 300, default=40, step=1)  # of one press
BATCHES = {"full": None, "5": 5, "2": 2, "1": 1}  # people looked at per step; None is all of them
BATCH = Options(tuple(BATCHES))
SCALING = Options(("standard", "minmax", "raw"), "minmax")
W = Range(-1e12, 1e12, default=1.4)  # the start, in the units of the surface
B = Range(-1e12, 1e12, default=-0.6)
SEED = Range(0, 2**31 - 1, default=0, step=1)  # of the order of the mini-batches
RACE_STEPS = 120
SETTLED = 30  # last moves of a race on mini-batches, whose mean decides
PRESETS = ("converge", "crawl", "diverge")

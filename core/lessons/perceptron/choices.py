"""What can be set in lesson 2, stated once: the config checks against it, the page makes its controls from it."""

from core.choices import Options, Range

RATE = Range(1e-9, 100, default=0.1)
W = Range(-1e12, 1e12, default=0.5)  # cm per kg; a line that is visibly wrong: there is something to mend at once
B = Range(-1e12, 1e12, default=130.0)  # cm
WEIGHT = Range(-1e9, 1e9, default=75)  # kg: whose height is asked for
PRESSES = (1, 25, 100)  # steps of a button
GATE = Options(("and", "or", "nand", "xor"))

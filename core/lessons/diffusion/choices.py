"""What can be set in lesson 16, stated once: the config checks against it, the page makes its controls from it."""

from core.choices import Options, Range
from core.diffusion import choices as library

SHAPE = Options(("heart", "circle", "moons", "spiral", "hangul", "drawn"))
METHOD = library.POINT_METHOD
STEPS = Range(1, 100, default=library.POINT_STEPS.default, step=1)
UPDATES = Range(100, 5000, default=library.POINT_UPDATES.default, step=100)
SEED = Range(0, 2**31, default=library.SEED.default, step=1)
HAND_STEP = Range(1, 100, default=10, step=1)
SIGNS = {"apple": "🍎", "cat": "🐱", "heart": "❤️", "sunflower": "🌻", "rocket": "🚀", "penguin": "🐧", "pizza": "🍕"}
EMOJI = Options(tuple(SIGNS))
POINTS = 300  # drawn from noise on the page

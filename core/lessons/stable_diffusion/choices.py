"""What can be set in lesson 17, stated once: the page makes its controls from it; its defaults are the library's."""

from core.choices import Options, Range
from core.diffusion import choices as library

MODEL = "emoji"
EXAMPLES = (
    "heart",
    "apple",
    "cat",
    "sunflower",
    "rocket",
    "two",
    "new",
)  # prompts to begin with, the first stands there
SURE = 0.4  # share of the nearest name below which the page tells what else a prompt may mean
STEPS = Range(1, 100, default=library.DENOISE_STEPS.default, step=1)
SCALE = Range(library.GUIDANCE.low, library.GUIDANCE.high, default=library.GUIDANCE.default, step=0.5)
SEED = Range(0, 2**31, default=library.SEED.default, step=1)
SCHEDULER = Options(("own", "ddim", "euler", "euler-a", "dpm++2m"))  # own: the one the weights came with
SCALES = (1.0, 2.0, 4.0, 8.0, 16.0)  # of the guidance, side by side
WALL_SCALES, WALL_SEEDS, WALL_STEPS = (1.0, 4.0, 16.0), 5, 6  # of the wall: guidance down, seeds across, steps at most
STRENGTH = Range(0.05, 1, default=0.6, step=0.05)
BRANCH_AT = Range(1, 99, default=8, step=1)
LONGEST_HALF = 60  # steps: twice as many are drawn beside them

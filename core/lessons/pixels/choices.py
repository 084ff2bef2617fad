"""What can be set in lesson 13, stated once: core checks against it, the page makes its controls from it."""

from core.choices import Options, Range

PHOTO = Options(("cat", "coffee", "rocket"))  # core.data.photos (a test compares them)
MOST_SIDE = 4096  # pixels; a larger picture is shrunk to this before its pixels are kept
COLUMN = Range(0, MOST_SIDE - 1, default=90, step=1)  # of the cat: the rim of an eye
ROW = Range(0, MOST_SIDE - 1, default=62, step=1)
SIZE = Options(("4", "8", "12", "16", "32"), "8")  # pixels of the patch's side
LOOK = Options(("rgb", "red", "green", "blue", "grey", "bits"))
VALUE = Range(0, 255, default=0, step=1)  # of one channel of one pixel
BITS = Range(1, 8, default=3, step=1)  # per channel
RULE = Options(("bt601", "bt709", "average"))  # named grey weights of core.vision.pixels
WEIGHT_RED = Range(0, 1, default=0.299, step=0.05)  # those of RULE's default
WEIGHT_GREEN = Range(0, 1, default=0.587, step=0.05)
WEIGHT_BLUE = Range(0, 1, default=0.114, step=0.05)

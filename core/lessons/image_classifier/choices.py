"""What can be set in lesson 15, stated once: core checks against it, the page makes its controls from it."""

from core.choices import Options, Range
from core.lessons.pixels.choices import PHOTO

GARMENTS = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
DIGIT = "digit"  # a handwritten one of core.data.digits
SHOWN = Options((*GARMENTS, *PHOTO, DIGIT, "drawn"), "ankle boot")  # garments: core.data.fashion (a test compares them)
TURN = Range(0, 2**31, default=0, step=1)  # which garment of its kind, which digit
LAYER = "relu1"
KNOWS = Options(("fashion", "photos", "digits"))  # the networks that ship, by what they know
FIRST = {"fashion": "ankle boot", "photos": "cat", "digits": DIGIT}  # the picture each is shown first
MODEL = Options((*KNOWS, "mine", "mobilenet_v3_small", "resnet18", "shufflenet_v2_x1_0", "squeezenet1_1"))
UNSURE = 0.35  # a likeliest of 1,000 below this is said to be a guess
UNSURE_OF_TEN = 0.6  # the same of ten, for pictures whose truth is not known

# A network taught from noise.
EPOCHS = Range(1, 20, default=4, step=1)  # of one press
MOST_EPOCHS = 1000  # of one run of a script
DATA = Options(("garments", "digits"))
PICTURES = Range(100, 10_000, default=10_000, step=100)
BLOCKS = Options(("1", "2", "3"), "2")
RATE = Range(1e-6, 10, default=1e-3, step=1e-4)
BATCH = Range(16, 512, default=128, step=16)
DROPOUT = Range(0, 0.8, default=0.25, step=0.05)
AUGMENT = False
SEED = Range(0, 2**31, default=0, step=1)

# Classes of one's own; the defaults are those of core.vision.own_classes (a test compares them).
BASE = Options(("photos", "fashion"))  # whose features
KEPT_SIDE = 160  # pixels of the longer side at which a picture is kept; the photo network sees 224, the other 28
OWN_EPOCHS = Range(1, 60, default=20, step=1)
OWN_COPIES = Range(0, 10, default=3, step=1)

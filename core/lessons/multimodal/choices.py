"""What can be set in lesson 18, stated once: the configs check against it, the page makes its controls from it."""

from core.choices import Options, Range
from core.diffusion import choices as diffusion
from core.speech import choices as speech

MODEL = "emoji"  # the CLIP that compares, and the Stable Diffusion that draws
PHOTOS = "photos"  # the photo network with word vectors (core.multimodal.conse), which compares in its place
SHIPPED = (MODEL, PHOTOS)
PICTURES = ("red apple", "dog face", "rocket", "sun")  # emoji that are there when the lesson opens
MOST_PICTURES = 8  # of the learner's own, side by side

WAY = Options(("word", "sticker"))  # of fooling the model
WORD = "dog"
SHARE = Range(0.1, 1, default=0.5, step=0.05)  # of the picture's side that the sticker takes

SHAPE = speech.SOUND
WINDOW = Options(("256", "400", "512", "1024", "2048"), str(speech.N_FFT.default))
HOP = Range(32, 256, default=speech.HOP.default, step=16)
MELS = Range(16, 128, default=speech.MELS.default, step=8)
MOST_WORDS, MOST_RECORDINGS = 20, 20  # to teach; of a word: the latest
SECONDS, WORD_SECONDS, LISTEN_SECONDS = 20, 3, 60  # of one recording; of a word; of one listening
EPOCHS = Range(1, 40, default=speech.EPOCHS.default, step=1)

STEPS = Range(2, 50, default=diffusion.DENOISE_STEPS.default, step=1)
GUIDANCE = Range(1, 12, default=diffusion.GUIDANCE.default, step=0.5)
SEED = Range(0, 2**31, default=0, step=1)

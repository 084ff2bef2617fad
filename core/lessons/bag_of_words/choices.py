"""What can be set in lesson 9, stated once: the configs check against it, the page makes its controls from it."""

from core.choices import Options, Range

TEXTS = Options(("ko", "en"))  # language of the texts; each page opens with its own
TOKENS = Options(("words", "morphemes", "content", "characters"))  # those of Korean; English has the first and the last
STAGE = Options(("counts", "tfidf", "cosine"))
WEIGHTING = Options(("tfidf", "counts"))
SEED = Range(0, 2**31 - 1, default=0, step=1)  # which reviews are held out
FOLDS = Range(2, 10, default=5, step=1)  # of the comparison
MOST_SENTENCE, MOST_REVIEW = 200, 1_000  # letters

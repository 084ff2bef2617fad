"""What can be set in the lesson on word vectors, stated once."""

from core.choices import Options, Range

KINDS = ("animal", "travel", "feeling")  # ticked on the map when the lesson opens
TEXTS = Options(("ko", "en"))  # language of the reviews; each page opens with its own
FOLDS = Range(2, 10, default=5, step=1)
SEED = Range(0, 2**31 - 1, default=0, step=1)  # which reviews are held out
MOST_LETTERS = 300  # of a text
MOST_OWN = 20  # own words on the map
MOST_NAMED = 90  # words whose names are written on the map; of more, only the own ones
NEIGHBOURS = 8  # shown of each language
FAR = 0.55  # cosine below which even the nearest word is called far

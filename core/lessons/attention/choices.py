"""What can be set in lesson 11, stated once: core checks against it, the page makes its controls from it."""

from core.choices import Options, Range

CUT = Options(("words", "morphemes", "letters"))
STAGE = Options(("x", "q", "k", "v", "scores", "scaled", "masked", "weights", "output"), "weights")
WIDTH = Range(2, 16, default=4, step=1)  # numbers per token vector
SEED = Range(0, 2**31 - 1, default=0, step=1)
MOST_TOKENS, MOST_LETTERS = 24, 400  # of the sentence

TOKENIZER = Options(("bytes", "emoji", "llm"))

TEXTS = Options(("ko", "en"))  # what the tiny GPT reads; each page opens with its own language
SOURCE = Options(("stories", "reviews", "own"))
UPDATES = Range(20, 1000, default=300, step=20)  # of a press
TEMPERATURE = Range(0, 2, default=0.8, step=0.05)
LEARNT_STAGE = Options(STAGE.names[1:], "weights")  # the input of a head of the GPT is the sum of everything before
LAYER, HEAD = Range(1, 2, default=1, step=1), Range(1, 4, default=1, step=1)  # of the tiny GPT
MOST_OWN, MOST_PROMPT = 20_000, 200  # letters

REAL_LAYER, REAL_HEAD = Range(1, 30, default=1, step=1), Range(1, 9, default=1, step=1)  # of SmolLM2
MOST_REAL = 48  # tokens
MODELS = {"gemma-3-270m": "Gemma 3 270M", "smollm2-135m-instruct": "SmolLM2 135M"}  # whose maps ship

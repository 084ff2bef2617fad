"""What can be set in lesson 11, stated once: core checks against it, the page makes its controls from it."""

from core.choices import Options, Range

WHO = Options(("counts", "tiny", "llm"))  # counted letters, the tiny GPT, the LLM of this machine
SAMPLING = {
    "temperature": Range(0, 2, default=0.8, step=0.05),
    "top_k": Range(0, 50, default=0, step=1),
    "top_p": Range(0, 1, default=1.0, step=0.01),
    "min_p": Range(0, 0.5, default=0.0, step=0.01),
    "repetition_penalty": Range(1, 2, default=1.0, step=0.05),
}
LENGTH = Range(1, 200, default=40, step=1)  # tokens of a press
SEED = Range(0, 2**31, default=0, step=1)
BARS = 12  # candidates on the screen
MOST_PROMPT, MOST_STORY = 4_000, 400  # letters of the prompt, tokens added to it

ANSWER = Range(10, 400, default=120, step=10)  # tokens of an answer in the chat
MOST_MESSAGE, MOST_TURNS = 100_000, 40  # letters, messages that are sent again

LAYER, HEAD = Range(1, 30, default=1, step=1), Range(1, 9, default=1, step=1)  # of SmolLM2
MOST_INSIDE = 48  # tokens: a larger map cannot be read on a screen

MOST_SENTENCE = 300  # letters, for the three generations

ORDER_AT = (0.5, 1.0, 2.0)  # temperatures at which the orders of the filters are compared

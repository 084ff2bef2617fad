"""What can be set in lesson 12, stated once: core checks against it, the page makes its controls from it."""

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
MOST_EXAMPLES = 2_000  # letters of the examples before a question to a base model
SENTENCES = {  # on which three generations are measured: everyday language, in no shipped text
    "ko": (
        "우리나라의 수도는 서울이고 한강이 그 가운데를 흐릅니다.",
        "물은 섭씨 백 도에서 끓고 영 도에서 얼어요.",
        "내일은 전국에 비가 내리고 바람이 강하게 불겠습니다.",
        "지구는 태양의 둘레를 한 해에 한 바퀴 돕니다.",
        "오늘 저녁에는 가족과 함께 김치찌개를 끓여 먹었어요.",
        "버스가 늦게 와서 학교에 지각할 뻔했어요.",
        "도서관에서 빌린 책은 다음 주까지 돌려줘야 합니다.",
        "정부는 새로운 교육 정책을 다음 달부터 시행하기로 했다.",
        "감기에 걸리면 따뜻한 물을 마시고 푹 쉬는 것이 좋아요.",
        "세종대왕은 백성을 위해 한글을 만들었습니다.",
    ),
    "en": (
        "Paris is the capital of France, and the river Seine runs through it.",
        "Water boils at one hundred degrees and freezes at zero.",
        "Tomorrow there will be rain and strong wind in most of the country.",
        "The earth goes around the sun once every year.",
        "This evening we cooked soup and ate it with the whole family.",
        "The bus came late and I almost missed my first lesson.",
        "The books from the library must be returned by next week.",
        "The government will begin its new education policy next month.",
        "When you have a cold, drink warm water and get some rest.",
        "Shakespeare wrote plays that are still performed around the world.",
    ),
}

ORDER_AT = (0.5, 1.0, 2.0)  # temperatures at which the orders of the filters are compared

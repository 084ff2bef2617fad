"""Every number of every stage is told by terms that really give it, in the toy head and in a head of the tiny GPT."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.data import tiny_text
from core.errors import CoreError
from core.language.alphabet import Alphabet, GPTConfig
from core.language.attention import ToyConfig
from core.language.tiny_gpt import TinyGPT
from core.lessons.attention import choices
from core.lessons.attention.head import Head, cut, derive, learnt, look, matrix, script, thumbnails, toy
from recipes import tiny_text as recipe

SMALL = GPTConfig(layers=2, heads=2, width=16, context=32, batch=4)


def heads() -> list[tuple[str, Head]]:
    model = TinyGPT(Alphabet("나는 학교에 간다\n"), SMALL)
    return [
        ("causal", toy(cut("the dog bites the man"), ToyConfig(4, True, True, 0))),
        ("open", toy(cut("the dog bites the man"), ToyConfig(3, False, False, 1))),
        ("learnt", learnt(look(model, "나는 학교"), 1, 0)),
    ]


@pytest.mark.parametrize(("name", "head"), heads(), ids=lambda x: x if isinstance(x, str) else "")
def test_the_terms_give_the_number(name: str, head: Head) -> None:
    for stage in choices.STAGE if head.x is not None else choices.LEARNT_STAGE:
        numbers = matrix(head, stage)
        for (row, column), value in np.ndenumerate(numbers):
            told = derive(head, stage, row, column)
            assert told.value == value
            match told.kind:
                case "sum":
                    assert sum(a * b for a, b, _ in told.terms) == pytest.approx(value)
                    assert all(a * b == pytest.approx(c) for a, b, c in told.terms)
                case "added":
                    assert told.terms[0][0] + told.terms[0][1] == pytest.approx(value)
                case "scale":
                    assert told.terms[0][0] / told.terms[0][1] == pytest.approx(value)
                case "softmax":
                    assert told.terms[column][2] == pytest.approx(value)
                    assert sum(share for _, _, share in told.terms) == pytest.approx(1)
                case "forbidden":
                    assert column > row and value == -math.inf
                case "kept":
                    assert told.terms[0][0] == value
                case "learnt":
                    assert name == "learnt" and stage in "qkv"


def test_without_positions_order_is_lost_and_with_them_it_counts() -> None:
    for positions, same in ((False, True), (True, False)):
        config = ToyConfig(4, positions, causal=False)
        one, two = (toy(cut(text), config).trace.output for text in ("dog bites man", "man bites dog"))
        assert np.allclose(one, two[::-1]) == same


def test_the_same_token_has_the_same_id() -> None:
    assert toy(cut("the dog bites the man")).ids == (0, 1, 2, 0, 3)


def test_tokens_are_whole() -> None:
    assert cut("개가\u0000 a\u200d", "letters")[:3] == ("개", "가", " ")
    assert cut("개가 짖는다.", "morphemes") == ("개", "가", "짖", "는다", ".")
    assert "".join(cut("👨‍👩‍👧 가족", "letters")) == "👨‍👩‍👧 가족"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: cut(""), "no_words"),
        (lambda: cut(" \n\t "), "no_words"),
        (lambda: cut("   ", "letters"), "no_words"),
        (lambda: cut("a " * (choices.MOST_TOKENS + 1)), "too_many"),
        (lambda: cut("a" * 1000), "text_too_long"),
        (lambda: cut("a", "bytes"), "not_one_of"),
        (lambda: cut(None), "not_text"),  # type: ignore[arg-type]
        (lambda: matrix(toy(["a"]), "y"), "not_one_of"),
        (lambda: matrix(heads()[2][1], "x"), "not_one_of"),
        (lambda: derive(toy(["a"]), "q", 0, 4), "out_of_range"),
        (lambda: derive(toy(["a"]), "q", float("nan"), 0), "not_finite"),  # type: ignore[arg-type]
        (lambda: learnt(look(TinyGPT(Alphabet("a"), SMALL), "a"), 2, 0), "out_of_range"),
    ],
)
def test_wrong_use_is_explained(call: object, code: str) -> None:
    with pytest.raises(CoreError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == code


def test_the_script_prints_these_weights(capsys: pytest.CaptureFixture[str]) -> None:
    for _, head in heads():
        exec(compile(script(head), "attention.py", "exec"), {})
        printed = capsys.readouterr().out
        assert " ".join(f"{share:.6f}" for share in head.trace.weights[-1]) in printed
        assert float(printed.rsplit(" ", 1)[1]) < 1e-6 and head.trace.difference < 1e-6


def test_thumbnails_stay_in_the_bright_half() -> None:
    assert thumbnails(np.array([0.0, 0.5, 1.0])).tolist() == [128, 191, 255]


@pytest.mark.parametrize("language", tiny_text.LANGUAGES)
def test_the_shipped_stories_are_what_the_recipe_writes(language: str) -> None:
    text = tiny_text.load(language)
    assert text == recipe.write(language, recipe.SIZE[language])
    lines = text.splitlines()
    assert len(lines) == len(set(lines)) and 30_000 < len(text.encode()) < 60_000
    assert "{" not in text and "은(는)" not in text and " a owl" not in text
    assert len(tiny_text.load(language, "reviews")) > 10_000

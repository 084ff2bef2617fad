"""Counted letters against a count by hand; both letter models write by the same rules as the LLM."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.errors import CoreError
from core.events import Done, Progress, drain
from core.llm import letter_models
from core.llm.decoding import Token
from core.llm.letter_models import LetterCounts, LetterGPT, counted, trained

TEXT = "abracadabra abracadabra "


def test_counts_are_witten_and_bells() -> None:
    model = LetterCounts(TEXT)
    letters = model.alphabet.letters
    p = {letter: 1 / (len(letters) - 1) for letter in letters[1:]}
    for context in ("", "r", "br"):
        row = Counter(TEXT[i + len(context)] for i in range(len(TEXT) - len(context)) if TEXT[i:].startswith(context))
        n, u = row.total(), len(row)
        p = {c: (row[c] + u * old) / (n + u) for c, old in p.items()}
    ours = np.exp(model.logits("br"))
    assert ours.sum() == pytest.approx(1, abs=1e-5) and ours[0] == 0
    for letter, share in p.items():
        assert ours[letters.index(letter)] == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_corpus_speaks(language: str) -> None:
    model = counted(language)
    prompt = "그 " if language == "ko" else "the "
    choices = model.next_token(prompt, top=10)
    assert len(choices) == 10 and sum(c.probability for c in choices) < 1
    assert [w.share > 0 for w in choices.reweigh(top_k=2)].count(True) == 2
    events = list(model.steps(prompt, 30, temperature=0.8, seed=1))
    assert [type(event) for event in events] == [Token] * 30 + [Done]
    assert model.generate(prompt, 30, temperature=0.8, seed=1) == events[-1].result.text
    assert len(model.pieces(choices.seen)) == len(prompt)


def test_branching_goes_on() -> None:
    model = counted("en")
    for chance in ({}, {"temperature": 0.9, "seed": 3}):
        whole = drain(model.steps("the ", 20, **chance)).ids
        assert drain(model.steps("the ", 12, prefix=whole[:8], **chance)).ids == whole[8:]


def test_the_tiny_gpt_is_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_models, "_trained", {})
    events = list(trained("en", 5))
    assert isinstance(events[0], Progress) and events[0].stage == "train"
    model = events[-1].result
    assert isinstance(model, LetterGPT) and list(trained("en", 5))[-1].result is model
    assert len(model.generate("once ", 12)) == 12


def test_stopping_the_training_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_models, "_trained", {})
    stream = trained("en", 50)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert letter_models._trained == {} and letter_models._training.acquire(timeout=1)
    letter_models._training.release()


@pytest.mark.parametrize("prompt", ["", "  ", None, 7, "a" * 4001, "\u200d"])
def test_wrong_prompts(prompt: object) -> None:
    with pytest.raises(CoreError):
        counted("en").steps(prompt)  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"temperature": -1}, {"max_new_tokens": 0}, {"prefix": [10**6]}, {"top_p": "x"}])
def test_wrong_settings(settings: dict[str, object]) -> None:
    with pytest.raises(CoreError):
        counted("en").steps("a", **settings)  # type: ignore[arg-type]


def test_letters_never_seen_are_told_apart() -> None:
    assert counted("en").pieces(counted("en").next_token("한🙂").seen)[0].text == "▯"

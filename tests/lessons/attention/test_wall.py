"""The wall of heads: habits counted by hand on small maps, and the shipped maps of two real models."""

from __future__ import annotations

import doctest
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from core.data import attention_maps
from core.lessons.attention import choices, roles
from demos.attention import wall
from demos.kit import text

TOKENS, WORDS = ("<bos>", "to", "kki", "saw", "to", "kki"), (-1, 0, 0, 1, 2, 2)


def looking(at: list[int]) -> np.ndarray:
    """Each token looks at one place only."""
    return np.eye(len(TOKENS), dtype=np.float32)[at]


@pytest.mark.parametrize(
    ("at", "name", "strength"),
    [
        ([0, 0, 0, 0, 0, 0], "first", 1.0),
        ([0, 0, 1, 2, 3, 4], "previous", 1.0),  # rows 2 to 5: the first token is a place of its own
        ([0, 1, 2, 3, 4, 5], "self", 1.0),
        ([0, 0, 0, 0, 1, 2], "same", 1.0),
        ([0, 0, 0, 0, 0, 2], "first", 0.8),  # of two that could find the same token, one does: no more than chance
        ([0, 1, 0, 1, 0, 3], "mixed", 0.4 - 0.0),
    ],
)
def test_a_habit_is_what_takes_most_of_the_attention(at: list[int], name: str, strength: float) -> None:
    found = roles.role(looking(at), roles.cells(TOKENS, WORDS))
    if name == "mixed":
        assert found.all["first"] == pytest.approx(0.4) and found.all["self"] == pytest.approx(0.2)
        found = roles.role(looking(at) * 0.9, roles.cells(TOKENS, WORDS))
        assert found.name == "mixed" and found.strength == pytest.approx(0.36)
    else:
        assert (found.name, found.strength) == (name, pytest.approx(strength))


def test_earlier_pieces_of_a_word() -> None:
    where = roles.cells(("a", "b", "c", "d"), (0, 0, 0, 1))
    assert np.argwhere(where["word"]).tolist() == [[2, 0]]
    assert not where["same"].any()


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_shipped_maps_are_maps(lang: str) -> None:
    seen = attention_maps.load(lang)
    assert seen.model in choices.MODELS and len(seen.tokens) == len(seen.words) == seen.maps.shape[-1]
    np.testing.assert_allclose(seen.maps.sum(-1), 1, atol=2e-3)
    assert not np.triu(seen.maps, 1).any(), "nobody sees what comes later"
    assert "".join(seen.tokens).replace("<bos>", "") == seen.sentence
    names = {each.name for layer in roles.wall(seen.maps, seen.tokens, seen.words) for each in layer}
    assert {"first", "previous"} <= names
    assert doctest.testmod(attention_maps).failed == 0


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_click_opens_the_numbers(lang: str) -> None:
    seen, first = attention_maps.load(lang), wall.screen(lang, wall.opening(lang))
    layer, head, token = first["spot"]
    assert first["wall"]["chosen"] == [layer, head] and len(first["wall"]["cells"]) == seen.maps.shape[0]
    assert [chip["p"] for chip in first["chips"]["tokens"]] == pytest.approx(seen.maps[layer, head, token].tolist())
    other = wall.on_wall(lang, first["spot"], SimpleNamespace(row=1, col=2))
    assert other["spot"] == [1, 2, token] and other["numbers"]["cells"] != first["numbers"]["cells"]
    moved = wall.on_row(lang, other["spot"], SimpleNamespace(index=3))
    assert moved["spot"] == [1, 2, 3] == wall.on_number(lang, other["spot"], SimpleNamespace(row=3))["spot"]
    for wrong in (SimpleNamespace(row=99, col=0), SimpleNamespace(row=0.5, col=0), SimpleNamespace(row="x", col=0)):
        with pytest.raises(gr.Error):
            wall.on_wall(lang, None, wrong)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_film_shows_the_map_of_the_head_token_by_token(lang: str) -> None:
    film, seen = wall.screen(lang, [3, 1, 4])["flow"], attention_maps.load(lang)
    assert np.allclose(film["map"], seen.maps[3, 1], atol=1e-4)
    assert film["start"] == 4 * wall.FRAMES + wall.FRAMES - 1 and film["play"] != film["key"]
    assert len(film["labels"]) == wall.FRAMES * len(film["tokens"]) and len(film["captions"]) == len(film["tokens"])
    best = int(seen.maps[3, 1, 6, :7].argmax())
    assert f"‘{film['tokens'][best]}’ {seen.maps[3, 1, 6, best]:.1%}" in film["captions"][6]

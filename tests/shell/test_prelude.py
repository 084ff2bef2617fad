"""The first seconds of the lessons: every one moves by itself, and what moves begins or ends at the very first screen."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from core.errors import checking
from demos import CHAPTERS, kit
from demos.kit import prelude
from demos.kit.lesson import Room
from demos.kit.prelude import MOST_BYTES, packed, thinned

LESSONS = [slug for chapter in CHAPTERS for slug in chapter.lessons]
FILMS = {"attention", "convolution", "diffusion", "stable_diffusion"}  # their opening says ``play`` in its value


def built(slug: str) -> Room:
    with gr.Blocks():
        return importlib.import_module(f"demos.{slug}.page").LESSON.build("ko")


def asked(inputs: list[Any]) -> list[Any]:
    """What a browser sends of untouched controls."""
    values = [getattr(each, "value", None) for each in inputs]
    return [value["data"] if isinstance(value, dict) and "data" in value else value for value in values]


def plain(value: Any) -> Any:
    """Without grids (a moving one may be smaller), numbers to six digits, as JSON gives it back."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if name not in ("data", "w", "h")}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson_moves_and_rests_at_its_first_screen(slug: str) -> None:
    room = built(slug)
    if slug in FILMS:
        assert room.prelude is None
        return
    assert room.prelude is not None and room.opening is not None
    text = room.prelude.told(*asked(room.prelude.inputs))
    assert 0 < len(text) <= MOST_BYTES
    told = json.loads(text)
    stays = dict(zip(map(id, room.opening.outputs), room.opening.fn(*asked(room.opening.inputs)), strict=True))
    for place, view in enumerate(room.prelude.views):
        first, last = dict[str, Any](), dict[str, Any]()
        for frame in told["frames"]:
            fields = frame.get(str(place), {})
            first, last = fields | first, last | fields
        assert last and not {"caption", "alt"} & last.keys(), "words stay those of the opening"
        shown = {name: stays[id(view)].get(name) for name in last}
        assert plain(first if told["back"] else last) == plain(shown)
        assert plain(first) != plain(last) or told["frames"][1:], "something moves"


FORM, SCREEN = kit.Form(size=1), kit.Screen("picture", "words")
made: list[int] = []


@kit.handler
def on_prelude(lang: str, size: int) -> Iterator[kit.Update]:
    made.append(size)
    with checking() as check:
        check.whole("size", size, 1, 9)
    for k in range(size):
        yield SCREEN(picture={"at": k, "same": [1], "caption": str(k)}, words=str(k))


def prepared() -> prelude.Prelude:
    with gr.Blocks():
        desk = kit.Desk(kit.text.load("perceptron", "ko"), FORM, SCREEN)
        desk.put(size=gr.Number(1), picture=gr.HTML(), words=gr.Markdown())
        return desk.prelude(on_prelude, "picture", back=True)


def test_the_same_settings_are_computed_once_for_everybody() -> None:
    made.clear()
    told = prepared().told("ko", 3)
    assert json.loads(told) == {"back": True, "frames": [{"0": {"at": k}} for k in range(3)]}
    assert prepared().known("ko", 3) == told and prepared().known("ko", 4) is None and made == [3]


def test_what_a_visitor_got_wrong_is_told_by_the_opening_alone() -> None:
    assert prepared().told("ko", 10) == ""
    assert prepared().told("ko", 1) == "", "one picture does not move"


def test_a_kept_prelude_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prelude, "KEPT", 2)
    for size in (5, 6, 7):
        prepared().told("ko", size)
    assert prepared().known("ko", 5) is None and prepared().known("ko", 7)


def test_frames_that_are_too_large_are_not_sent() -> None:
    assert packed([{"0": {"x": "a" * MOST_BYTES}}, {"0": {"x": "b"}}]) == ""


def test_thinned_keeps_both_ends() -> None:
    assert thinned(list(range(100)), 5) == [0, 25, 50, 74, 99]
    assert thinned([1, 2], 5) == [1, 2]

"""What travels between lessons: the table the browser knows is what the lessons take, and whoever makes something says so."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
import pytest

from demos import CHAPTERS, kit
from demos.kit import text
from demos.shell import building, thread

SCREEN = kit.Screen("shelf", "said")


@kit.handler
def on_make(lang: str, wish: str) -> kit.Update:
    return SCREEN(said=wish) if wish == "nothing" else SCREEN(shelf=np.zeros((2, 2, 3), np.uint8))


@kit.handler
def on_words(lang: str, wish: str) -> str:
    return wish


@pytest.mark.parametrize(("to", "fn", "thing"), [(None, on_make, "picture"), ("shelf", on_words, "picture")])
def test_what_is_put_on_the_shelf_is_told_to_the_browser(to: Any, fn: Any, thing: str) -> None:
    with gr.Blocks():
        page = kit.Page(kit.new_shelf(), gr.HTML())
        with kit.building(page):
            desk = kit.Desk(text.load("pixels", "ko"), None, SCREEN)
            desk.put(shelf=kit.shelf(thing), said=gr.Textbox(), wish=gr.Textbox())
            call, _, outputs = desk.bound(fn, to)
            opened = desk.opening(fn, to)
    assert outputs[-1] is page.told and page.told not in opened.outputs  # nobody made what a first screen shows
    assert call("ko", "x")[-1] == {"lesson": "pixels", "things": [thing]}
    if fn is on_make:
        assert call("ko", "nothing") == [gr.skip(), "nothing", gr.skip()]


def test_the_browser_knows_every_lesson_that_takes_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRICT", "1")
    found: dict[str, list[str]] = {thing: [] for thing in kit.SHELF}
    for slug in (slug for chapter in CHAPTERS for slug in chapter.lessons):
        with gr.Blocks() as demo:
            page = kit.Page(kit.new_shelf(), thread.listener())
            with kit.building(page):
                building.safe_build(slug, "en")
            taken = thread.mark(dict(demo.fns), demo.blocks, page.shelf)
            held = {
                kind
                for block in demo.blocks.values()
                for kind in kit.SHELF
                if f"taste-takes-{kind}" in (getattr(block, "elem_classes", None) or [])
            }
        assert taken == held
        for thing in taken:
            found[thing].append(slug)
    assert found == {thing: list(places) for thing, places in thread.TAKES.items()}

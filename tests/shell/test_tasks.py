"""Tasks: three or more things to choose from, names of their own, and "show me" sets controls that the lesson really has."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import gradio as gr
import pytest

from demos import kit
from demos.kit import text
from demos.kit.tasks import band, nearest
from demos.shell import building, links

FIRST = ("ml_vs_dl", "perceptron", "gradient_descent", "activations", "hidden_layers", "backpropagation", "epochs")
LESSONS = (*FIRST, "sequential")


@pytest.mark.parametrize("slug", LESSONS)
def test_a_guess_is_no_coin_flip_and_the_answer_can_be_shown(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRICT", "1")
    items = importlib.import_module(f"demos.{slug}.tasks").TASKS
    assert all(len(item.choices) >= 3 for item in items)
    with gr.Blocks() as demo, kit.building(kit.Page(kit.new_shelf())):
        room = building.safe_build(slug, "en")
    runs = [block for block in demo.blocks.values() if isinstance(block, gr.Button) and block.variant == "primary"]
    for item in items:
        link = item.link(slug, "en", {"rate": 0.1})
        if not link:
            continue
        query = dict(parse_qsl(urlsplit(link).query))
        lesson, state = links.read_link(query)
        assert lesson == slug and state
        for name, value in state.items():
            assert links.admissible(room.controls[name], value), (name, value)
        assert item.press <= len(runs)
    asks = [block.value for block in demo.blocks.values() if isinstance(block, gr.Button)]
    named = [name for name in asks if str(name).startswith(text.load("common", "en")("tasks_run"))]
    assert len(set(named)) == len(named) == len(items)


def test_only_a_wrong_guess_is_shown() -> None:
    def settings(values: dict[str, Any]) -> dict[str, Any]:
        return {"epochs": values["total"]}

    item = kit.Task("count", ("9", "10", "12"), lambda: ("12", {"each": 4, "last": 100, "total": 12}), settings)
    said = {guess: kit.on_task("epochs", item, "en", guess) for guess in ("12", "9", None)}
    assert "?lesson=epochs" in said["9"] and "run=1" in said["9"]
    assert "?lesson=" not in said["12"] and "?lesson=" not in said[None]


def test_a_number_falls_into_its_range() -> None:
    assert [band(x, (0.65, 0.9), ("half", "most", "all")) for x in (0.5, 0.65, 0.7, 0.95)] == [
        "half",
        "half",
        "most",
        "all",
    ]
    assert [nearest(x, ("1", "0.001", "0.000000001")) for x in (0.9, 2e-3, 1e-12, 0.0)] == [
        "1",
        "0.001",
        "0.000000001",
        "0.000000001",
    ]

"""A page whose session was forgotten (a restart, an hour's break): every handler answers what it can, or one sentence.

And the models that visitors may name: on a public host only those of one list, at every event that takes a name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.helpers import special_args

from core.pretrained import catalog, fetch, resolve
from demos import CHAPTERS, kit
from demos.kit import text
from demos.shell import building
from tests import served

LESSONS = [slug for chapter in CHAPTERS for slug in chapter.lessons]
NAMES = ("name", "wish", "writer", "model", "which")  # parameters by which a visitor names a model to open


@functools.cache
def events(slug: str) -> list[Any]:
    with gr.Blocks() as demo, kit.building(kit.Page(kit.new_shelf())):
        building.safe_build(slug, "ko")
    return [event for event in demo.fns.values() if event.fn is not None]


def sent(component: Any) -> Any:
    """What the browser sends for an untouched component; the server has forgotten every state but the language."""
    if isinstance(component, gr.State):
        return component.value if component.value in text.LANGUAGES else None
    value = component.value
    return value["data"] if isinstance(component, gr.Dataframe) else value


def answer(event: Any, values: list[Any], data: Any = None) -> Any:
    """The first thing shown."""
    given, *_ = special_args(event.fn, list(values), None, gr.EventData(None, {} if data is None else data))
    shown = served.in_step(event.fn(*given))
    if not inspect.isgenerator(shown):
        return shown
    try:
        return next((each for each in shown if not skips(each)), None)
    finally:
        shown.close()


def skips(shown: Any) -> bool:
    parts = shown if isinstance(shown, list) else [shown]
    return all(isinstance(part, dict) and part == gr.skip() for part in parts)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def reach(*args: Any, **named: Any) -> Any:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(resolve, "_fetch", reach)
    monkeypatch.setattr(fetch, "hub_info", reach)


@pytest.mark.parametrize("slug", LESSONS)
def test_a_forgotten_state_is_no_error(slug: str) -> None:
    tried = 0
    for event in events(slug):
        if not any(isinstance(c, gr.State) and c.value not in text.LANGUAGES for c in event.inputs):
            continue
        tried += 1
        try:
            shown = answer(event, [sent(component) for component in event.inputs])
        except gr.Error as error:
            assert not error.print_exception and str(error.message), event.name
        else:
            if len(event.outputs) > 1 and shown is not None:
                assert isinstance(shown, list | tuple) and len(shown) == len(event.outputs), event.name
    assert tried or slug not in ("backpropagation", "stable_diffusion", "language_model")


def named(slug: str) -> list[tuple[Any, int]]:
    """Events that take the name of a model, and where it stands among their inputs."""
    found = []
    for event in events(slug):
        parameters = [name for name in inspect.signature(event.fn).parameters]
        found += [(event, parameters.index(name)) for name in NAMES if name in parameters[: len(event.inputs)]]
    return found


HOSTILE: tuple[Callable[[Path], Any], ...] = (
    lambda folder: str(folder),
    lambda folder: str(folder / "not there"),
    lambda folder: "someone/unlisted",
    lambda folder: "http://127.0.0.1:9/v1",
    lambda folder: {"a": 1},
    lambda folder: "../../etc",
    lambda folder: "\0",
)


@pytest.mark.parametrize("slug", ("language_model", "stable_diffusion", "multimodal", "attention"))
def test_strangers_open_listed_models_only(slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_PUBLIC", "1")
    monkeypatch.setenv("DL_CACHE", str(tmp_path / "cache"))
    here = tmp_path / ("private" * 9)  # longer than what a sentence repeats
    here.mkdir()
    (here / "config.json").write_text("{}")
    foreign = next(e.name for e in catalog.entries().values() if e.kind not in ("causal-lm", "diffusers", "image-text"))
    other = foreign if slug == "language_model" else catalog.models("causal-lm")[0].hub
    for event, at in named(slug):
        base = [sent(component) for component in event.inputs]
        told = []
        for hostile in HOSTILE if slug == "attention" else (*HOSTILE, lambda folder: other):
            try:
                answer(event, [*base[:at], hostile(here), *base[at + 1 :]])
            except gr.Error as error:
                assert not error.print_exception, event.name
                told.append(str(error.message))
        assert len(told) < 2 or told[0] == told[1], f"{event.name}: a folder's being there is told"

"""Inputs and outputs by name: what a handler gets and what becomes of its answer, as Gradio calls it."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.choices import Options, Range
from demos import kit
from demos.kit import text
from demos.kit.lesson import Opening

RATE, LOSS = Range(0, 1, default=0.5, step=0.1), Options(("mse", "mae"), "mae")
FORM = kit.Form(rate=RATE, loss=LOSS, rows=lambda: [[1, 2]])
SCREEN = kit.Screen("here", "said", "badge")


@dataclass(frozen=True)
class Config:
    rate: float = 9
    loss: str = "?"
    epochs: int = 3


@kit.handler
def on_run(lang: str, here: Any, form: kit.Values, loss: str, count: int = 2) -> Iterator[kit.Update]:
    for k in range(count):
        yield SCREEN(said=f"{lang} {loss} {form.rate} {k}")
    yield SCREEN(here=(here, form.rows))


@kit.handler
def on_touch(lang: str, rate: float, touch: gr.EventData) -> str:
    return f"{rate} {touch.x}"


@pytest.fixture
def desk() -> Iterator[kit.Desk]:
    t = text.load("common", "ko")
    with gr.Blocks():
        desk = kit.Desk(t, FORM, SCREEN)
        desk.put(rate=kit.slider(RATE), loss=gr.Radio(list(LOSS), value="mae"), rows=gr.Dataframe([[1, 2]]))
        desk.put(here=gr.State(None), said=gr.Textbox(), badge=gr.Textbox())
        yield desk


def test_values_come_in_and_go_out_by_name(desk: kit.Desk) -> None:
    call, inputs, outputs = desk.bound(on_run)
    assert inputs == [desk.language, desk.here, desk.rate, desk.loss, desk.rows]
    assert outputs == [desk.here, desk.said, desk.badge]
    answers = list(call("ko", "H", 0.1, "mse", [[7, 8]]))
    assert answers[0] == [gr.skip(), "ko mse 0.1 0", gr.skip()] and len(answers) == 3
    assert answers[-1] == [("H", [[7, 8]]), gr.skip(), gr.skip()]
    assert len(list(desk.bound(on_run, count=5)[0]("ko", None, 0.1, "mse", []))) == 6


def test_the_event_of_the_browser_comes_last(desk: kit.Desk) -> None:
    call, inputs, outputs = desk.bound(on_touch, "said")
    assert inputs == [desk.language, desk.rate] and outputs == [desk.said]
    assert call("ko", 0.3, gr.EventData(None, {"x": 4})) == "0.3 4"


def test_stop_closes_the_run_itself(desk: kit.Desk) -> None:
    closed = []

    def on_long(lang: str) -> Iterator[kit.Update]:
        try:
            while True:
                yield SCREEN(said="…")
        finally:
            closed.append(True)

    stream = desk.bound(on_long)[0]("ko")
    next(stream)
    stream.close()
    assert closed


def test_unknown_names_raise(desk: kit.Desk) -> None:
    def on_wrong(lang: str, nothing: Any) -> None: ...

    def on_beyond(lang: str) -> kit.Update:
        return SCREEN(badge="x")

    for wrong in (
        lambda: SCREEN(sayd=1),
        lambda: FORM.values(rat=1),
        lambda: desk.bound(on_wrong),
        lambda: desk.bound(on_beyond, "said")[0]("ko"),
        lambda: desk.put(rate=gr.Number()),
        lambda: FORM.values().read(Config, epoch=1),
    ):
        with pytest.raises(KeyError):
            wrong()
    with pytest.raises(AttributeError, match="rate, loss, rows"):
        _ = FORM.values().rats
    with pytest.raises(AttributeError, match="nothing called 'plane'"):
        _ = desk.plane


def test_a_config_is_read_by_its_fields() -> None:
    assert FORM.values(rate=1.0).read(Config, epochs=7) == Config(1, "mae", 7)
    assert FORM.values().loss == "mae" and dict(FORM.values())["rows"] == [[1, 2]]


def test_an_opening_is_the_same_call(desk: kit.Desk) -> None:
    opening = desk.opening(on_run, "said", count=1)
    assert isinstance(opening, Opening) and opening.outputs == [desk.said]


def test_ranges_and_options_have_their_own_default() -> None:
    for wrong in (lambda: Range(0, 1, default=2), lambda: Options(("a",), "b")):
        with pytest.raises(ValueError, match="default"):
            wrong()


def test_values_travel_to_another_process() -> None:
    values = FORM.values(rate=0.25)
    assert dict(pickle.loads(pickle.dumps(values))) == dict(values)


def test_a_gpu_is_borrowed_on_a_space_only(monkeypatch: pytest.MonkeyPatch) -> None:
    lent: list[Any] = []
    space = SimpleNamespace(GPU=lambda duration: lambda fn: lent.append((fn, duration)) or "lent")
    monkeypatch.setitem(sys.modules, "spaces", space)  # type: ignore[arg-type]
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert kit.gpu(on_run) is on_run and not lent
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert kit.gpu(on_run) == "lent" and lent[0][0] is on_run
    monkeypatch.setitem(sys.modules, "spaces", None)  # type: ignore[arg-type]
    assert kit.gpu(on_run) is on_run

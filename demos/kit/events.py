"""How events run: which line they stand in, how often a live run draws, how long it may take; buttons held down."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import gradio as gr

from demos.kit.waiting_line import Line

FRAME_SECONDS = 0.12  # between two pictures of a live run: about eight a second


RUN_SECONDS = 120  # wall-clock bound of one press of a button


# Event settings. RUN: a training run, in the line CPU. TALK: stands in the line of the LLM and is told its place.
# LIGHT: a slider or hover, answered at once, the last value wins. Gradio holds nobody back: the lines do, and say so.
RUN: dict[str, Any] = {"concurrency_id": "cpu", "concurrency_limit": None, "show_progress": "hidden"}


DRAW: dict[str, Any] = RUN | {"concurrency_id": "draw"}  # with Stable Diffusion, whose passes visitors share
FETCH: dict[str, Any] = RUN | {"concurrency_id": "fetch"}  # a model, from the network


TALK: dict[str, Any] = {"concurrency_id": "llm", "concurrency_limit": None, "show_progress": "hidden"}


LIGHT: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "trigger_mode": "always_last"}


PRIVATE: dict[str, Any] = {"api_visibility": "private"}


PLACES = max(2, min(4, os.cpu_count() or 2))  # more would only wait for each other
CPU = Line(places=PLACES, most=60, turn=0.5)  # whatever trains because somebody pressed a button
CODE = Line(places=2, most=60)  # programs whose run must be made first
OPENING = Line(places=4, most=200)  # first screens
# They share the passes of the network, but llama.cpp, where it is installed, answers one at a time.
LLM = Line(places=1 if importlib.util.find_spec("xllamacpp") else 8, most=40)
LINES = {"cpu": CPU, "draw": Line(places=8, most=60), "fetch": Line(places=2, most=20)}  # by concurrency_id


def hold(button: gr.Button, *others: gr.Button) -> None:
    """Call before the button's run is wired: pressed, it and ``others`` stay down until ``free`` lets them go.

    The browser drops a click on a button whose run has not ended, also while Stop is on its way to the server; and a
    run begun meanwhile is cancelled by that Stop if it is one of those it cancels.
    """
    down = "{__type__: 'update', interactive: false}"
    js = f"() => [{', '.join([down] * (1 + len(others)))}]" if others else f"() => ({down})"
    button.click(None, None, [button, *others], js=js, **PRIVATE)


def free(button: gr.Button, *runs: Any) -> None:
    """The button can be pressed again as soon as one of ``runs`` has ended, failed, or been stopped."""
    for run in runs:
        for listen in (run.then, run.failure):
            listen(None, None, button, js="() => ({__type__: 'update', interactive: true})", **PRIVATE)

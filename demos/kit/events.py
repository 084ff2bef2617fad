"""How events run: which line they stand in, how often a live run draws, how long it may take; buttons held down."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos.kit.waiting_line import Line

FRAME_SECONDS = 0.12  # between two pictures of a live run: about eight a second


RUN_SECONDS = 120  # wall-clock bound of one press of a button


# Event settings. RUN: a training run. TALK: stands in the line of the LLM and is told its place.
# LIGHT: a slider or hover, answered at once, the last value wins.
RUN: dict[str, Any] = {"concurrency_id": "cpu", "concurrency_limit": 4, "show_progress": "hidden"}


TALK: dict[str, Any] = {"concurrency_id": "llm", "concurrency_limit": None, "show_progress": "hidden"}


LIGHT: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "trigger_mode": "always_last"}


PRIVATE: dict[str, Any] = {"api_visibility": "private"}


LLM = Line()  # one answer at a time has all cores; the others of this server see how many come first


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

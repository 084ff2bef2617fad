"""One truth on a screen: what a run computed turns grey as soon as a setting it was computed from is changed by hand.

Read off Gradio's own table of events, so that it holds for every lesson: a setting is an input of a run (an event in the
line "cpu"), and what it leaves behind are the run's outputs, except those that the change itself writes anew. They are
whole again when an event that writes them begins; what no run has written yet stays as it is.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos.kit.events import PRIVATE, RUN

LOOKS = {"pace", "click", "show_test", "discrete", "log", "library", "layer"}  # how it is shown, not what
HELD = (gr.State, gr.Button, gr.Timer, gr.Column, gr.Row, gr.Accordion)
QUIET: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}


def watch(events: dict[int, Any], controls: dict[str, Any]) -> dict[str, set[int]]:
    """Wire it for the events of one lesson; returns which blocks each control makes grey."""
    settings = {control._id: name for name, control in controls.items()}
    runs = [event for event in events.values() if event.concurrency_id == RUN["concurrency_id"]]
    results = {
        block._id: block for run in runs for block in run.outputs if not (isinstance(block, HELD) or _unseen(block))
    }
    results = {number: block for number, block in results.items() if number not in settings}
    left: dict[str, set[int]] = {}
    for number, name in settings.items():
        if name in LOOKS or not hasattr(controls[name], "input"):
            continue
        computed = {b._id for run in runs for b in run.outputs if number in {i._id for i in run.inputs}}
        grey = (computed & results.keys()) - _written(events, number)
        if not grey:
            continue
        left[name] = grey
        controls[name].input(None, None, None, js=f"() => {{ taste.grey({sorted(grey)}); return []; }}", **QUIET)
    shown = set[int]().union(*left.values())
    for number in shown:
        results[number].elem_classes = [*(results[number].elem_classes or []), f"taste-b{number}"]
    for event in events.values():
        written = shown & {block._id for block in event.outputs}
        begins = [target for target in event.targets if target[0] is not None and target[1] not in ("then", "tick")]
        if written and event.fn is not None and begins:
            ran = str(event in runs).lower()
            js = f"() => {{ taste.whole({sorted(written)}, {ran}); return []; }}"
            for number, name in begins:
                if (block := _block(number)) is not None:
                    getattr(block, name)(None, None, None, js=js, **QUIET)
    return left


def _unseen(block: Any) -> bool:
    return "taste-door" in (block.elem_classes or [])


def _block(number: int) -> Any:
    from gradio.context import get_blocks_context

    config = get_blocks_context()
    return config.blocks.get(number) if config else None


def _written(events: dict[int, Any], number: int) -> set[int]:
    """The blocks that a change of a control writes, at once or by what follows from it."""
    chain = [key for key, event in events.items() if any(target[0] == number for target in event.targets)]
    found: set[int] = set()
    while chain:
        key = chain.pop()
        found |= {block._id for block in events[key].outputs}
        chain += [other for other, event in events.items() if event.trigger_after == key and other not in chain]
    return found

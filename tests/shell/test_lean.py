"""The short way of a frame to the browser: the client rebuilds what was sent, and it is what Gradio's own way gives."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from demos.shell.lean import Lean, changes

apply_diff = pytest.importorskip("gradio_client.utils").apply_diff


def grown(dice: random.Random, depth: int = 3) -> Any:
    """Some JSON."""
    kind = dice.choice(("dict", "list", "long", "text", "number") if depth else ("text", "number", "none"))
    if kind == "dict":
        return {name: grown(dice, depth - 1) for name in dice.sample("abcde", dice.randint(0, 4))}
    if kind in ("list", "long"):
        return [
            grown(dice, depth - 1) for _ in range(dice.choice((1, 3, 20)) if kind == "long" else dice.randint(0, 4))
        ]
    if kind == "text":
        return "x" * dice.randint(0, 3) + dice.choice(("", "y"))
    return None if kind == "none" else dice.randint(0, 3)


def test_the_client_makes_the_new_value_of_the_old_one() -> None:
    dice = random.Random(0)
    for _ in range(3000):
        old, new = grown(dice), grown(dice)
        assert apply_diff(old, json.loads(json.dumps(changes(old, new)))) == new
    curve = [[n, n * n] for n in range(500)]
    edits = changes({"y": curve, "name": "loss"}, {"y": [*curve, [500, 1]], "name": "loss"})
    assert edits == [["add", ["y", 500], [500, 1]]], "a curve that grows is not sent again"


def frames(kind: type[gr.Blocks]) -> list[Any]:
    """What a browser would get of a run, and what the session keeps."""

    def run() -> Iterator[list[Any]]:
        for n in range(3):
            shown = {"y": list(range(n)), "caption": "x" * n}
            yield [shown, f"  step {n}", n, gr.update(visible=n > 1) if n else gr.skip(), n / 2]

    with kind() as demo:
        kept, moving, count = gr.State(), gr.HTML(), gr.Number()
        outputs = [moving, gr.Markdown(), kept, gr.HTML(), count]
        demo.load(run, None, outputs)
    (event,) = demo.fns.values()

    async def whole() -> list[Any]:
        from gradio.state_holder import SessionState

        session, iterator, sent = SessionState(demo), None, []
        while True:
            named = {"session_hash": "s", "event_id": "e", "iterator": iterator, "root_path": "http://here"}
            answer = await demo.process_api(event, [], session, **named)
            sent.append(answer["data"])
            iterator = answer["iterator"]
            if not answer["is_generating"]:
                return [*sent, session[kept._id], session.config_values[moving._id]["props"]["value"]]

    return asyncio.run(whole())


def test_a_run_is_sent_as_gradio_sends_it() -> None:
    lean, usual = frames(Lean), frames(gr.Blocks)
    assert lean[0] == usual[0] and lean[3:] == usual[3:], "the first frame, the end, and what is kept"
    shown = [list(lean[0]), list(usual[0])]
    for mine, theirs in zip(lean[1:3], usual[1:3], strict=True):
        shown = [list(map(apply_diff, *each)) for each in ((shown[0], mine), (shown[1], theirs))]
        assert shown[0] == shown[1]
    assert shown[0][0] == {"y": [0, 1], "caption": "xx"} and shown[0][1] == "step 2"


def test_changes_of_a_state_are_still_heard() -> None:
    with Lean() as demo:
        heard, unheard = gr.State(0), gr.State(0)
        demo.load(lambda: (1, 1), None, [heard, unheard])
        heard.change(lambda: None)
    from gradio.state_holder import SessionState

    answer = asyncio.run(demo.process_api(demo.fns[0], [], SessionState(demo)))
    assert answer["changed_state_ids"] == [heard._id]


def test_runs_make_way_for_handlers_that_answer_at_once() -> None:
    from core import events

    seen: dict[str, int] = {}

    def at_once(value: str) -> str:
        seen["at once"] = len(events._short)
        return value

    def stream(value: str) -> Iterator[str]:
        seen["stream"] = len(events._short)
        yield value

    with Lean() as demo:
        box = gr.Textbox()
        for handler in (at_once, stream):
            box.submit(handler, box, box)
    for number in range(2):
        asyncio.run(demo.process_api(number, ["a"]))
    assert seen == {"at once": 1, "stream": 0} and not events._short

"""What a frame of a run costs the server: Gradio's way to the browser, without what a plain value does not need.

The event loop of one process carries every visitor's frames, beside the training on the same cores. Gradio hands each output
to a thread and back, looks through it three times for files, compares it with the last one element by element, and looks
for listeners among all events. An HTML or Markdown value is plain JSON: it takes the short way here. (Gradio 6.31.) Runs make
way for handlers that answer at once.
"""

from __future__ import annotations

import copy
from typing import Any

import gradio as gr
from gradio.components import _Keywords

from core.events import short_work

PLAIN = (gr.HTML, gr.Markdown, gr.State)  # their values are sent as they are
NO_FILES = (*PLAIN, gr.Timer, gr.Number, gr.Slider, gr.Dropdown, gr.Radio, gr.Checkbox, gr.Textbox, gr.Column)
SHORT = 16  # longer lists are compared as a whole


class Lean(gr.Blocks):
    """``gr.Blocks`` with shorter ways for plain outputs; everything else goes Gradio's."""

    async def process_api(self, block_fn: Any, *given: Any, **named: Any) -> dict[str, Any]:
        event = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        if not event.renderable and all(isinstance(block, NO_FILES) for block in event.outputs):
            named["root_path"] = None  # else all values are searched for files to complete their addresses
        if event.types_generator:
            return await super().process_api(block_fn, *given, **named)
        with short_work():
            return await super().process_api(block_fn, *given, **named)

    def get_state_ids_to_track(self, block_fn: Any, state: Any) -> tuple[list[int], list[Any]]:
        """None where no event listens to a state, which is looked up once a table of events."""
        if state is None or not any(block.stateful for block in block_fn.outputs):
            return [], []
        events = state.blocks_config.fns
        seen = (len(events), next(reversed(events), None))  # an event that is built anew has a new number
        known: tuple[Any, frozenset[int]] = getattr(state, "listened_to", (None, frozenset()))
        if known[0] != seen:
            targets = [target for event in list(events.values()) for target in event.targets]
            known = (seen, frozenset(block for block, name in targets if name == "change"))
            state.listened_to = known
        if not any(block.stateful and block._id in known[1] for block in block_fn.outputs):
            return [], []
        return super().get_state_ids_to_track(block_fn, state)

    def handle_streaming_diffs(
        self, block_fn: Any, data: list[Any], session_hash: Any, run: Any, final: bool, simple_format: bool = False
    ) -> list[Any]:
        streams = self.pending_diff_streams[session_hash] if session_hash is not None else {}
        last = streams.get(run)
        if final or simple_format or last is None or len(last) != len(data):
            return super().handle_streaming_diffs(block_fn, data, session_hash, run, final, simple_format)
        edits = [changes(old, new) for old, new in zip(last, data, strict=True)]
        streams[run] = list(data)
        return edits

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        outputs = block_fn.outputs
        values = [predictions] if len(outputs) == 1 else predictions
        if state is None or block_fn.is_validator_function or not isinstance(values, list | tuple):
            return await super().postprocess_data(block_fn, predictions, state)
        short = [_plain(block, value) for block, value in zip(outputs, values, strict=False)]
        if len(values) != len(outputs) or not any(short):
            return await super().postprocess_data(block_fn, predictions, state)
        others = iter(())
        if not all(short):
            part, left = copy.copy(block_fn), [value for value, plain in zip(values, short, strict=True) if not plain]
            part.outputs = [block for block, plain in zip(outputs, short, strict=True) if not plain]
            others = iter(await super().postprocess_data(part, left if len(left) > 1 else left[0], state))
        pairs = zip(outputs, values, short, strict=True)
        return [_kept(block, value, state) if plain else next(others) for block, value, plain in pairs]


def _plain(block: Any, value: Any) -> bool:
    """Whether the value is one, and nothing that changes the component."""
    update = isinstance(value, gr.blocks.Block) or (isinstance(value, dict) and "__type__" in value)
    return isinstance(block, PLAIN) and not update and value is not _Keywords.FINISHED_ITERATING


def _kept(block: Any, value: Any, state: Any) -> Any:
    """What the browser gets. The session remembers it, as with Gradio."""
    if block.stateful:
        state[block._id] = value
        return None
    shown = block.postprocess(value)
    if block._id not in state:
        state[block._id] = block
    state._update_value_in_config(block._id, shown)
    return shown


def changes(old: Any, new: Any) -> list[list[Any]]:
    """The edits ``[what, path, value]`` that make ``new`` of ``old``, as Gradio's client applies them.

    >>> changes({"a": [1, 2], "b": "x"}, {"a": [1, 2, 3], "b": "xy"})
    [['add', ['a', 2], 3], ['append', ['b'], 'y']]
    """
    edits: list[list[Any]] = []
    _compare(old, new, [], edits)
    return edits


def _compare(old: Any, new: Any, path: list[Any], edits: list[list[Any]]) -> None:
    if old is new or old == new:
        return
    if type(old) is not type(new):
        edits.append(["replace", path, new])
    elif isinstance(new, str) and new.startswith(old):
        edits.append(["append", path, new[len(old) :]])
    elif isinstance(new, dict):
        edits += [["delete", [*path, key], None] for key in old if key not in new]
        for key, value in new.items():
            if key in old:
                _compare(old[key], value, [*path, key], edits)
            else:
                edits.append(["add", [*path, key], value])
    elif isinstance(new, list) and 0 < len(old) < len(new) and new[: len(old)] == old:
        edits += [["add", [*path, n], new[n]] for n in range(len(old), len(new))]
    elif isinstance(new, list) and len(old) == len(new) <= SHORT:
        for n, (before, now) in enumerate(zip(old, new, strict=True)):
            _compare(before, now, [*path, n], edits)
    else:
        edits.append(["replace", path, new])

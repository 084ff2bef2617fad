"""What the function of every view makes: a gr.HTML that its script draws into.

Functions, not subclasses: gradio writes a .pyi file beside every module that subclasses a component.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

# By any other signal the finger drags instead of scrolling.
CLICKS = {"place", "erase", "unit", "weight", "edit", "shape", "pick"}


def view(
    kind: str,
    signals: tuple[str, ...],
    value: Any = None,
    *,
    height: int = 300,  # pixels
    square: int | None = None,  # a square at most this wide instead of ``height``
    can: tuple[str, ...] = (),  # signals the learner may send here
    **layout: Any,  # visible, elem_id, scale …
) -> gr.HTML:
    unknown = set(can) - set(signals)
    if unknown:
        raise ValueError(f"{kind} has no event {sorted(unknown)}; it has {signals}")
    quoted = ", ".join(f"'{name}'" for name in signals)  # gradio finds custom events by their quoted names
    return gr.HTML(
        value,
        html_template=f"<div class='taste taste-{kind}'{' data-drag' if set(can) - CLICKS else ''}></div>",
        js_on_load=f"taste.mount('{kind}', element, props, trigger, watch, [{quoted}]);",
        apply_default_css=False,
        elem_classes="taste-view",
        height=0 if square else height,
        square=square,
        can=list(can),
        **layout,
    )


def is_view(block: Any) -> bool:
    return "taste-view" in (getattr(block, "elem_classes", None) or ())

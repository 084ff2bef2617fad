"""The parts every lesson is made of: header, run buttons, badge, tasks, code panel, share link, error toasts.

Layout and wiring only. A handler is a module-level function whose first argument is the language
(a ``gr.State``, so it is neither in the API's parameters nor shared between visitors).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import views
from demos.kit import text
from demos.kit.events import CODE, LIGHT, PRIVATE
from demos.kit.form import Desk, Screen
from demos.kit.page import shelf

MATH = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]


def markdown(words: str, **kwargs: Any) -> gr.Markdown:
    return gr.Markdown(words, latex_delimiters=MATH, **kwargs)


def header(t: text.Text) -> gr.State:
    """Title, lead and the one thing to do first. Returns the language as a State, first input of every handler."""
    with gr.Row(elem_classes="taste-head", equal_height=False):
        markdown(f"## {t.title}\n\n{t.lead}", elem_classes="taste-lead")
        markdown(t("first"), elem_classes="taste-first")
    return gr.State(t.lang)


def badge(**layout: Any) -> gr.Markdown:
    """The honest label: what computed the picture, its size, where and how long."""
    return markdown("", elem_classes="taste-badge", **layout)


def badge_text(
    t: text.Text,
    *,
    source: str,
    parameters: int | None = None,
    seconds: float | None = None,
    device: str | None = None,
    loss: float | None = None,
) -> str:
    """``source`` is a key below ``source.``: trained_now, computed_now, shipped, fetched."""
    parts = [f"**{t(f'source.{source}')}**"]
    if parameters is not None:
        parts.append(t("badge.parameters", count=f"{parameters:,}"))
    if device:
        parts.append(device)
    if seconds is not None:
        parts.append(t("badge.seconds", seconds=f"{seconds:.2f}"))
    if loss is not None:  # with the digits that the exported script must reproduce
        parts.append(t("badge.loss", loss=f"{loss:.9g}"))
    return " · ".join(parts)


def why_stopped(t: text.Text, why: str | None, learning_rate: float) -> str:
    """One sentence when a run ended early; nothing when it ended by itself."""
    return " · " + t(f"why.{why}", rate=learning_rate) if why else ""


@dataclass(frozen=True)
class Buttons:
    run: gr.Button
    step: gr.Button | None
    stop: gr.Button
    reset: gr.Button


def buttons(t: text.Text, run: str, step: str | None = None) -> Buttons:
    """Run, optional single step, Stop, Reset. Labels are keys of the lesson's strings."""
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t(run), variant="primary", min_width=110)
        one = gr.Button(t(step), min_width=90) if step else None
        halt = gr.Button(t("stop"), variant="stop", min_width=80)
        back = gr.Button(t("reset"), min_width=80)
    return Buttons(go, one, halt, back)


REPLAY = ("play", "pause", "time", "back", "forward", "speed", "loop", "note", "none")


def replay(t: text.Text) -> gr.HTML:
    """The bar that plays a run again: views with ``reel=True`` follow it, markdown of the class taste-live turns pale."""
    return views.replay(words={name: t(f"replay.{name}") for name in REPLAY}, reel=False)


def code_panel(desk: Desk, file_name: str, fn: Callable[..., str], also: tuple[Any, ...] = ()) -> None:
    """ "코드 보기": the script that makes this very result; ``fn`` writes it when the panel is opened (``also``: or then).

    It may have to make the run first: in a line of its own, and closing the panel stops it.
    """
    t = desk.t
    with gr.Accordion(t("code_title"), open=False) as panel:
        markdown(t("code_hint"))
        words = {name: t(f"code_{name}") for name in ("copy", "copied", "save")}
        code = views.script(name=file_name, words=words)
        again = gr.Button(t("code_again"), size="md")
    call, inputs, _ = desk.bound(fn, (), CODE)
    writing = [listen(call, inputs, code, **LIGHT, **PRIVATE) for listen in (panel.expand, again.click, *also)]
    panel.collapse(None, cancels=writing, **PRIVATE)


def share(t: text.Text, controls: dict[str, Any]) -> None:
    """A link that restores these controls (see ``gallery.restore``), made and copied in the browser."""
    with gr.Row(elem_classes="taste-buttons"):
        button = gr.Button(t("share"), size="md", min_width=120, scale=0)
        link = gr.Textbox(
            label=t("share"),  # for screen readers
            show_label=False,
            placeholder=t("share_hint"),
            interactive=False,
            container=False,
            elem_classes="taste-link",
        )
    left = markdown("")
    told = json.dumps(t("share_left"))
    script = f"(...values) => taste.share({json.dumps(t.lesson)}, {json.dumps(list(controls))}, values, {told})"
    button.click(None, list(controls.values()), [link, left], js=script, **PRIVATE)


def keep(desk: Desk, button: gr.Button, words: Any) -> None:
    """The button puts the words of a box on the shelf, for other lessons."""
    own = Desk(desk.t, None, Screen("shelf"), desk.language)
    own.put(words=words, shelf=shelf("prompt"))
    own.on(button.click, _words)


def _words(lang: str, words: str) -> str:
    return words


def story(t: text.Text) -> None:
    markdown(t.story, elem_classes="taste-story")

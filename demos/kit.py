"""The parts every lesson is made of: header, run buttons, badge, tasks, code panel, share link, error toasts.

Layout and wiring only. A handler is a module-level function whose first argument is the language
(a ``gr.State``, so it is neither in the API's parameters nor shared between visitors).
"""

from __future__ import annotations

import functools
import inspect
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.errors import Check, CoreError
from core.events import Done
from core.waiting_line import Line
from demos import text, views

MATH = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]
FRAME_SECONDS = 0.12  # between two pictures of a live run: about eight a second
RUN_SECONDS = 120  # wall-clock bound of one press of a button

# Event settings. RUN: a training run. TALK: stands in the line of the LLM and is told its place.
# LIGHT: a slider or hover, answered at once, the last value wins.
RUN: dict[str, Any] = {"concurrency_id": "cpu", "concurrency_limit": 4, "show_progress": "hidden"}
TALK: dict[str, Any] = {"concurrency_id": "llm", "concurrency_limit": None, "show_progress": "hidden"}
LIGHT: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "trigger_mode": "always_last"}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}

LLM = Line()  # one answer at a time has all cores; the others of this server see how many come first


@dataclass
class Page:
    """The page being built: its shelf carries things from lesson to lesson; only one page names its endpoints."""

    shelf: dict[str, gr.State]
    public: bool = False


SHELF = ("model", "picture", "prompt")  # what one lesson makes and another takes


def new_shelf() -> dict[str, gr.State]:
    return {thing: gr.State(None) for thing in SHELF}


_PAGE: ContextVar[Page | None] = ContextVar("page", default=None)


@contextmanager
def building(page: Page) -> Iterator[Page]:
    token = _PAGE.set(page)
    try:
        yield page
    finally:
        _PAGE.reset(token)


def shelf(thing: str) -> gr.State:
    """What travels between lessons ("model", "picture", "prompt"): a state of the page, one per visitor."""
    page = _PAGE.get()
    return page.shelf[thing] if page and thing in page.shelf else gr.State(None)


def api(name: str) -> dict[str, Any]:
    """A named endpoint, on the page that holds the endpoints; the same event is private glue on the others."""
    page = _PAGE.get()
    return {"api_name": name} if page and page.public else PRIVATE


class Sent:
    """What came with an event of a view. A raw call may leave anything out: that is None, which ``number`` refuses."""

    def __init__(self, event: gr.EventData) -> None:
        self._data = event._data if isinstance(event._data, dict) else {}

    def __getattr__(self, name: str) -> Any:
        return self._data.get(name)


def handler(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a CoreError as one translated sentence. Anything else is a bug and stays a traceback in the log."""

    def read(args: tuple[Any, ...]) -> list[Any]:
        return [Sent(arg) if type(arg) is gr.EventData else arg for arg in args]

    def told(lang: str, error: CoreError) -> gr.Error:
        t = text.load("common", lang)
        return gr.Error(t.error(error), title=t("check_this"), print_exception=False, duration=8)

    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def stream(lang: str, *args: Any) -> Iterator[Any]:
            try:
                yield from fn(lang, *read(args))
            except CoreError as error:
                raise told(lang, error) from error

        return stream

    @functools.wraps(fn)
    def call(lang: str, *args: Any) -> Any:
        try:
            return fn(lang, *read(args))
        except CoreError as error:
            raise told(lang, error) from error

    return call


def markdown(words: str, **kwargs: Any) -> gr.Markdown:
    return gr.Markdown(words, latex_delimiters=MATH, **kwargs)


def header(t: text.Text) -> gr.State:
    """Title, lead and the one thing to do first. Returns the language as a State, first input of every handler."""
    markdown(f"## {t.title}\n\n{t.lead}", elem_classes="taste-lead")
    markdown(t("first"), elem_classes="taste-first")
    return gr.State(t.lang)


def badge() -> gr.Markdown:
    """The honest label: what computed the picture, its size, where and how long."""
    return markdown("", elem_classes="taste-badge")


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


def whole(value: Any) -> Any:
    """A slider's 5.0 as 5; anything else is left for the config to refuse with a sentence."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number(value: Any, name: str = "value") -> float:
    """A number sent by the browser: finite, or a sentence."""
    check = Check()
    check.between(name, value, -1e12, 1e12)
    check.done()
    return float(value)


def quote(words: Any, most: int = 200) -> str:
    """A visitor's words inside Markdown, as they are: no tag, no emphasis, no table cell, no formula."""
    words = str(words).replace("\n", " ")
    words = words if len(words) <= most else words[: most - 1] + "…"
    return "".join(sign if sign.isalnum() or sign == " " or not sign.isascii() else f"&#{ord(sign)};" for sign in words)


def paced(events: Iterator[Any], seconds: float) -> Iterator[Any]:
    """Let a run be watched: at least ``seconds`` between two events. Closing it closes the run."""
    with closing(events):  # type: ignore[type-var]
        for event in events:
            yield event
            if seconds and not isinstance(event, Done):
                time.sleep(seconds)


def settled(stream: Iterator[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Run a handler's stream to its end: for each output, the last value that was not a skip."""
    last: list[Any] = []
    for values in stream:
        pairs = zip(last or values, values, strict=True)  # a value may be an array: compare dicts only
        last = [old if isinstance(new, dict) and new == gr.skip() else new for old, new in pairs]
    return tuple(last)


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


@dataclass(frozen=True)
class Task:
    """A question to predict, then run: ``answer()`` computes (the right choice, values of the sentence saying why).

    Words, in the lesson's strings: ``tasks.<name>.question``, ``.choices.<choice>`` and ``.answer``.
    """

    name: str
    choices: tuple[str, ...]
    answer: Callable[[], tuple[str, dict[str, Any]]]


def tasks(t: text.Text, items: tuple[Task, ...]) -> None:
    """Predict, then run: each answer is computed at the press of the button, by core."""
    markdown(f"### {t('tasks_title')}\n{t('tasks_hint')}")
    with gr.Row(equal_height=False):
        for item in items:
            with gr.Column(min_width=280):
                with gr.Group():
                    guess = gr.Radio(
                        t.choices(f"tasks.{item.name}.choices", item.choices), label=t(f"tasks.{item.name}.question")
                    )
                    check = gr.Button(t("tasks_run"), size="md")
                said = markdown("", min_height=24, elem_classes="taste-answer")
                ask = functools.partial(on_task, t.lesson, item)
                check.click(ask, [gr.State(t.lang), guess], said, **(RUN | {"show_progress": "minimal"}), **PRIVATE)


def on_task(lesson: str, item: Task, lang: str, guess: str | None) -> str:
    """Compute the answer of a task and say whether the guess was right."""
    t = text.load(lesson, lang)
    try:
        truth, values = item.answer()
    except CoreError as error:
        return t.error(error)
    verdict = t("tasks_no_guess") if guess is None else t("tasks_right") if guess == truth else t("tasks_wrong")
    return f"{verdict} **{t(f'tasks.{item.name}.choices.{truth}')}** — {t(f'tasks.{item.name}.answer', **values)}"


def code_panel(
    t: text.Text, file_name: str, fn: Callable[..., str], inputs: list[Any], also: tuple[Any, ...] = ()
) -> None:
    """ "코드 보기": the script that makes this very result; ``fn`` writes it when the panel is opened (``also``: or then)."""
    with gr.Accordion(t("code_title"), open=False) as panel:
        markdown(t("code_hint"))
        words = {name: t(f"code_{name}") for name in ("copy", "copied", "save")}
        code = views.script(name=file_name, words=words)
        again = gr.Button(t("code_again"), size="md")
    for listen in (panel.expand, again.click, *also):
        listen(fn, inputs, code, **LIGHT, **PRIVATE)


def share(t: text.Text, controls: dict[str, Any]) -> None:
    """A link that restores these controls (see ``gallery.restore``), made and copied in the browser."""
    with gr.Row(elem_classes="taste-buttons"):
        button = gr.Button(t("share"), size="md", min_width=120, scale=0)
        link = gr.Textbox(
            show_label=False, placeholder=t("share_hint"), interactive=False, container=False, elem_classes="taste-link"
        )
    script = f"(...values) => taste.share({json.dumps(t.lesson)}, {json.dumps(list(controls))}, values)"
    button.click(None, list(controls.values()), link, js=script, **PRIVATE)


def story(t: text.Text) -> None:
    markdown(t.story, elem_classes="taste-story")

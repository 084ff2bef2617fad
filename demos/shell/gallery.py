"""The gallery: a front door, lessons as tabs, one page per language, share links, and the server's settings."""

from __future__ import annotations

import copy
import functools
import gc
import importlib.util
import json
import os
import sys
import threading
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio: nothing is reported to anyone
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))  # else a table of all events after every event


if importlib.util.find_spec("matplotlib") is None:
    sys.modules["matplotlib"] = None  # Gradio searches the disk for it twice an event


import gradio as gr  # noqa: E402
from gradio.context import get_blocks_context  # noqa: E402

from core.pretrained import catalog  # noqa: E402
from demos import Chapter, kit, views  # noqa: E402
from demos.kit import text
from demos.shell import classroom, endpoints, front, guard, locale, operations, running, thread, truth
from demos.shell.building import fill, move, safe_build
from demos.shell.endpoints import Endpoints  # noqa: E402
from demos.shell.first_screen import in_time, stays  # noqa: E402
from demos.shell.lean import Lean
from demos.shell.links import admissible, read_link
from demos.shell.theme import theme

TITLE = "딥러닝 맛보기 · A Taste of Deep Learning"


class Gallery(Lean):
    """The pages for people, and the page for programs that is built when one asks."""

    endpoints: Endpoints

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """Gradio's, for the outputs that change, which keep their number.

        Gradio makes a new component for each output that stays as it is: most of what a frame of a run costs a server.
        With a new number an updated component would be counted as one more of the visitor's blocks at its next use as an
        input, and ``gr.render`` fails in another thread when their table grows while it is read.
        """
        outputs, values = block_fn.outputs, predictions
        if len(outputs) == 1 or stays(predictions):
            values = [predictions] * len(outputs)
        if not isinstance(values, list | tuple) or len(values) != len(outputs) or block_fn.is_validator_function:
            return await super().postprocess_data(block_fn, predictions, state)
        values = in_time(state, block_fn, values)
        data = [None if block.stateful else gr.skip() for block in outputs]
        changing = [n for n, value in enumerate(values) if not stays(value)]
        if changing:
            part, held = copy.copy(block_fn), state.blocks_config.blocks if state else {}
            part.outputs = [outputs[n] for n in changing]
            changed = [_light(outputs[n], values[n]) for n in changing]
            changed = changed if len(changing) > 1 else changed[0]
            for n, value in zip(changing, await super().postprocess_data(part, changed, state), strict=True):
                data[n] = value
                if outputs[n]._id in held:
                    held[outputs[n]._id]._id = outputs[n]._id
        return data


def _light(block: Any, value: Any) -> Any:
    """A view's value as text where it is many numbers."""
    if not views.is_view(block):
        return value
    if isinstance(value, dict) and "__type__" in value:  # an update
        return value | ({"value": views.wrapped(value["value"])} if "value" in value else {})
    return views.wrapped(value)


def build(chapters: tuple[Chapter, ...]) -> Gallery:
    """The whole app: Korean on ``/``, English on ``/en``. Chapters without lessons are not shown.

    The pages hold empty tabs; a lesson is built when its tab is first opened, so a page loads quickly however many
    lessons there are. All named endpoints live on a third page (``Gallery.endpoints``).
    """
    gc.disable()  # all that is made here stays: looking for garbage in it is a tenth of the time
    try:
        return _build(chapters)
    finally:
        gc.freeze()
        gc.enable()


def _build(chapters: tuple[Chapter, ...]) -> Gallery:
    with Gallery(title=TITLE, delete_cache=(600, 3600), analytics_enabled=False, fill_width=True) as demo:
        _page(chapters, "ko")
    demo.endpoints = Endpoints(demo, chapters)
    with demo.route("English", "/en"):
        _page(chapters, "en")
    demo.current_page = endpoints.PATH  # where Gradio counts what is built later: on neither page
    guard.protect(demo)
    return demo


def _page(chapters: tuple[Chapter, ...], lang: str) -> None:
    """Tabs without a bar of their own: front.js shows one of them, as the address says."""
    page, slugs = kit.Page(kit.new_shelf(), thread.listener()), front.lessons(chapters)
    gr.Navbar(main_page_name="한국어")  # hidden where there is a bar (front.css)
    with gr.Tabs(elem_classes="taste-chapters") as tabs:
        if len(slugs) > 1:
            gr.Tab("·", id="front")  # the front door stands outside Gradio (front.py)
        for slug, onward in zip(slugs, [*slugs[1:], ""], strict=True):
            with gr.Tab(text.load(slug, lang).title, id=slug, elem_classes="taste-lesson"):
                _build_when_opened(slug, lang, page, onward)
    steering = gr.HTML(
        html_template="<span></span>",
        js_on_load="gallery.steering(trigger, ['select']);",
        apply_default_css=False,
        elem_classes="taste-door",
    )
    wanted = "() => gallery.wanted()"
    steering.select(None, None, tabs, js=wanted, show_progress="hidden", api_visibility="private")
    _keep_quiet(_events(), steering)


def _build_when_opened(slug: str, lang: str, page: kit.Page, onward: str = "") -> None:
    """The lesson appears on the first visit of its tab and stays, with the learner's work in it."""
    door = _door()

    # One lesson is built at a time: two tabs of one visitor would change the same table of events.
    @gr.render(triggers=[door.select], concurrency_id="build", concurrency_limit=1, show_progress="hidden")
    def show(request: gr.Request) -> None:
        warm_up()
        before = set(_events())
        with endpoints.BUILDING, gr.Column(min_width=0) as whole, kit.building(page):
            room = safe_build(slug, lang)
            made = {number: event for number, event in _events().items() if number not in before}
            thread.mark(made, _blocks(), page.shelf)
            truth.watch(made, room.controls)
            _remember(slug, room.controls)
            front.onward(lang, onward)
        _make_interactive(whole)
        linked, state = read_link(dict(request.query_params))
        for name, control in room.controls.items():
            if linked == slug and name in state and admissible(control, state[name]):
                control.value = control.postprocess(state[name])
        for opening in room.openings:
            fill(opening)
        if room.prelude:
            move(slug, lang, room.prelude)
        _keep_quiet({number: event for number, event in _events().items() if number not in before}, door)

    _keep_quiet(_events(), door)  # the building itself, too


def _remember(slug: str, controls: dict[str, Any]) -> None:
    """Keep what is set differently from the start in the address, so that reload, Back and the other language find it."""
    listed = {name: control for name, control in controls.items() if hasattr(control, "change")}
    if not listed:
        return
    for name, control in listed.items():  # a class link finds them by it (front/teacher.js)
        control.elem_classes = [*(control.elem_classes or []), f"taste-c-{slug}--{name}"]
    at_first = {name: _plain(control.value) for name, control in listed.items()}
    names, defaults = (json.dumps(each, ensure_ascii=False, default=str) for each in (list(listed), at_first))
    js = f"(...values) => {{ gallery.remember('{slug}', {names}, values, {defaults}); return []; }}"
    changes, inputs = [control.change for control in listed.values()], list(listed.values())
    gr.on(changes, None, inputs, None, js=js, show_progress="hidden", api_visibility="private")


def _plain(value: Any) -> Any:
    """A control's value as the browser sends it; of a table its rows."""
    value = value.model_dump() if hasattr(value, "model_dump") else value
    return value["data"] if isinstance(value, dict) and "data" in value else value


def _door() -> gr.HTML:
    """A tab's content is mounted in the browser when the tab is first shown: the door rings then (``select``), once."""
    return gr.HTML(
        html_template="<span></span>",
        js_on_load="taste.ring(element, trigger, ['select']);",  # gradio finds the event by its quoted name
        apply_default_css=False,
        elem_classes="taste-door",
    )


def _events() -> dict[int, Any]:
    config = get_blocks_context()
    return dict(config.fns) if config else {}


def _blocks() -> dict[int, Any]:
    config = get_blocks_context()
    return config.blocks if config else {}


def _keep_quiet(events: dict[int, Any], door: gr.HTML) -> None:
    """Let events that show no progress have the door as the place not to show it.

    At every event the browser copies the values of all components that ever were such a place, and of all they hold:
    by default the outputs. With a few lessons open that was a second for each click.
    """
    for event in events.values():
        if event.show_progress == "hidden" and event.show_progress_on is None:
            event.show_progress_on = [door]


def _make_interactive(block: Any) -> None:
    """Inside gr.render the browser takes a control for an output unless it is told otherwise."""
    for child in getattr(block, "children", []):
        if getattr(child, "interactive", False) is None:
            child.interactive = True
        _make_interactive(child)


@functools.cache
def warm_up() -> None:
    """Import torch in the background once the first page is out, so that the first press of a button is quick."""

    def load() -> None:
        importlib.import_module("torch")
        running.spare_libraries()

    threading.Thread(target=load, daemon=True).start()


def launch(demo: Gallery, **overrides: Any) -> Any:
    """Serve it. Port and host come from the environment (GRADIO_SERVER_PORT, GRADIO_SERVER_NAME), as Spaces expect."""
    if overrides.pop("mcp_server", None) or os.environ.get("GRADIO_MCP_SERVER", "").lower() == "true":
        demo.endpoints.serve_mcp()
    demo.queue(max_size=None, default_concurrency_limit=4, api_open=False)
    settings: dict[str, Any] = {
        "theme": theme(),
        "css_paths": views.CSS,
        "head": views.head(),
        "ssr_mode": False,
        "run_history": False,
        "mcp_server": False,  # ours stands at its address (demos/api/mcp_server.py)
        "show_error": False,
        "max_threads": 96,  # most of them only wait in a line (demos.kit.waiting_line)
        "max_file_size": "10mb",
        "state_session_capacity": 300,
        "footer_links": ["api", "settings"],
        "app_kwargs": {
            "middleware": [
                *operations.middleware(demo),
                *classroom.middleware(),
                *locale.middleware(demo.endpoints.chapters),
                endpoints.middleware(demo.endpoints),
            ],
            "exception_handlers": {TypeError: operations.wrong_names},
        },
    }
    blocking = not overrides.pop("prevent_thread_lock", False)
    catalog.served_at(overrides.get("server_name"))
    launched = demo.launch(**(settings | overrides), prevent_thread_lock=True)
    running.forget_sessions(demo.app)
    if blocking and threading.current_thread() is threading.main_thread():
        running.until_told(demo)
    return launched


def launch_one(slug: str) -> None:
    """One lesson alone, both languages, for ``python -m demos <lesson>``."""
    launch(build((Chapter("alone", (slug,)),)))

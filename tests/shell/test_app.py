"""The whole app without a browser: builds strictly, endpoints are named once, errors are told, links read safely."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.state_holder import SessionState

from core.errors import InvalidInput
from demos import CHAPTERS, Chapter, kit
from demos.shell import endpoints, gallery, links


@pytest.fixture(scope="module")
def demo() -> gallery.Gallery:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRICT", "1")
        built = gallery.build(CHAPTERS)
        built.endpoints.build()
        return built


def test_every_lesson_has_an_endpoint_and_each_name_is_used_once(demo: gr.Blocks) -> None:
    public = [d for d in demo.config["dependencies"] if d["api_visibility"] == "public"]
    names = [d["api_name"] for d in public]
    assert len(names) == len(set(names)), sorted(names)
    assert not [n for n in names if "lambda" in n or n.endswith("_1")]
    lessons = [slug for chapter in CHAPTERS for slug in chapter.lessons]
    for slug in lessons:
        assert any(n.startswith(slug) for n in names), f"{slug} has no endpoint"


def test_the_page_is_light(demo: gr.Blocks) -> None:
    pages = {name: len(json.dumps(config, ensure_ascii=False)) for name, config in demo.config["page"].items()}
    assert set(pages) == {"", "en", "endpoints"}
    assert max(pages[""], pages["en"]) < 40_000, "pages hold tabs only; a lesson is built when it is opened"
    values = [c for c in demo.config["components"] if len(json.dumps(c["props"].get("value"), default=str)) > 20_000]
    assert not values, "pictures are filled in when a lesson is opened, not shipped with the page"


@pytest.mark.parametrize(
    ("path", "query", "needed"),
    [
        ("/", b"", False),
        ("/en", b"lesson=info", False),
        ("/config", b"page=en", False),
        ("/gradio_api/queue/join", b"", False),
        ("/gradio_api/file=/x/config/a.css", b"", False),
        ("/config", b"", True),
        ("/gradio_api/info", b"serialize=False", True),
        ("/gradio_api/info", b"page=endpoints", True),
        ("/gradio_api/call/perceptron_fit", b"", True),
        ("/gradio_api/call/v2/perceptron_fit/", b"", True),
        ("/endpoints", b"view=api", True),
        ("/base/endpoints/", b"", True),
    ],
)
def test_only_a_program_waits_for_the_endpoints(path: str, query: bytes, needed: bool) -> None:
    assert endpoints.needs_names(path, query) == needed


def test_pages_come_first_and_the_endpoints_when_a_program_asks() -> None:
    from gradio_client import Client

    demo = gallery.build((Chapter("basics", ("ml_vs_dl", "perceptron")),))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app, url, _ = gallery.launch(demo, prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", server_port=port)
    try:
        for page in ("", "en"):
            assert httpx.get(url + page, timeout=60).status_code == 200
        assert not demo.endpoints.built
        bare = len(demo.fns)
        with ThreadPoolExecutor(3) as pool:  # three programs at once: built once, all of them answered
            clients = list(pool.map(lambda _: Client(url, verbose=False), range(3)))
        assert demo.endpoints.built and len(demo.fns) > bare
        assert [page for page, *_ in demo.pages] == ["", "endpoints", "en"]
        for client in clients:
            assert "/perceptron_steps" in client.view_api(return_format="dict", print_info=False)["named_endpoints"]
        assert clients[0].predict(api_name="/ml_vs_dl_match")
        assert demo.app is app and demo.state_holder is app.state_holder, "visitors were lost"
        assert httpx.get(url, timeout=60).status_code == 200
    finally:
        demo.close()


def test_an_updated_control_stays_the_same_block(demo: gallery.Gallery) -> None:
    """Else a visitor's table of blocks grows with each use, which breaks a lesson that is just being built."""
    event = next(e for e in demo.fns.values() if e.api_name == "ml_vs_dl_match")
    controls = [block for block in event.inputs if not isinstance(block, gr.State)]
    update = SimpleNamespace(
        outputs=controls, name="update", batch=False, postprocess=True, is_validator_function=False
    )
    state = SessionState(demo)
    before = dict(state.blocks_config.blocks)
    sent = [None if isinstance(block, gr.State) else block.value for block in event.inputs]
    for _ in range(2):
        asyncio.run(demo.postprocess_data(update, [gr.update(interactive=True) for _ in controls], state))
        asyncio.run(demo.preprocess_data(event, sent, state))
    after = state.blocks_config.blocks
    assert list(after) == list(before)
    assert all(after[block._id] is not block and after[block._id]._id == block._id for block in controls)


def link(state: Any) -> dict[str, str]:
    packed = base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")
    return {"lesson": "perceptron", "s": packed}


def test_links_are_read_and_garbage_is_ignored() -> None:
    assert links.read_link(link({"rate": 0.5})) == ("perceptron", {"rate": 0.5})
    for garbage in ("%%%", "a", "x" * 30_000, base64.urlsafe_b64encode(b"[1, 2").decode(), "bnVsbA", "W10"):
        assert links.read_link({"lesson": "perceptron", "s": garbage}) == ("perceptron", {})
    assert links.read_link({}) == ("", {})


@pytest.mark.parametrize(
    ("control", "good", "bad"),
    [
        (lambda: gr.Slider(0, 1), [0, 0.3, 1], [2, -1, "0.5", None, True, float("nan"), [1]]),
        (lambda: gr.Radio([("가", "a"), ("나", "b")]), ["a"], ["가", "c", None, {}]),
        (lambda: gr.CheckboxGroup(["a", "b"]), [[], ["a"]], ["a", ["z"], None]),
        (lambda: gr.Checkbox(), [True, False], [1, "x", None]),
        (lambda: gr.Textbox(), ["hello"], [3, "x" * 6000]),
        (lambda: gr.Dataframe(), [[[1, 2.5, "a"]]], [[["x" * 99]], "a", [[{}]], [[1]] * 501]),
        (lambda: gr.State(1), [], [1, [1]]),
    ],
)
def test_a_link_can_only_set_what_a_hand_could(control: Any, good: list[Any], bad: list[Any]) -> None:
    with gr.Blocks():
        made = control()
    assert all(links.admissible(made, value) for value in good)
    assert not any(links.admissible(made, value) for value in bad)


def test_a_core_error_becomes_one_sentence_and_a_bug_stays_a_bug() -> None:
    @kit.handler
    def refuse(lang: str) -> None:
        raise InvalidInput("too_many", name="epochs", most=9, received=10)

    @kit.handler
    def stream(lang: str) -> Any:
        yield 1
        raise InvalidInput("too_many", name="epochs", most=9, received=10)

    @kit.handler
    def bug(lang: str) -> None:
        raise KeyError("a real bug")

    for lang, word in (("ko", "에폭"), ("en", "Epochs")):
        with pytest.raises(gr.Error, match=word):
            refuse(lang)
        events = stream(lang)
        assert next(events) == 1
        with pytest.raises(gr.Error, match=word):
            next(events)
    with pytest.raises(KeyError):
        bug("ko")

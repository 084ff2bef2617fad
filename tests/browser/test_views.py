"""Every view alone, without an app: mounted on a sample of its value, drawn, and every key pressed on all it holds.

A sample is a value as Python sends it (its fields: demos/views/<name>/<name>.py). What a key makes a view say is compared
with what it ought to say, and where it only reads, something must be read.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from demos import views

pytestmark = pytest.mark.browser
ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]
KEYS = [*ARROWS, *(f"Shift+{key}" for key in ARROWS), "Home", "End", "PageUp", "PageDown", "Enter", "Escape"]
KEYS += [" ", "+", "-", "Backspace"]
WORDS = "word"


def text_of(values: list[float], kind: str) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}{kind}", *values)).decode()


def png(side: int = 4) -> str:
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (side, side), (200, 90, 40)).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


FIELD = views.packed(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4)
TIME = {"labels": ["t 0", "t 1"], "start": 0, "key": 1}
PLAY = {"play": "play", "pause": "pause", "time": "time"}
UNITS = [{"name": "x₁", "thumb": FIELD, "text": "input"}, {"name": "x₂", "label": "0.5"}]
NET: views.Network = {
    "layers": [{"title": "in", "units": UNITS}, {"title": "out", "f": "tanh", "units": [{"name": "y"}]}],
    "weights": [[[-1.5], [0.5]]],
    "biases": [[0.25]],
    "chosen": {"layer": 1, "unit": 0},
    "alt": "a net",
}
SAMPLES: dict[str, Any] = {
    "bars": {"items": [{"name": "a", "value": -0.4}, {"name": "b", "value": 2, "text": "two"}], "caption": "bars"},
    "camera": {"side": 64, "most": 3, "words": dict.fromkeys("on off take wait denied none".split(), WORDS)},
    "flow": {
        "tokens": ["a", "b"],
        "map": [[1, 0], [0.25, 0.75]],
        "words": {**PLAY, "seen": "K", "asks": "Q", "mix": "mix"},
        "captions": ["a looks", "b looks"],
        "labels": ["a", "a", "b", "b"],
        "frames": 2,
        "start": 3,
        "alt": "flow",
    },
    "cells": {
        "n": 12,
        "batch": [1, 2],
        "seen": [0],
        "names": {"now": "now", "seen": "seen", "todo": "todo"},
        "alt": "c",
    },
    "chips": {"items": [{"text": "Hi", "sub": "17", "group": 0}, {"text": "!", "off": True}], "caption": "chips"},
    "cloud": {
        "reach": 2,
        "frames": [text_of([100, 200, 60000, 50000], "H"), text_of([200, 400, 50000, 40000], "H")],
        "target": text_of([1, 2], "H"),
        "fields": [text_of([40] * 18, "b")] * 2,
        "cells": 3,
        "fieldReach": 1.5,
        "words": PLAY | {"field": "field", "trails": "trails"},
        "alt": "cloud",
        **TIME,
    },
    "convolution": {
        "key": 1,
        "input": {"c": 1, "h": 4, "w": 4, "data": text_of(list(range(16)), "B")},
        "kernel": [[[0, 1, 0], [1, -4, 1], [0, 1, 0]]],
        "bias": 0.5,
        "stride": 1,
        "padding": 1,
        "dilation": 1,
        "apart": False,
        "out": {"o": 1, "h": 4, "w": 4, "data": text_of([k - 8.0 for k in range(16)], "d")},
        "pool": {
            "h": 2,
            "w": 2,
            "size": 2,
            "data": text_of([0.0, 0.0, 5.0, 7.0], "d"),
            "rows": text_of([1, 1, 3, 3], "h"),
            "cols": text_of([1, 3, 1, 3], "h"),
        },
        "names": ["grey"],
        "words": dict.fromkeys("input output relu pool patch kernel products pad pooled drop".split(), WORDS)
        | {"total": "row {row}, column {column}"},
        "alt": "convolution",
    },
    "curve": {"series": [{"name": "loss", "y": [3, 2, 1.5, None, 1.2]}], "xlabel": "epoch", "cursor": 2, "alt": "c"},
    "film": {
        "reels": [{"name": "a", "frames": [f"data:image/png;base64,{png()}"] * 2}],
        "words": PLAY,
        "alt": "f",
        **TIME,
    },
    "kernel": {
        "blocks": [{"name": "R", "text": [["1", "0"], ["0", "-1"]], "value": [[1, 0], [0, -1]]}],
        "label": "row {row}, column {column}",
        "alt": "kernel",
    },
    "maps": {
        "groups": [{"name": "conv1", "tiles": [text_of([0, 90, 128, 255], "B")] * 2, "w": 2, "h": 2, "reach": 1.5}],
        "words": PLAY | {"map": "map", "at": "at", "open": "open"},
        "alt": "maps",
    },
    "matrix": {"cells": [[3, -1], [0, None]], "rows": ["a", "b"], "cols": ["a", "b"], "chosen": [0, 1], "caption": "m"},
    "microphone": {
        "most": 2,
        "label": "mic",
        "words": dict.fromkeys("start stop play wait none denied".split(), WORDS),
    },
    "network": NET,
    "neuron": {
        "x": 1,
        "w": -2,
        "b": 0.5,
        "y": -1.5,
        "words": dict.fromkeys("dendrite synapse body axon input weight bias output".split(), WORDS),
        "alt": "neuron",
    },
    "overlay": {
        "png": png(),
        "heat": text_of([0, 90, 180, 255], "B"),
        "w": 2,
        "h": 2,
        "words": {"strength": "strength", "heat": "heat"},
        "alt": "overlay",
    },
    "pad": {"strokes": "[[0, 0, 50, 50]]", "reach": 1.2, "words": {"undo": "undo", "clear": "clear"}, "alt": "pad"},
    "pictures": {"items": [{"name": "cat", "text": "4 × 4", "png": png()}], "caption": "pictures"},
    "pixels": {
        "key": 1,
        "w": 6,
        "h": 5,
        "size": 3,
        "at": {"x": 2, "y": 2},
        "region": {"left": 0, "top": 0, "w": 6, "h": 5, "data": text_of(list(range(90)), "B")},
        "preview": None,
        "numbers": [0, 1, 2],
        "words": {"here": "x {x}, y {y}: R {0}, G {1}, B {2}", "picture": "picture", "patch": "patch"},
        "alt": "pixels",
    },
    "plane": {
        "x": [-1, 1],
        "y": [-1, 1],
        "field": FIELD,
        "points": [[0.5, 0.5, 1], [-0.5, -0.5, -1, 1, "a name"]],
        "lines": [{"name": "path", "xy": [[0, 0], [0.2, 0.4]], "arrow": True, "dots": True}],
        "line": {"w": 0.5, "b": 0.1},
        "squares": True,
        "names": {"low": "low", "high": "high", "ring": "ring"},
        "alt": "plane",
    },
    "replay": {"at": 1, "label": "step 1"},
    "script": "print(1)",
    "strip": {"rows": [{"name": "row 0", "index": [0, 1], "value": [7, 9], "channel": [0, 1]}], "names": ["R", "G"]},
    "tangent": {
        "x": [-2, 2],
        "xlabel": "z",
        "curves": [{"name": "tanh", "colour": 1, "f": [-1, 0, 1], "slope": [0.1, 1, 0.1]}],
        "at": {"z": 0.5, "value": 0.4, "slope": 0.8},
        "zones": [{"low": -1, "high": 1, "name": "steep"}],
        "words": {"f": "f", "slope": "slope", "tangent": "tangent"},
        "alt": "tangent",
    },
    "tiles": {
        "items": [{"name": "net 1", "text": "95 %", "field": FIELD, "colour": 2}],
        "points": [[0, 0, 1], [0.5, 0.5, -1]],
        "x": [-1, 1],
        "y": [-1, 1],
        "names": {"low": "low", "high": "high"},
        "caption": "tiles",
    },
    "tokens": {
        "tokens": [{"text": " Hi", "id": 17, "p": 0.6}, {"text": "!", "p": -0.5}],
        "chosen": 0,
        "caption": "tokens",
    },
    "voice": {"say": "hello", "lang": "en", "words": {"say": "say", "stop": "stop", "none": "none", "ready": "ready"}},
}
SAMPLES["mark"] = SAMPLES["plane"] | {"line": None, "mark": {"x": 0, "y": 0}}  # the other thing that a plane moves
SAID = {  # what keys alone must make a view say
    "bars": {"pick"},
    "curve": {"cursor"},
    "film": {"frame"},
    "kernel": {"edit"},
    "maps": {"pick"},
    "mark": {"mark"},
    "matrix": {"pick"},
    "network": {"unit"},
    "pad": {"draw"},
    "pixels": {"move", "zoom"},
    "plane": {"line"},
    "tangent": {"move"},
    "tokens": {"pick"},
}
READS = {
    "cloud",
    "convolution",
    "curve",
    "film",
    "maps",
    "network",
    "overlay",
    "pixels",
    "tangent",
}  # show what is read
REPLAY = dict.fromkeys("play pause time back forward speed loop none".split(), WORDS) | {"note": "{n} frames"}
SHAPE_WORDS = dict.fromkeys("group layers deeper shallower more fewer activation".split(), WORDS)
SHAPE = {"layers": [0, 6], "units": [1, 8], "f": [["tanh", "tanh"]], "words": SHAPE_WORDS}
PROPS: dict[str, Any] = {
    "network": {"shape": SHAPE},
    "replay": {"words": REPLAY},
    "script": {"name": "run.py", "words": {"copy": "copy", "copied": "copied", "save": "save"}},
}
MOUNT = """([kind, props]) => {
  const element = document.createElement('div');
  element.className = 'block';
  element.style.width = '640px';
  element.innerHTML = `<div class="taste taste-${kind}"></div>`;
  document.body.append(element);
  window.said = []; window.seen = new Set();
  taste.mount(kind, element, props, (event) => window.said.push(event), () => {}, []);
  const look = () => { window.seen.add(element.innerText + [...element.querySelectorAll('output, .taste-tip, figcaption, canvas')]
    .map((e) => e.textContent + (e.ariaValueNow || ''))); requestAnimationFrame(look); };
  requestAnimationFrame(look);
}"""
# What Python sent must stay as it is: a part that has not changed is the same object in the next frame.
READ_ONLY = """{
  const parse = JSON.parse, never = () => { throw new Error('a view changes what Python sent'); };
  const made = new WeakMap();
  const guarded = (x) => x && typeof x === 'object' ? made.get(x) || made.set(x, proxy(x)).get(x) : x;
  const proxy = (x) => new Proxy(x, { get: (of, name) => guarded(Reflect.get(of, name)),
    set: never, deleteProperty: never, defineProperty: never });
  JSON.parse = (...given) => guarded(parse(...given));
}"""
INK = """() => [...document.querySelectorAll('canvas')].map((canvas) => new Set(new Uint32Array(canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size)"""
HOLDS = "button:visible, input:visible, [tabindex='0']:visible"


@pytest.fixture(scope="module")
def sheet(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 700, "height": 900})
    style = "".join(path.read_text("utf-8") for path in views.CSS)
    context.add_init_script(READ_ONLY)
    context.route("http://views.test/", lambda route: route.fulfill(body=page, content_type="text/html"))
    page = f"<!doctype html><meta charset=utf-8><head>{views.head()}<style>{style}</style></head><body></body>"
    yield context
    context.close()


@pytest.fixture
def mounted(sheet: Any) -> Iterator[Any]:
    page, faults = sheet.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)

    def mount(name: str) -> Any:
        page.goto("http://views.test/")
        kind = "plane" if name == "mark" else name
        signals = list(getattr(views, kind).args[1])
        props = {"value": views.wrapped(SAMPLES[name]), "can": signals, "height": 300} | PROPS.get(name, {})
        page.evaluate(MOUNT, [kind, props])
        page.wait_for_timeout(100)
        return page

    yield mount
    page.close()
    assert not faults


def test_every_view_has_a_sample(mounted: Any) -> None:
    made = {name for name in views.__all__ if getattr(getattr(views, name), "args", None)}
    assert made == SAMPLES.keys() - {"mark"}
    assert made == set(mounted("bars").evaluate("taste.names()"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_view_draws_its_sample(mounted: Any, name: str) -> None:
    page = mounted(name)
    inks = page.evaluate(INK)
    assert all(colours > 2 for colours in inks), inks
    assert inks or page.locator(".taste").inner_text().strip() or page.locator(".taste svg, .taste img").count()
    value = SAMPLES[name]
    words = value.get("alt") or value.get("caption") if isinstance(value, dict) else value
    if words:
        labels = page.evaluate("[...document.querySelectorAll('[aria-label]')].map((e) => e.ariaLabel)")
        assert words in labels or words in page.locator(".taste").inner_text()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_view_answers_its_keys(mounted: Any, name: str) -> None:
    page = mounted(name)
    seen = page.evaluate("window.seen.size")
    for place in range(page.locator(HOLDS).count()):
        for key in KEYS:
            part = page.locator(HOLDS).nth(place)
            if part.is_enabled():
                part.press(key, timeout=5000)
    page.wait_for_timeout(300)
    said = set(page.evaluate("window.said"))
    assert said == SAID.get(name, set()) or (name == "network" and said <= {"unit", "edit", "shape"})
    if name in READS:
        assert page.evaluate("window.seen.size") > seen


def test_parts_travel_as_text_and_stay_the_same_object_until_they_change(mounted: Any) -> None:
    page = mounted("bars")
    sent = [
        views.wrapped({"items": [{"name": "a", "value": n}], "low": 0, "caption": "c", "lines": [1]}) for n in (1, 1, 2)
    ]
    assert sent[0] == {"low": 0, "caption": "c", "=": {"items": '[{"name":"a","value":1}]', "lines": "[1]"}}
    told = page.evaluate(
        """(sent) => { const { stage } = document.querySelector('.taste'); const seen = [];
          const kept = (a, b, part) => seen[a][part] === seen[b][part];
          for (const value of sent) { stage.props.value = value; seen.push(stage.value); }
          return { last: seen[2], items: [kept(0, 1, 'items'), kept(1, 2, 'items')],
            lines: kept(0, 2, 'lines'), again: stage.value === seen[2] }; }""",
        sent,
    )
    last = {"items": [{"name": "a", "value": 2}], "low": 0, "caption": "c", "lines": [1]}
    assert told == {"last": last, "items": [True, False], "lines": True, "again": True}
    assert views.opened(sent[2]) == last


def test_packed_numbers_come_back_to_a_thirty_thousandth(mounted: Any) -> None:
    page, values = mounted("bars"), np.random.default_rng(0).normal(size=(5, 7, 2)) * 3
    told = page.evaluate("(text) => [...taste.floats(text)]", views.floats(values))
    assert np.abs(np.array(told) - values.ravel()).max() <= np.abs(values).max() / 30_000
    assert page.evaluate("(text) => [...taste.floats(text)]", views.floats(np.zeros(3))) == [0, 0, 0]


def test_negative_and_positive_come_from_one_file(mounted: Any) -> None:
    page = mounted("bars")
    page.add_style_tag(content=":root { --t-low: #010203; --t-high: #040506; }")
    page.evaluate("document.body.classList.toggle('changed')")  # as when the theme changes
    page.wait_for_function("getComputedStyle(document.querySelector('.track i')).backgroundColor === 'rgb(1, 2, 3)'")
    shown = page.evaluate("[...document.querySelectorAll('.track i')].map((e) => getComputedStyle(e).backgroundColor)")
    assert shown == ["rgb(1, 2, 3)", "rgb(4, 5, 6)"]
    for path in views.HERE.rglob("*.js"):
        assert "e07b00" not in path.read_text("utf-8")


# Several views as a lesson has them, fed as Gradio feeds them: props first, then the watchers are told.
TOGETHER = """(props) => {
  document.body.innerHTML = '<div class="taste-lesson"></div>';
  window.told = {}; window.props = props;
  for (const [kind, each] of Object.entries(props)) {
    const element = document.createElement('div');
    element.innerHTML = `<div class="taste taste-${kind}"></div>`;
    document.querySelector('.taste-lesson').append(element);
    taste.mount(kind, element, each, () => {}, (_, tell) => { window.told[kind] = tell; }, []);
  }
  window.shown = (kind) => document.querySelector(`.taste-${kind}`).stage.value;
  window.feed = async (values) => {
    for (const [kind, value] of Object.entries(values)) { props[kind].value = value; told[kind](); }
    for (let k = 0; k < 4; k++) await new Promise(requestAnimationFrame);
  };
}"""
NEXT = "async () => { for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame); }"


def scene(step: int) -> dict[str, Any]:
    """A frame whose numbers are known: w = step, loss 8 / 2^step after each step, the grid 40·step everywhere."""
    field = views.packed(np.full((2, 2), 40 * step, np.uint8))
    return {
        "plane": {"x": [0, 1], "y": [0, 1], "line": {"w": step, "b": 0}, "field": field, "caption": f"at {step}"},
        "curve": {"series": [{"name": "loss", "y": [8 / 2**k for k in range(step + 1)]}], "caption": "loss"},
        "cells": {"n": 9, "batch": [step], "caption": "cells"},
        "replay": {"at": step, "label": f"step {step}"},
    }


def test_a_run_is_played_again_from_what_the_browser_holds(mounted: Any) -> None:
    page = mounted("bars")
    props = {name: {"reel": name != "replay", "height": 120, "words": REPLAY} for name in scene(0)}
    page.evaluate(TOGETHER, props)
    for step in range(3):
        page.evaluate("feed", scene(step))
    bar, label = page.get_by_role("slider"), page.locator("output")
    assert bar.get_attribute("max") == "2" and label.inner_text() == "step 2" and "3 frames" in page.inner_text("body")
    bar.evaluate("(e) => { e.value = 1.5; e.dispatchEvent(new Event('input')); }")
    page.evaluate(NEXT)
    assert label.inner_text() == "step 1 → step 2"
    plane, curve = page.evaluate("shown('plane')"), page.evaluate("shown('curve')")
    assert plane["line"]["w"] == 1.5 and plane["caption"] == "at 1" and plane["field"]["data"][0] == 60
    assert curve["series"][0]["y"] == [8, 4, 3], "the line is half way from 4 to 2"
    assert page.evaluate("shown('cells')")["batch"] == [1], "between two batches there is none"
    assert page.locator(".taste-replaying").count() == 1
    for key, step in (("ArrowLeft", 1), ("ArrowLeft", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("End", 2), ("Home", 0)):
        bar.press(key)
        page.evaluate(NEXT)
        assert (label.inner_text(), page.evaluate("shown('plane')")["line"]["w"]) == (f"step {step}", step), key
    page.evaluate("feed", scene(3))  # the run goes on, the learner looks at its beginning
    assert label.inner_text() == "step 0" and bar.get_attribute("max") == "3"
    page.locator(".taste-play").press("Enter")
    page.wait_for_function("document.querySelector('output').textContent === 'step 3'")
    page.wait_for_selector(".taste-replaying", state="detached")
    assert page.evaluate("shown('plane') === props.plane.value"), "at the end stands what Python sent"
    page.locator(".taste-back").press("Enter")
    page.evaluate("feed", scene(3))  # the same place anew: a change by hand is looked at
    assert label.inner_text() == "step 3" and bar.get_attribute("max") == "3"
    page.evaluate("feed", scene(1))  # fewer steps: another run
    assert label.inner_text() == "step 1" and bar.is_disabled()


# A prelude as its player gets it: the value after the question.
PRELUDE = """(frames) => {
  const door = document.createElement('i');
  document.querySelector('.taste-lesson').append(door);
  document.querySelector('.taste-curve').parentElement.classList.add('v1');
  const own = { lesson: 'epochs', views: ['v1'], words: 'preview', value: '' };
  window.asks = 0;
  let tell;
  taste.prelude(door, own, () => { asks++; own.value = JSON.stringify(frames); tell(); }, (_, told) => { tell = told; });
}"""
FRAMES = {"back": True, "frames": [{"0": {"xlim": [0, end]}} for end in (4, 8, 16)]}


def test_a_lesson_moves_by_itself_once_and_leaves_it_to_the_first_touch(mounted: Any) -> None:
    page = mounted("bars")
    shown, note = "shown('curve').xlim[1]", page.locator(".taste-preview")

    def opened() -> None:
        page.evaluate(TOGETHER, {"curve": {"height": 120, "value": {**scene(2)["curve"], "xlim": [0, 4]}}})
        page.evaluate(PRELUDE, FRAMES)

    opened()
    page.wait_for_function(f"{shown} > 4.5")
    assert note.get_attribute("aria-hidden") == "true" and note.inner_text() == "preview"
    assert page.locator("figcaption").inner_text() == "loss", "no sentence moves"
    page.keyboard.press("Shift")
    assert page.evaluate(shown) == 4 and note.count() == 0
    page.wait_for_timeout(200)
    assert page.evaluate(shown) == 4
    opened()  # again in this visit
    page.wait_for_timeout(400)
    assert page.evaluate(shown) == 4 and note.count() == 0
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.emulate_media(reduced_motion="reduce")
    opened()
    page.wait_for_timeout(400)
    assert page.evaluate("asks") == 0, "nobody asks for what will not move"
    page.emulate_media(reduced_motion="no-preference")
    opened()
    page.wait_for_function(f"{shown} > 4.5")
    page.evaluate("feed", {"curve": {**scene(2)["curve"], "xlim": [0, 5]}})  # Python answers something
    assert page.evaluate(shown) == 5 and note.count() == 0
    page.evaluate("sessionStorage.clear()")
    page.reload()
    opened()
    page.wait_for_function(f"{shown} > 15")  # to the end, and back to what stays
    note.wait_for(state="detached")
    assert page.evaluate(shown) == 4


FOLLOWED = """async ([before, after]) => {
  await feed(before); await new Promise((done) => setTimeout(done, 300)); await feed(after);
  const seen = []; const until = performance.now() + 600;
  while (performance.now() < until) { await new Promise(requestAnimationFrame);
    seen.push([shown('plane').line.w, document.querySelector('output').textContent]); }
  return { between: seen.filter(([w]) => w > 1 && w < 2).length, labels: [...new Set(seen.map(([, said]) => said))],
    last: seen.at(-1)[0], sent: shown('plane') === document.querySelector('.taste-plane').stage.news,
    pale: document.querySelectorAll('.taste-replaying').length };
}"""


@pytest.mark.parametrize("still", [False, True])
def test_a_run_that_goes_on_is_drawn_between_its_frames(mounted: Any, still: bool) -> None:
    page = mounted("bars")
    page.emulate_media(reduced_motion="reduce" if still else "no-preference")
    page.evaluate(TOGETHER, {name: {"reel": name != "replay", "height": 120, "words": REPLAY} for name in scene(0)})
    page.evaluate("feed", scene(0))
    told = page.evaluate(FOLLOWED, [scene(1), scene(2)])
    assert (told["between"] >= 3) is not still, "the way from w = 1 to w = 2"
    assert told["labels"] == ["step 2"] and told["last"] == 2 and told["sent"] and not told["pale"]


def test_a_film_that_repeats_draws_a_picture_for_every_frame_of_the_screen(mounted: Any) -> None:
    page = mounted("bars")
    page.evaluate(TOGETHER, {name: {"reel": name != "replay", "height": 120, "words": REPLAY} for name in scene(0)})
    for step in range(6):
        page.evaluate("feed", scene(step))
    page.locator(".taste-loop").click()
    page.locator(".taste-play").click()
    screen, drawn = page.evaluate("""async () => {
      const seen = new Set(); let screen = 0;
      for (const end = performance.now() + 1500; performance.now() < end; screen++) {
        await new Promise(requestAnimationFrame); seen.add(shown('plane'));
      }
      return [screen, seen.size];
    }""")
    assert drawn >= 0.9 * screen, "ten frames a second were computed; those between are drawn"
    assert page.locator(".taste-play.on").count() == 1, "it begins anew by itself"

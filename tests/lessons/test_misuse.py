"""Used wrongly: what no control allows, sent to every endpoint of lessons 1–12, gets one translated sentence."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import math
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.helpers import special_args

from demos import CHAPTERS, kit
from demos.hidden_layers import own as hidden_layers_own
from demos.hidden_layers.controls import FORM
from demos.kit import handling, lesson, text
from demos.perceptron import page as perceptron
from demos.sequential import own as sequential_own
from demos.shell import building, guard
from tests import served

LESSONS = CHAPTERS[0].lessons + CHAPTERS[1].lessons + CHAPTERS[2].lessons
GARBAGE = ("abc", [1, "x"], {"a": 1}, None, math.nan, 1e308, -1, 10**400)
HANGUL = re.compile("[가-힣]")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handling.time, "sleep", lambda seconds: None)
    monkeypatch.setenv("STRICT", "1")


@functools.cache
def made(slug: str, lang: str) -> tuple[gr.Blocks, lesson.Room]:
    """One lesson with its named endpoints, guarded as in the gallery."""
    with gr.Blocks() as demo, kit.building(kit.Page(kit.new_shelf())):
        room = building.safe_build(slug, lang)
    guard.protect(demo)
    return demo, room


def sent(component: Any) -> Any:
    """What a browser sends for an untouched component."""
    if isinstance(component, gr.Dataframe):
        return {"headers": list(component.headers), "data": component.value["data"], "metadata": None}
    return None if isinstance(component, gr.State) else component.value


def call(demo: gr.Blocks, event: Any, values: list[Any], data: Any = None) -> None:
    """A call as the queue makes it, left after its first picture."""
    args = asyncio.run(demo.preprocess_data(event, values, None))
    args, *_ = special_args(event.fn, args, None, gr.EventData(None, data))
    result = served.in_step(event.fn(*args))
    if inspect.isgenerator(result):
        next((shown for shown in result if not nothing(shown)), None)
        result.close()


def nothing(shown: Any) -> bool:
    """What a run answers while it waits for its turn."""
    values = shown if isinstance(shown, list) else [shown]
    return all(isinstance(value, dict) and value == gr.skip() for value in values)


def refused(demo: gr.Blocks, event: Any, values: list[Any], lang: str, data: Any = None) -> str | None:
    """The sentence a caller is told, if any; anything but a sentence in the page's language fails."""
    try:
        call(demo, event, values, data)
    except gr.Error as error:
        assert not error.print_exception, "a traceback in the log"
        words = str(error.message)
        assert bool(HANGUL.search(words)) == (lang == "ko"), words
        return words
    return None


def endpoints(demo: gr.Blocks) -> dict[str, Any]:
    return served.named(demo)


@pytest.mark.parametrize("slug", LESSONS)
def test_garbage_in_any_control_is_a_sentence_or_a_bound(slug: str) -> None:
    for lang in text.LANGUAGES:
        demo, tried = made(slug, lang)[0], set()
        for event in endpoints(demo).values():
            base = [sent(component) for component in event.inputs]
            for i, component in enumerate(event.inputs):
                if isinstance(component, gr.State) or component._id in tried:
                    continue
                tried.add(component._id)
                k = 2 * len(tried) + text.LANGUAGES.index(lang)  # each control some, all controls all
                for value in (GARBAGE[k % 8], GARBAGE[(k + 5) % 8]):
                    refused(demo, event, [*base[:i], value, *base[i + 1 :]], lang)
        assert tried


def named(slug: str, lang: str, api_name: str) -> tuple[gr.Blocks, Any, list[Any], dict[str, int]]:
    """An endpoint, the values of an untouched page, and where each control's value stands among them."""
    demo, room = made(slug, lang)
    event = endpoints(demo)[api_name]
    numbers = [component._id for component in event.inputs]
    at = {name: numbers.index(c._id) for name, c in room.controls.items() if c._id in numbers}
    return demo, event, [sent(component) for component in event.inputs], at


def table(rows: Any) -> dict[str, Any]:
    return {"headers": ["a", "b", "c"], "data": rows, "metadata": None}


WRONG_TABLES = {
    "one row": [[1, 2, 0]],
    "text": [[1, 2, 0], [2, "x", 1], [3, 4, 0]],
    "nan": [[math.nan, 1, 0], [2, 3, 1]],
    "huge": [[1e308, 1, 0], [2, 3, 1]],
    "ragged": [[1, 2, 0], [2]],
    "100,000 rows": [[1.0, 2.0, 0.0]] * 100_000,
}


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("wrong", WRONG_TABLES)
@pytest.mark.parametrize(
    ("slug", "api_name", "control", "columns"),
    [
        ("perceptron", "perceptron_steps", "rows", 2),
        ("hidden_layers", "hidden_layers_train", "points", 3),
        ("sequential", "sequential_fit", "table", 3),
    ],
)
def test_a_table_that_cannot_be_learnt_from(
    slug: str, api_name: str, control: str, columns: int, wrong: str, lang: str
) -> None:
    demo, event, values, at = named(slug, lang, api_name)
    values[at[control]] = table([row[:columns] for row in WRONG_TABLES[wrong]])
    if slug == "sequential":
        values[at["data"]] = "table"
    assert refused(demo, event, values, lang)


def test_an_empty_table_is_told_or_means_the_drawn_data() -> None:
    demo, event, values, at = named("perceptron", "en", "perceptron_steps")
    values[at["rows"]] = table([])
    assert refused(demo, event, values, "en") == "The table is empty. Add at least 2."
    demo, event, values, at = named("sequential", "ko", "sequential_fit")
    values[at["data"]] = "table"
    assert refused(demo, event, values, "ko")
    demo, event, values, at = named("hidden_layers", "en", "hidden_layers_train")
    assert refused(demo, event, values, "en") is None


@pytest.mark.parametrize(
    ("lang", "empty", "far"),
    [
        (
            "ko",
            "‘점의 수’ 칸이 비어 있어요. 10에서 1000 사이의 수를 써 주세요.",
            "‘점의 수’에는 10에서 1000 사이의 수를 쓸 수 있어요. 받은 값: 1000000000.",
        ),
        (
            "en",
            "“Number of points” is empty. Give a number from 10 to 1000.",
            "“Number of points” takes a number from 10 to 1000. Received: 1000000000.",
        ),
    ],
)
def test_the_box_of_a_slider_tells_its_range(lang: str, empty: str, far: str) -> None:
    demo, event, values, at = named("ml_vs_dl", lang, "ml_vs_dl_match")
    for value, told in ((None, empty), (10**9, far)):
        values[at["samples"]] = value
        assert refused(demo, event, values, lang) == told


CSVS = {
    "cp949": ("몸무게,키,반\n60,170,가\n70,180,나\n80,175,가\n", "cp949"),
    "semicolons": ("weight;height;group\n60,5;170,5;a\n70,5;180;b\n80;175;a\n", "utf-8"),
    "byte-order mark": ("weight,height,group\n60,170,a\n70,180,b\n80,175,a\n", "utf-8-sig"),
    "tabs": ("60\t170\ta\n70\t180\tb\n80\t175\ta\n", "utf-16"),
}


@pytest.mark.parametrize("kind", CSVS)
def test_any_csv_a_spreadsheet_saves_is_read(kind: str, tmp_path: Path) -> None:
    words, encoding = CSVS[kind]
    (tmp_path / "three.csv").write_bytes(words.encode(encoding))
    mark = next(sign for sign in "\t;," if sign in words)
    two = "\n".join(mark.join(line.split(mark)[:2]) for line in words.splitlines())
    (tmp_path / "two.csv").write_bytes(two.encode(encoding))
    first = 60.5 if kind == "semicolons" else 60.0
    assert perceptron.on_file("ko", str(tmp_path / "two.csv"))[0] == [first, 170.5 if kind == "semicolons" else 170.0]
    read = hidden_layers_own.on_file("ko", str(tmp_path / "three.csv"), 0, 0, FORM.values())
    assert [label for _, _, label in read["points"]] == [0, 1, 0]
    read = sequential_own.on_file("ko", str(tmp_path / "three.csv"))
    assert len(read["table"]["value"]["data"]) == 3 and read["data"] == "table"
    assert len(read["columns"].split(",")) == 3


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(
    "content", [b"", b"a,b\n", b"\x00\xff\xfe\x01" * 50, b"1,2\n" * 100_000, b"1,2\n" * 2_000_000, b'"' * 300_000]
)
def test_a_file_that_is_no_table_is_told(content: bytes, lang: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(content)
    for read in (perceptron.on_file, sequential_own.on_file):
        with pytest.raises(gr.Error) as told:
            read(lang, str(tmp_path / "own.csv"))
        assert bool(HANGUL.search(str(told.value))) == (lang == "ko") and not told.value.print_exception


DIVERGING: list[tuple[str, str, dict[str, Any]]] = [
    ("perceptron", "perceptron_steps", {"standardise": False, "rate": 0.1}),
    ("gradient_descent", "gradient_descent_run", {"rate": 50}),
    (
        "hidden_layers",
        "hidden_layers_train",
        {"data": "plane", "task": "regression", "activation1": "relu"} | {"rate": 10.0},
    ),
    ("epochs", "epochs_train", {"rate": 3, "epochs": 50, "batch": 10, "pace": "fast"}),
    ("sequential", "sequential_fit", {"optimizer": "sgd", "rate": 1000}),
]


def last_shown(stream: Any) -> list[Any]:
    """For each output of an event, as Gradio gets them by position, the last value that was no skip."""
    last: list[Any] = []
    for values in stream:
        pairs = zip(last or values, values, strict=True)  # a value may be an array: compare dicts only
        last = [old if isinstance(new, dict) and new == gr.skip() else new for old, new in pairs]
    return last


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize(("slug", "api_name", "settings"), DIVERGING)
def test_a_run_that_diverges_ends_with_a_reason_and_its_pictures(
    slug: str, api_name: str, settings: dict[str, Any], lang: str
) -> None:
    demo, event, values, at = named(slug, lang, api_name)
    for name, value in settings.items():
        values[at[name]] = value
    last = last_shown(served.in_step(event.fn(*asyncio.run(demo.preprocess_data(event, values, None)))))
    reason = text.load("common", lang)("why.diverged", rate=settings["rate"])
    if slug == "gradient_descent":  # speaks of this surface's own limit
        reason = text.table(slug, lang)["verdict.diverged"].partition("{")[0]
    said = " ".join(value for value in last if isinstance(value, str))
    assert reason in said, said
    pictures = [
        v for v, out in zip(last, event.outputs, strict=True) if isinstance(out, gr.HTML) and isinstance(v, dict)
    ]
    assert len(pictures) >= 2
    json.dumps([{k: v for k, v in p.items() if k != "__type__"} for p in pictures], allow_nan=False)


BOUNDS: list[tuple[str, str, dict[str, Any], bool]] = [  # endpoint, settings, whether they are refused
    ("sequential", "sequential_fit", {"size1": 0}, True),
    ("sequential", "sequential_fit", {"size1": 1001}, True),
    ("sequential", "sequential_fit", {"size1": 1000, "epochs": 1}, False),
    ("sequential", "sequential_fit", {"size1": 1000, "size2": 1000, "epochs": 1}, True),  # a million weights and more
    ("sequential", "sequential_fit", {"batch": 256, "epochs": 2}, False),  # of ten people
    ("sequential", "sequential_race", {"batch": 256, "epochs": 2}, False),
    ("sequential", "sequential_fit", {"split": 0.9}, True),  # nobody is left to learn from
    ("hidden_layers", "hidden_layers_train", {"units1": 0}, True),
    ("hidden_layers", "hidden_layers_train", {"units1": 1000}, True),
    ("hidden_layers", "hidden_layers_train", {"features": []}, True),
    ("hidden_layers", "hidden_layers_train", {"samples": 20, "batch": 100, "epochs": 2}, False),
    ("epochs", "epochs_train", {"samples": "10", "batch": 1000, "epochs": 2, "pace": "fast"}, False),
    ("backpropagation", "backpropagation_depth", {"depth": 1000}, True),
    ("activations", "activations_train", {"hidden": 0}, True),
    ("ml_vs_dl", "ml_vs_dl_match", {"features": []}, True),
]


@pytest.mark.parametrize(("slug", "api_name", "settings", "no"), BOUNDS)
def test_sizes_at_and_past_their_bounds(slug: str, api_name: str, settings: dict[str, Any], no: bool) -> None:
    for lang in text.LANGUAGES if no else ("en",):
        demo, event, values, at = named(slug, lang, api_name)
        for name, value in settings.items():
            values[at[name]] = value
        assert bool(refused(demo, event, values, lang)) == no


SIGNALS = [None, {}, {"x": "y", "w": None, "z": [], "index": 10**9, "layer": -5, "unit": 99, "from": 7, "to": -1}]


@pytest.mark.parametrize("slug", [slug for chapter in CHAPTERS for slug in chapter.lessons])
def test_a_signal_of_a_view_that_says_nothing_sensible(slug: str) -> None:
    demo, _ = made(slug, "ko")
    signals = [event for event in demo.fns.values() if event.collects_event_data]
    for event in signals:
        for data in SIGNALS:
            refused(demo, event, [sent(component) for component in event.inputs], "ko", data)


def test_calls_with_too_few_values_are_told() -> None:
    demo, event, values, _ = named("sequential", "en", "sequential_fit")
    assert refused(demo, event, values[:5], "en") == f"Values are missing. This call needs {len(values) - 2}."
    assert refused(demo, event, [], "en")

"""Every lesson without a browser: opens with its defaults, answers its tasks by computing, writes code that runs."""

from __future__ import annotations

import functools
import importlib
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest

from demos import CHAPTERS, kit
from demos.kit import lesson, text
from demos.shell import building, links
from tests import served

LESSONS = [slug for chapter in CHAPTERS for slug in chapter.lessons]


@functools.cache
def built(slug: str, lang: str) -> tuple[gr.Blocks, lesson.Room]:
    """A lesson laid out, once for all tests."""
    with pytest.MonkeyPatch.context() as patch, gr.Blocks() as demo:
        patch.setenv("STRICT", "1")
        return demo, building.safe_build(slug, lang)


@functools.cache
def answer(item: kit.Task) -> tuple[str, dict[str, Any]]:
    """What a task computes, once for both languages."""
    return item.answer()


def value(component: Any) -> Any:
    """What the browser would send for an untouched component, as the handler receives it."""
    if isinstance(component, gr.Dataframe):
        return component.value["data"]
    return component.value


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("slug", LESSONS)
def test_the_first_screen_is_filled(slug: str, lang: str) -> None:
    opening = built(slug, lang)[1].opening
    assert opening is not None, "a lesson shows something alive without a click"
    result = opening.fn(*[value(component) for component in opening.inputs])
    result = result if isinstance(result, tuple | list) else [result]
    assert len(result) == len(opening.outputs)
    views = [v for v, out in zip(result, opening.outputs, strict=True) if isinstance(out, gr.HTML)]
    filled = [v for v in views if isinstance(v, dict) and v and v != gr.skip()]
    assert filled
    assert all(v.get("caption") or v.get("alt") or v.get("label") for v in filled), "each picture is told in words, too"


@pytest.mark.parametrize("slug", LESSONS)
def test_every_control_is_restored_from_a_link(slug: str) -> None:
    _, room = built(slug, "ko")
    assert len(room.controls) >= 3
    for name, control in room.controls.items():
        assert links.admissible(control, value(control)), f"{name} refuses its own default {value(control)!r}"


def task_cases() -> list[Any]:
    found = []
    for slug in LESSONS:
        module = importlib.import_module(f"demos.{slug}.page")
        found += [pytest.param(slug, item, id=f"{slug}-{item.name}") for item in module.TASKS]
    return found


@pytest.mark.parametrize(("slug", "item"), task_cases())
def test_a_task_is_answered_by_computing(slug: str, item: kit.Task) -> None:
    truth, _ = answer(item)
    assert truth in item.choices
    known = replace(item, answer=lambda: answer(item))
    for lang in text.LANGUAGES:
        said = kit.on_task(slug, known, lang, item.choices[0])
        t = text.load(slug, lang)
        assert said.startswith(t("tasks_right" if truth == item.choices[0] else "tasks_wrong"))
        assert "{" not in said


@pytest.mark.parametrize("slug", LESSONS)
def test_each_lesson_has_three_tasks(slug: str) -> None:
    assert len(importlib.import_module(f"demos.{slug}.page").TASKS) >= 3


@pytest.mark.parametrize("slug", LESSONS)
def test_the_code_panel_writes_python(slug: str) -> None:
    demo, _ = built(slug, "en")
    panels = [d for d in demo.fns.values() if d.name == "on_code"]
    assert panels, "every lesson shows its code"
    inputs = [value(component) for component in panels[0].inputs]
    *_, code = served.in_step(panels[0].fn(*inputs))
    compile(code, f"{slug}.py", "exec")

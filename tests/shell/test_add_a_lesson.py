"""Adding a lesson touches one folder in demos and one word in CHAPTERS: done in a copy, and opened."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.places import ROOT

PAGE = '''
"""A small lesson: twice a number."""

from __future__ import annotations

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(number=3)
SCREEN = kit.Screen("bars")
TASKS = (kit.Task("twice", ("five", "six"), lambda: ("six", {"number": 3})),)


@kit.handler
def on_open(lang: str, number: float) -> kit.Update:
    t = text.load("doubling", lang)
    twice = 2 * kit.number(number)
    return SCREEN(bars={"bars": [{"name": t("twice"), "value": twice}], "caption": t("said", twice=twice)})


@kit.handler
def on_code(lang: str, number: float) -> str:
    return f"print(2 * {number})"


def build(lang: str) -> Room:
    t = text.load("doubling", lang)
    desk = kit.Desk(t, FORM, SCREEN, kit.header(t))
    desk.put(number=gr.Number(FORM.default("number"), label=t("number")), bars=views.bars())
    desk.on(desk.number.change, on_open, api="doubling")
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "doubling.py", on_code)
    kit.share(t, desk.controls)
    kit.story(t)
    return Room(desk.controls, desk.opening(on_open))


LESSON = Lesson("doubling", build)
'''

WORDS = """
first = "{}"
number = "{}"
twice = "{}"
said = "{{twice}}"

[tasks.twice]
question = "2 × 3?"
choices.five = "5"
choices.six = "6"
answer = "2 × {{number}} = 6"
"""

OPENS = """
import json
import gradio as gr
from demos import CHAPTERS, kit
from demos.shell import building, gallery
from demos.doubling import page
config = json.dumps(gallery.build(CHAPTERS).get_config_file(), default=str)
with gr.Blocks() as demo, kit.building(kit.Page(kit.new_shelf())):
    building.safe_build("doubling", "en")
print(json.dumps({
    "tab": "Doubling" in config,
    "event": any(event.api_name == "doubling" for event in demo.fns.values()),
    "bars": page.on_open("en", 4)["bars"]["bars"][0]["value"],
    "task": kit.on_task("doubling", page.TASKS[0], "en", "six"),
}))
"""


def test_a_lesson_is_one_folder_and_one_word(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns("__pycache__", "weights", "*.npz")
    for folder in ("core", "demos"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    new = copy / "demos" / "doubling"
    new.mkdir()
    (new / "page.py").write_text(PAGE, "utf-8")
    for lang, words in {"ko": ("수를 바꿔 보세요.", "수", "두 배"), "en": ("Change it.", "A number", "Twice")}.items():
        (new / f"words.{lang}.toml").write_text(WORDS.format(*words), "utf-8")
        title = "Doubling" if lang == "en" else "두 배 Doubling"
        (new / f"story.{lang}.md").write_text(f"# {title}\n\nLead.\n\n## Story\n\nText.\n", "utf-8")
    chapters = copy / "demos" / "__init__.py"
    source = chapters.read_text("utf-8")
    changed, times = re.subn(r'\("epochs", ', '("epochs", "doubling", ', source)
    assert times == 1
    chapters.write_text(changed, "utf-8")
    env = os.environ | {"PYTHONPATH": str(copy), "STRICT": "1"}
    done = subprocess.run([sys.executable, "-c", OPENS], cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["tab"] and told["event"] and told["bars"] == 8 and "**6**" in told["task"]

"""The load generator in short: one lesson in a process of its own; learners, attackers, leavers, a signal."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def served() -> Iterator[load.Served]:
    made = load.serve(ROOT, "perceptron")
    yield made
    made.stop()


def test_everybody_is_answered_and_hostile_calls_get_a_sentence(served: load.Served) -> None:
    name = "perceptron_steps"
    calls = asyncio.run(load.at_once(served, name, [served.events[name][1]] * 8))
    assert [call.error for call in calls] == [""] * 8 and all(0 < call.first <= call.last for call in calls)
    assert "8/8 done" in load.line_of(calls)
    assert load.hostile(served, 60) == []
    after = asyncio.run(load.at_once(served, name, [served.events[name][1]]))
    assert after[0].error == "", "still at work"
    assert "Traceback" not in served.log.read_text("utf-8")


def test_who_vanishes_holds_nobody_up_and_a_signal_ends_all_in_mid_run(served: load.Served) -> None:
    after = asyncio.run(load.vanished(served, "perceptron_steps", after=0.5))
    assert after.error == "" and after.first < 20
    assert asyncio.run(load.interrupted(served, "perceptron_steps", signal.SIGTERM, after=0.5)) < 5
    assert "Traceback" not in served.log.read_text("utf-8")


def test_the_container_files_parse() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "VOLUME", "HEALTHCHECK", "STOPSIGNAL", "CMD"}
    assert {step for step, _ in steps} <= known and steps[0][0] == "FROM"
    for step, words in steps:
        if step == "COPY":
            assert all((ROOT / source).exists() for source in re.sub(r"--\S+ ", "", words).split()[:-1]), words
    made = next(n for n, (step, words) in enumerate(steps) if step == "RUN" and "install -d -o learner" in words)
    volume = next(n for n, (step, _) in enumerate(steps) if step == "VOLUME")
    assert steps[volume][1] in steps[made][1] and made < volume, "else the volume belongs to root"
    assert json.loads(dict(steps)["CMD"]) == ["python", "app.py"]
    assert isinstance(json.loads(dict(steps)["HEALTHCHECK"].partition("CMD")[2]), list)
    yaml = pytest.importorskip("yaml")
    gallery = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["gallery"]
    port = dict(pair.split("=") for step, words in steps if step == "ENV" for pair in words.split())[
        "GRADIO_SERVER_PORT"
    ]
    assert gallery["ports"] == [f"{port}:{port}"]

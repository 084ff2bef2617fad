"""How the tests run: the whole suite on every core, a named file in one process; one torch thread in each.

Tiny nets run fastest on one thread. A file, a folder or a test that is named runs where a print and a debugger are seen.
At the end of a whole run stands how long it took, and on what.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("KERAS_BACKEND", "torch")
MOST = 8  # processes: each holds torch and transformers, about 1.5 GB
BEGAN = time.monotonic()
TRACEBACK = "the app's log holds a traceback"  # told by tests/browser, perhaps in another process
GRAVE = 10  # the exit status of a run that told one: CI gives it no second try


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def whole(config: pytest.Config) -> bool:
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return min(cores(), MOST) if whole(config) else 0


grave: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed and TRACEBACK in report.longreprtext:
        grave.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if grave:
        session.exitstatus = GRAVE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not whole(config):
        return
    about = Path("/proc/cpuinfo")
    named = [line for line in about.read_text().splitlines() if line.startswith("model name")] if about.exists() else []
    chip = named[0].partition(": ")[2] if named else platform.processor() or platform.machine()
    minutes, seconds = divmod(round(time.monotonic() - BEGAN), 60)
    terminalreporter.write_line(
        f"{minutes} min {seconds} s on {cores()} cores of {chip}, Python {platform.python_version()}"
    )

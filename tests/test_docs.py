"""Every example in a docstring of core and demos runs and prints what it says; the README's files exist."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from tests.places import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in ("core", "demos")
    for path in (ROOT / folder).rglob("*.py")
    if ">>>" in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert tried and not failed


def test_readme_programs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the one whose model has to be fetched."""
    words = (ROOT / "README.md").read_text("utf-8")
    programs = [each for each in re.findall(r"```python\n(.*?)```", words, re.DOTALL) if "smollm2" not in each]
    x = np.linspace(-1, 1, 20)[:, None]
    monkeypatch.chdir(tmp_path)
    for program in programs:
        exec(program, {"x": x, "y": x**2})
    assert len(programs) == 2 and (tmp_path / "heart.png").exists()


def test_readme_names_files_that_exist() -> None:
    words = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"`((?:core|demos|tests|recipes|benchmarks|docs)/[\w./-]*)`", words))
    named |= set(re.findall(r"\]\(((?:docs|demos|core|recipes|benchmarks)/[^)]+)\)", words))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]

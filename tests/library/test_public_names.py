"""The names of ``core``: what an editor sees is what is there, and none of them is Any."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import core
from tests.places import ROOT

USER = """
import core
from core import *

reveal_type(core.LanguageModel.load("x"))
reveal_type(core.LanguageModel.local("x").next_token("a"))
reveal_type(core.StableDiffusion.load("emoji").generate("red apple", seed=0))
reveal_type(core.ImageText.load("emoji").similarity(["a"], ["b.png"]))
reveal_type(core.ImageClassifier.pretrained("fashion"))
reveal_type(core.BagOfWords().fit(["a"], [1]).explain("x"))
reveal_type(core.Sequential.load("x"))
reveal_type(core.to_script)
reveal_type(core.WordClassifier())
reveal_type(core.DenoiseStep)
reveal_type(core.Token)
"""


def test_editors_see_the_names_that_resolve() -> None:
    tree = ast.parse((ROOT / "core" / "__init__.py").read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {a.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assert seen == {name: f"core.{home}" for name, home in core._HOMES.items()}
    assert sorted(core.__all__) == sorted(seen) == sorted(dir(core))
    assert all(getattr(core, name).__name__ == name for name in core.__all__)


def test_no_public_name_is_any(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(USER)
    command = [sys.executable, "-m", "mypy", str(tmp_path / "user.py")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    revealed = re.findall(r'user.py:\d+: note: Revealed type is "(.*)"', told)
    assert len(revealed) == USER.count("reveal_type"), told
    assert not [each for each in revealed if each.split("[")[0] in ("Any", "builtins.object")], told

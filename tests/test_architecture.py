"""The layer rule (import-linter), no pickles, no prints, and importing is cheap."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

CORE, DEMOS = sorted((ROOT / "core").rglob("*.py")), sorted((ROOT / "demos").rglob("*.py"))


def dotted(path: Path) -> str:
    """core/mlp/losses.py → core.mlp.losses"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, top_level_only: bool = False) -> set[str]:
    """Top package names a file imports; with ``top_level_only``, those that run when the file is imported."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = _running(tree.body) if top_level_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.split(".")[0] for name in names} | names


def _running(body: list[ast.stmt]) -> list[ast.stmt]:
    out = []
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        out.append(node)
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                out += _running(getattr(node, name, []))
    return out


def test_arrows_run_down_and_in_no_circle() -> None:
    """All contracts of pyproject.toml. In a process of its own: the linter keeps the stream it first had."""
    code = (
        "from importlinter.cli import lint_imports as lint; exit(lint(config_filename='pyproject.toml', no_cache=True))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("path", [*CORE, *DEMOS, ROOT / "app.py"], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_pickle_and_no_remote_code(path: Path) -> None:
    assert not imported(path) & {"pickle", "joblib", "dill", "cloudpickle", "shelve"}
    source = path.read_text("utf-8")
    assert not re.search(r"trust_remote_code\s*=\s*True", source)
    assert not re.search(r"torch\.load\((?!.*weights_only=True)", source)


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_core_never_prints(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    prints = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in ("print", "tqdm")]
    assert not prints, f"print in core at lines {prints}"


@pytest.mark.parametrize("module", ["core", "app"])
def test_importing_is_cheap(module: str) -> None:
    heavy = "torch torchvision diffusers transformers sklearn kiwipiepy onnx matplotlib"
    code = f"import sys, {module}; print(*[m for m in '{heavy}'.split() if sys.modules.get(m)])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_no_machine_paths_and_no_pickles_are_tracked() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if files.returncode:
        pytest.skip("not a git checkout")
    tracked = [ROOT / name for name in files.stdout.splitlines()]
    assert not [p for p in tracked if p.suffix in {".pkl", ".pt", ".pth", ".ckpt", ".bin", ".joblib"}]
    assert not [p for p in tracked if p.exists() and p.stat().st_size >= 10_000_000], "files a Space would refuse"
    foreign = [
        f"{host}{end}"
        for host, end in (("pypi", ".org"), ("download.pytorch", ".org"), ("npmjs", ".org"), ("/ro", "ot/"))
    ]
    words = {".py", ".md", ".toml", ".txt", ".js", ".css", ".sh", ".yml", ".yaml", ""}
    texts = [p for p in tracked if p.suffix in words and p.is_file()]
    assert not [(p.name, each) for p in texts for each in foreign if each in p.read_text("utf-8")]


def test_handlers_update_components_and_make_none() -> None:
    """A component made inside a handler enters the visitor's page while another thread may be reading it."""
    made = []
    for path in DEMOS:
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.name.startswith("on_"):
                made += [
                    f"{path.name}: {function.name} makes gr.{call.func.attr}"
                    for call in ast.walk(function)
                    if isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and isinstance(call.func.value, ast.Name)
                    and call.func.value.id == "gr"
                    and call.func.attr not in ("Error", "Info", "Warning", "Progress")
                    and call.func.attr[0].isupper()
                ]
    assert not made


def test_how_many_are_asked_for_is_a_number_in_every_language() -> None:
    """Korean says "적어도 {least}개": an English phrase there once came out as "적어도 one word개"."""
    phrase = re.compile(r"\bleast=[\"']")
    assert not [dotted(path) for path in CORE if phrase.search(path.read_text("utf-8"))]


def test_an_error_can_be_told_whatever_else_was_imported() -> None:
    """A module registers the codes it raises itself, or imports who does: else the sentence would be a KeyError."""
    trees = {dotted(path): ast.parse(path.read_text("utf-8")) for path in CORE}
    errors = {"InvalidInput", "Unavailable", "NotReady", "Diverged", "CoreError", "WeightsMissing"}

    def calls(name: str) -> list[tuple[str, ast.expr, str]]:
        """(function, its first argument, the object it is a method of) of every call in a module."""
        made = [node for node in ast.walk(trees[name]) if isinstance(node, ast.Call) and node.args]
        return [
            (node.func.attr, node.args[0], ast.unparse(node.func.value))
            if isinstance(node.func, ast.Attribute)
            else (ast.unparse(node.func), node.args[0], "")
            for node in made
        ]

    def keys(table: ast.expr) -> set[str]:
        return {k.value for k in getattr(table, "keys", []) if isinstance(k, ast.Constant)}

    def reached(name: str, seen: set[str]) -> set[str]:
        if name in trees and name not in seen:
            seen.add(name)
            for node in trees[name].body:
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "core":
                    reached(str(node.module), seen)
                    [reached(f"{node.module}.{alias.name}", seen) for alias in node.names]
        return seen

    own = {
        name: set().union(*[keys(first) for called, first, _ in calls(name) if called == "register"]) for name in trees
    }
    general = set().union(*[keys(node) for node in ast.walk(trees["core.errors"]) if isinstance(node, ast.Dict)])
    untold = {}
    for name in trees:
        raised = {
            first.value
            for called, first, of in calls(name)
            if (called in errors or (called, of) == ("add", "check")) and isinstance(first, ast.Constant)
        }
        if left := raised - general - set().union(*[own[other] for other in reached(name, set())]):
            untold[name] = left
    assert not untold

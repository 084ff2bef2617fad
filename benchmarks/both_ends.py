"""Do the unit tests pass at both ends of requirements.txt: the oldest versions it admits, and the newest?

Makes two environments with uv, the oldest on Python 3.11 (``--resolution lowest-direct``) and the newest on Python 3.13, runs the
same tests in each, and prints which versions there were and which tests fare differently. Gigabytes of torch and much time: by
hand, not in CI. Results stand in docs/measured.md.
Usage: python -m benchmarks.both_ends [--work folder] [--end oldest|newest] [tests/library/mlp …]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
ENDS = {"oldest": ("3.11", "lowest-direct"), "newest": ("3.13", "highest")}
TOLD = (
    "torch",
    "torchvision",
    "transformers",
    "diffusers",
    "gradio",
    "numpy",
    "scikit-learn",
    "kiwipiepy",
    "keras",
    "onnx",
)
MODULES = ("core.mlp.sequential", "core.vision.classifier", "core.llm.language_model", "core.diffusion.stable_diffusion",
           "core.language.bag_of_words", "core.vision.onnx_file", "core.multimodal.clip", "app")  # fmt: skip


def made(end: str, work: Path) -> Path:
    """The Python of that end's environment, made if it is not there."""
    version, resolution = ENDS[end]
    python = work / end / "bin" / "python"
    if not python.exists():
        uv = work / "uv" / "bin" / "uv"
        if not uv.exists():
            subprocess.run([sys.executable, "-m", "venv", work / "uv"], check=True)
            subprocess.run([work / "uv" / "bin" / "pip", "install", "-q", "uv"], check=True)
        subprocess.run([uv, "venv", "-q", "--python", version, work / end], check=True)
        wanted = ["--resolution", resolution, "-r", ROOT / "requirements-dev.txt"]
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *wanted], check=True)
    return python


def versions(python: Path) -> str:
    ask = f"import importlib.metadata as m; print(', '.join(f'{{n}} {{m.version(n)}}' for n in {TOLD!r}))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def imports(python: Path) -> list[str]:
    """What cannot be imported, and why."""
    failed = []
    for module in MODULES:
        done = subprocess.run([python, "-c", f"import {module}"], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            failed.append(f"{module}: {done.stderr.strip().splitlines()[-1][:160]}")
    return failed


def outcomes(python: Path, tests: list[str]) -> dict[str, str]:
    """Test → passed, skipped, or the first line of what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.xml"
        call = [
            python,
            "-m",
            "pytest",
            "-n",
            "0",
            "-q",
            "-p",
            "no:cacheprovider",
            "--continue-on-collection-errors",
            "--tb=short",
        ]
        done = subprocess.run(
            [*call, f"--junitxml={told}", *(tests or ["tests"])], cwd=ROOT, capture_output=True, text=True
        )
        if not told.exists():
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        return {
            f"{case.get('classname')}.{case.get('name')}": _outcome(case)
            for case in ElementTree.parse(told).iter("testcase")
        }


def _outcome(case: ElementTree.Element) -> str:
    for trouble in case:
        if trouble.tag == "skipped":
            return "skipped"
        if trouble.tag in ("failure", "error"):
            lines = [line[1:].strip() for line in (trouble.text or "").splitlines() if line.startswith("E ")]
            return f"{trouble.tag}: {(lines or [trouble.get('message') or ''])[-1][:160]}"
    return "passed"


def failed(outcome: str) -> bool:
    return outcome not in ("passed", "skipped")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", help="default: all unit tests")
    parser.add_argument("--work", type=Path, help="where the environments stay; without it they are thrown away")
    parser.add_argument("--end", choices=list(ENDS), action="append")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {}
        for end in options.end or ENDS:
            python = made(end, options.work or Path(folder))
            print(f"{end}: Python {ENDS[end][0]}, {versions(python)}", flush=True)
            for line in imports(python):
                print(f"  cannot import {line}", flush=True)
            results[end] = outcomes(python, options.tests)
            bad = [f"{name}: {outcome}" for name, outcome in results[end].items() if failed(outcome)]
            skipped = sum(outcome == "skipped" for outcome in results[end].values())
            print(f"  {len(results[end])} tests, {skipped} skipped, {len(bad)} failed", *bad, sep="\n    ", flush=True)
    if len(results) == 2:
        first, second = results.values()
        for name in sorted(first.keys() | second.keys()):
            if first.get(name) != second.get(name):
                print(f"differs: {name}: {first.get(name)} / {second.get(name)}")
    sys.exit(any(failed(outcome) for each in results.values() for outcome in each.values()))


if __name__ == "__main__":
    main()

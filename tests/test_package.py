"""The package, built as a wheel and used where the repository is not: everything is inside, and ``taste`` works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.places import ROOT

PACKAGES = ("core", "demos", "taste")
LARGE = 200_000  # bytes; such files go in empty: their names are what is looked at
TABLE = "name,weight,height\n" + "".join(f"{'ab'[i % 2]},{50 + i},{150 + 2 * i}\n" for i in range(20))


def listed() -> list[str]:
    known = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PACKAGES], cwd=ROOT, capture_output=True, text=True
    )
    if known.returncode:
        pytest.skip("not a git checkout")
    return [name for name in known.stdout.splitlines() if (ROOT / name).is_file()]


def slim(folder: Path, names: list[str]) -> None:
    for name in [*names, "pyproject.toml", "README.md", "LICENSE", "requirements.txt"]:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).stat().st_size > LARGE:
            place.touch()
        else:
            shutil.copy(ROOT / name, place)


def test_a_wheel_holds_everything_and_its_command_works_elsewhere(tmp_path: Path) -> None:
    names = listed()
    slim(tmp_path / "source", names)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(tmp_path / "source")]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    assert set(names) <= set(zipfile.ZipFile(wheel).namelist())
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)], check=True)
    (elsewhere / "data.csv").write_text(TABLE, "utf-8")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONPATH": str(site)}

    def taste(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(site / "bin" / "taste"), *words]
        return subprocess.run(command, cwd=elsewhere, env=env, capture_output=True, text=True)

    run = taste("train", "data.csv", "--target", "name", "--epochs", "3", "--save", "model.safetensors")
    assert run.returncode == 0, run.stderr
    assert "20 rows; name from weight, height" in run.stdout and "validation:" in run.stdout
    plot = ElementTree.parse(elsewhere / "loss.svg").getroot()
    assert len(plot.findall("{*}polyline")) == 2 and (elsewhere / "model.safetensors").stat().st_size > 1000
    wrong = taste("train", "data.csv", "--target", "hight")
    assert wrong.returncode == 2 and "Did you mean height?" in wrong.stderr and "Traceback" not in wrong.stderr

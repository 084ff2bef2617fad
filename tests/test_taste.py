"""The command ``taste`` in this process: what it prints, what it saves, what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.diffusion.settings import settings_from_png
from taste import command


def test_a_drawing_is_the_librarys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from core.lessons.stable_diffusion import studio

    out = tmp_path / "apple.png"
    assert command.main(["draw", "red apple", "--steps", "3", "--seed", "5", "--out", str(out)]) == 0
    truth = studio.shared("emoji").generate("red apple", num_inference_steps=3, seed=5)
    np.testing.assert_array_equal(np.asarray(Image.open(out)), np.asarray(truth))
    assert settings_from_png(out.read_bytes()).num_inference_steps == 3 and str(out) in capsys.readouterr().out
    for more, windows in (([], ("dog", "cake")), (["--no-windows"], ())):
        assert command.main(["draw", "a dog and a cake", "--steps", "1", "--out", str(out), *more]) == 0
        assert settings_from_png(out.read_bytes()).windows == windows


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["draw", " "], "prompt"),
        (["draw", "a", "--steps", "0"], "num_inference_steps"),
        (["train", "nowhere.csv"], "nowhere.csv"),
        (["draw", "a", "--out", "a.jpg"], ".png"),  # told before it is drawn
        (["draw", "a", "--out", "."], "folder"),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(words) == 2
    assert said in capsys.readouterr().err


def test_a_korean_table_is_learnt_and_kept_in_a_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core import Sequential

    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{150 + i},{'개' if i % 2 else '고양이'}\n" for i in range(20))
    (tmp_path / "표.csv").write_bytes(f"키,종류\n{rows}".encode("cp949"))
    assert (
        command.main(["train", "표.csv", "--epochs", "2", "--save", "새/net.safetensors", "--plot", "새/loss.svg"]) == 0
    )
    assert "종류" in capsys.readouterr().out and (tmp_path / "새/loss.svg").read_text("utf-8").startswith("<svg")
    assert Sequential.load(tmp_path / "새/net.safetensors").predict([[0.0]]).shape == (1, 1)
    assert command.main(["train", "표.csv", "--plot", "loss.png"]) == 2 and ".svg" in capsys.readouterr().err
    assert command.main(["train", "표.csv", "--target", "나이"]) == 2 and "키, 종류" in capsys.readouterr().err

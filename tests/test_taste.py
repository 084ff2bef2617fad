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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["draw", " "], "prompt"),
        (["draw", "a", "--steps", "0"], "num_inference_steps"),
        (["train", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(words) == 2
    assert said in capsys.readouterr().err

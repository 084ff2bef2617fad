"""Lesson 14: three things to predict, each answered by a convolution."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_size() -> tuple[str, dict[str, Any]]:
    from core.vision.convolution import ConvConfig

    config = ConvConfig(32, 32, 5, 5, stride=2)
    return str(config.output[0]), {"formula": config.formula[0], "left": config.leftover[0]}


def _answer_flat() -> tuple[str, dict[str, Any]]:
    from core.vision.convolution import KERNELS, convolve

    value = float(convolve([[200.0] * 5] * 5, KERNELS["vertical_edges"]).output[0, 1, 1])
    return f"{value:g}", {"value": value, "weights": f"{sum(map(sum, KERNELS['vertical_edges'])):g}"}


def _answer_shift() -> tuple[str, dict[str, Any]]:
    from core.vision.convolution import KERNELS, convolve

    line = [[0, 0, 255, 0, 0]] * 5
    row = convolve(line, KERNELS["shift_right"], padding=1).output[0, 2].tolist()
    where = row.index(255.0)
    return "right" if where > 2 else "left" if where < 2 else "stay", {"before": 2, "after": where}


TASKS = (
    kit.Task("size", ("14", "15", "16"), _answer_size),
    kit.Task("flat", ("0", "200", "800"), _answer_flat),
    kit.Task("shift", ("left", "stay", "right"), _answer_shift),
)

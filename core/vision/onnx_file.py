"""A trained image network as one ONNX file: pictures in, probabilities out, its labels inside.

Any ONNX runtime runs it without PyTorch: ``pictures`` (N, C, H, W) float32 in 0–1 in, ``probabilities`` (N, K) out.
Left out: other inputs than pictures, quantisation. Source: ``torch.onnx.export`` (the exporter built on torch.export).
"""

from __future__ import annotations

import copy
import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from core.errors import Unavailable, register

register({"package_missing": "This needs the package {package}. Install it with: pip install {package}."})


_ALONE = threading.Lock()  # torch.export traces one network at a time: of two threads, one fails


def write(module: nn.Module, shape: tuple[int, int, int], classes: Sequence[str], path: str | Path) -> None:
    """Write ``softmax(module(pictures))`` for pictures of ``shape`` (C, H, W), for any number of them."""
    try:
        import onnxscript
    except ImportError as error:
        raise Unavailable("package_missing", package="onnxscript") from error
    whole = nn.Sequential(copy.deepcopy(module), nn.Softmax(dim=1)).cpu().eval()
    example = torch.zeros(2, *shape)
    with _ALONE:
        logger = logging.getLogger(onnxscript.__name__)
        level = logger.level
        logger.setLevel(logging.ERROR)  # its notes on optimisations are not for learners
        try:
            program = torch.onnx.export(
                whole,
                (example,),
                input_names=["pictures"],
                output_names=["probabilities"],
                dynamic_shapes=({0: torch.export.Dim("count", min=1, max=4096)},),
                dynamo=True,
                verbose=False,
            )
        finally:
            logger.setLevel(level)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    program.model.metadata_props["labels"] = json.dumps(list(classes), ensure_ascii=False)
    program.save(str(path), external_data=False)

"""Kernels as people write them: rows of numbers as text, resized, given to one or three channels.

The arithmetic is convolution.py. Left out: anything learnt (lesson 15).
"""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import numpy as np

from core.errors import InvalidInput, checking, register, shown
from core.lessons.convolution import choices
from core.vision.convolution import KERNELS, ConvConfig, Convolved, Pooled, convolve, max_pool, per_channel, relu

register(
    {
        "kernel_text": "Row {row} of the kernel: {received} is no number. Write numbers such as -1, 0.5 or 1/9.",
        "kernel_ragged": "Row {row} of the kernel has {received} numbers, the first row {expected}. Make them equal.",
        "kernel_blocks": "The kernel has {received} blocks. Write 1, or {expected} with empty lines between them.",
    }
)

MOST = int(choices.SIZE.high)
LARGEST = 1e6


def parse(text: str, mode: str = "grey") -> np.ndarray:
    """Rows of numbers → (C, kh, kw) float64; one block serves every channel. "1/9" is a number, too.

    Raises:
        InvalidInput: no number, rows of different length, more than 7 × 7, a number beyond a million.
    """
    with checking() as check:
        check.within("mode", mode, choices.MODE)
    channels = 1 if mode == "grey" else 3
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("empty", name="kernel", least=1)
    if len(text) > 5000:
        raise InvalidInput("too_many", name="kernel", most=5000, received=len(text))
    blocks = _blocks(text)
    if len(blocks) not in (1, channels):
        if channels != 1:
            raise InvalidInput("kernel_blocks", received=len(blocks), expected=channels)
        blocks = blocks[:1]  # the grey picture takes the first
    rows, columns = len(blocks[0]), len(blocks[0][0])
    for block in blocks:
        if len(block) != rows or rows > MOST or columns > MOST:
            received = f"{len(block)} × {columns}"
            raise InvalidInput("wrong_shape", name="kernel", expected=f"≤ {MOST} × {MOST}", received=received)
        for number, row in enumerate(block, 1):
            if len(row) != columns:
                raise InvalidInput("kernel_ragged", row=number, received=len(row), expected=columns)
    return np.repeat(np.array(blocks, dtype=np.float64), channels // len(blocks), axis=0)


def _blocks(text: str) -> list[list[list[float]]]:
    """Blocks of rows of numbers, between empty lines."""
    blocks: list[list[list[float]]] = [[]]
    number = 0
    for line in text.replace("−", "-").replace(",", " ").replace(";", "\n").splitlines():
        words = line.split()
        if words:
            number += 1
            blocks[-1].append([_number(word, number) for word in words])
        elif blocks[-1]:
            blocks.append([])
            number = 0
    return [block for block in blocks if block]


def _number(word: str, row: int) -> float:
    try:
        value = float(Fraction(word)) if "/" in word else float(word)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise InvalidInput("kernel_text", row=row, received=shown(word)) from error
    with checking() as check:
        check.between("kernel", value, -LARGEST, LARGEST)
    return value


def write(kernel: np.ndarray) -> str:
    """(kh, kw) or (C, kh, kw) → text that ``parse`` reads back exactly; equal channels are written once."""
    blocks = kernel[None] if kernel.ndim == 2 else kernel
    if all(np.array_equal(block, blocks[0]) for block in blocks):
        blocks = blocks[:1]
    return "\n\n".join("\n".join("  ".join(map(_word, row)) for row in block) for block in blocks.tolist())


def cells(kernel: np.ndarray) -> list[list[list[str]]]:
    """(C, kh, kw) → each number as ``write`` writes it."""
    return [[[_word(value) for value in row] for row in block] for block in kernel.tolist()]


def _word(value: float) -> str:
    """Short and exact: 1, -0.5, 1/9."""
    if value == int(value):
        return str(int(value))
    near = Fraction(value).limit_denominator(256)
    short = repr(value)
    return str(near) if float(near) == value and len(str(near)) < len(short) else short


def preset(name: str) -> str:
    """A kernel of convolution.KERNELS as text."""
    with checking() as check:
        check.one_of("kernel", name, KERNELS)
    return write(np.array(KERNELS[name], dtype=np.float64))


def resized(kernel: np.ndarray, size: int) -> np.ndarray:
    """(C, kh, kw) → (C, size, size): cut at the edges, or zeros around, the middle stays in the middle."""
    with checking() as check:
        check.within("kernel size", size, choices.SIZE)
    out = np.zeros((len(kernel), size, size))
    (h, w) = kernel.shape[1:]
    rows, columns = min(h, size), min(w, size)
    top, left = (size - rows) // 2, (size - columns) // 2
    up, before = (h - rows) // 2, (w - columns) // 2
    out[:, top : top + rows, left : left + columns] = kernel[:, up : up + rows, before : before + columns]
    return out


def planes(pixels: np.ndarray, mode: str) -> np.ndarray:
    """(H, W, 3) uint8 → the input of a mode: (1, H, W) grey, or (3, H, W)."""
    from core.vision.pixels import greyscale, to_chw

    return greyscale(pixels)[None] if mode == "grey" else to_chw(pixels)


def apply(
    image: np.ndarray,
    kernel: np.ndarray,
    mode: str,
    bias: float = 0.0,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Convolved:
    """``convolve`` in a mode: "apart" keeps each channel to itself, the others add all channels into one output."""
    with checking() as check:
        check.within("bias", bias, choices.BIAS)
    weights = kernel[:, None] * per_channel(np.ones((1, 1))) if mode == "apart" else kernel[None]
    return convolve(image, weights, np.full(len(weights), bias), stride, padding, dilation)


def stages(result: Convolved, pool: int) -> tuple[np.ndarray, Pooled]:
    """What follows a convolution in a network: ReLU, then max-pooling (never larger than the map)."""
    after = relu(result.output)
    with checking() as check:
        check.whole("pool", pool, 1, 8)
    return after, max_pool(after, min(int(pool), *after.shape[1:]))


def multiply_adds(config: ConvConfig, channels: int, mode: str) -> int:
    """Multiplications of one pass: H' · W' · kh · kw · C."""
    height, width = config.output
    return height * width * config.kernel_height * config.kernel_width * channels


def weights_count(kernel: np.ndarray, mode: str) -> int:
    """Numbers a network would learn: the kernel's, and a bias per output."""
    return int(kernel.size) + (len(kernel) if mode == "apart" else 1)


def to_picture(output: np.ndarray) -> np.ndarray:
    """(1 or 3, H, W) → (H, W, 3) uint8: three channels cut to 0–255; one stretched so that 0 keeps its place.

    Never below 0: black is 0, white the largest (at least 255). With negative numbers: mid grey is 0.
    """
    if len(output) == 3:
        return np.clip(np.round(np.moveaxis(output, 0, -1)), 0, 255).astype(np.uint8)
    low, reach = float(output.min()), max(float(np.abs(output).max()), 1e-9)
    light = output[0] / max(reach, 255.0) * 255 if low >= 0 else 127.5 + output[0] / reach * 127.5
    return np.repeat(np.round(light).astype(np.uint8)[..., None], 3, axis=2)


def to_csv(output: np.ndarray) -> str:
    """(O, H, W) as a table: channel, row, then the numbers of the row."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["channel", "row", *range(output.shape[2])])
    for channel, plane in enumerate(output.tolist()):
        writer.writerows([channel, row, *numbers] for row, numbers in enumerate(plane))
    return file.getvalue()


def grey_picture(output: np.ndarray) -> np.ndarray:
    """A map (H', W') as a picture, uint8: the size of each number, white from 255 on."""
    grey: np.ndarray = np.abs(output).round().clip(0, 255).astype(np.uint8)
    return grey

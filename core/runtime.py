"""The machine: device, precision, threads, seeds. The only file that asks what computer this is.

CPU with two cores is the reference; CUDA, then MPS, are chosen when present; ``DL_DEVICE=cpu`` overrides.
torch is imported inside the functions: ``import core`` must stay cheap.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch


T = TypeVar("T", bound=Callable[..., object])

# While diffusers and transformers open a checkpoint they switch off, for the whole process, how torch fills a new layer
# and where it puts it; two that open at once can leave it off. So one thing is opened or made at a time.
MAKING = threading.RLock()


def alone(make: T) -> T:
    """Decorates what makes layers: it waits until no checkpoint is being opened. Training and answering never wait."""

    @functools.wraps(make)
    def made(*args: object, **kwargs: object) -> object:
        with MAKING:
            return make(*args, **kwargs)

    return made  # type: ignore[return-value]


@functools.cache
def device() -> torch.device:
    """The device heavy models run on: ``DL_DEVICE``, else cuda, else mps, else cpu."""
    import torch

    wish = os.environ.get("DL_DEVICE", "")
    if wish:
        return torch.device(wish)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def generator(seed: int, on: torch.device | str = "cpu") -> torch.Generator:
    """A private random stream: global seeds are never touched, so two visitors never meet."""
    import torch

    return torch.Generator(device=on).manual_seed(int(seed))


@functools.cache
def bf16_pays() -> bool:
    """Whether bf16 autocast is faster than fp32 here: CUDA from Ampere on, or a CPU with AMX or AVX512-BF16 units."""
    import torch

    if device().type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device().type != "cpu":
        return False
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


@contextlib.contextmanager
def autocast(enabled: bool | None = None) -> Iterator[None]:
    """bf16 autocast on the chosen device; ``None`` means: where it is known to be faster."""
    import torch

    on = bf16_pays() if enabled is None else enabled
    with torch.autocast(device().type, dtype=torch.bfloat16, enabled=on):
        yield


@functools.cache
def usual_threads() -> int:
    """How many threads torch uses where nobody asked for another number. First called outside ``threads``."""
    import torch

    return torch.get_num_threads()


_elsewhere = ThreadPoolExecutor(1, "usual-threads")  # never computes


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Use ``count`` torch threads inside the block. Tiny nets run fastest on one.

    torch keeps the number for each thread, and gives a new thread the number that was set last, wherever that was: so it
    is set once more, to the usual, from another thread. Else what is born meanwhile would compute on one thread for ever.
    """
    import torch

    usual, before = usual_threads(), torch.get_num_threads()
    torch.set_num_threads(count)
    _elsewhere.submit(torch.set_num_threads, usual).result()
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _elsewhere.submit(torch.set_num_threads, usual).result()


def give_back() -> None:
    """Hand freed memory back to the system. glibc keeps it otherwise: 200 MB after an LLM was packed."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another libc
            ctypes.CDLL(None).malloc_trim(0)


def describe(where: str | None = None) -> str:
    """One line for the badge of a panel, e.g. ``"CPU · torch 2.14.1"`` or ``"NVIDIA H100 · torch 2.14.1"``."""
    import torch

    kind = where or device().type
    name = torch.cuda.get_device_name() if kind == "cuda" else {"cpu": "CPU", "mps": "Apple GPU"}.get(kind, kind)
    return f"{name} · torch {torch.__version__.split('+')[0]}"

"""Two ways to read and continue a sequence: transformers' own forward pass ("torch"), or ``fast_decode`` ("fast").

An engine opens a session per sequence: ``read(ids)`` takes in a part of the prompt, ``step(token)`` one token more; both
answer with the logits (V,) of what comes next, float32 on the CPU. A third one, "llamacpp" (see ``llama_cpp``), draws by
itself. Sequences of several threads share the passes of the fast one (``together``).
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from core.errors import InvalidInput, checking, register
from core.llm import fast_decode, llama_cpp
from core.llm.fast_decode import FastDecoder, FastSession
from core.llm.llama_cpp import LlamaCpp
from core.llm.together import Ask, SharedSession, shared_steps
from core.together import Together

register({"no_fast_engine": "{name} cannot be decoded by the fast engine here. Use the engine torch."})

ENGINES = ("auto", "torch", "fast", "llamacpp", "fastest")
WORTH_IT = 50_000_000  # parameters: below, packing gains nothing, and the exact engine is fast anyway


class Session(Protocol):
    """One growing sequence."""

    def read(self, ids: Sequence[int]) -> Tensor: ...

    def step(self, token: int) -> Tensor: ...


class TorchSession:
    """Plain transformers with its cache of keys and values."""

    def __init__(self, model: Any, turn: threading.RLock) -> None:
        from transformers import DynamicCache

        self.model, self._turn = model, turn
        past = fast_decode.cache_argument(model)
        self._settings: dict[str, Any] = {past: DynamicCache(config=model.config), "use_cache": True}
        if "logits_to_keep" in inspect.signature(model.forward).parameters:
            self._settings["logits_to_keep"] = 1

    @torch.inference_mode()
    def read(self, ids: Sequence[int]) -> Tensor:
        new = torch.tensor([list(ids)], device=self.model.device)
        with self._turn:
            answer = self.model(new, **self._settings)
        return answer.logits[0, -1].float().cpu()

    def step(self, token: int) -> Tensor:
        return self.read([token])


class FastTurns:
    """A FastSession whose reading, which borrows the model, waits for its turn; its steps are made with those of others."""

    def __init__(self, session: FastSession, turn: threading.RLock, steps: Together[Ask, Tensor]) -> None:
        self._session, self._turn = session, turn
        self.step = SharedSession(session, steps).step

    def read(self, ids: Sequence[int]) -> Tensor:
        with self._turn:
            return self._session.read(ids)


class Engines:
    """The engines of one model. Weights are packed from when the fast one is first asked for, once."""

    def __init__(self, model: Any, name: str, gguf: Path | None = None) -> None:
        """``gguf``: the file of the same model for llama.cpp, if there is one."""
        self.model, self.name, self.gguf, self.turn = model, name, gguf, threading.RLock()
        self._fast: FastDecoder | None = None
        self._llama: LlamaCpp | None = None
        self._steps = shared_steps()
        self.supported = fast_decode.supports(model)
        self.parameters = sum(weight.numel() for weight in model.parameters())

    def choose(self, wish: str) -> str:
        """ "torch", "fast" or "llamacpp". "auto" is the fast one where it is supported and worth it; "fastest" is
        llama.cpp where it is installed, else the same as "auto".

        Raises InvalidInput when one is asked for but not to be had.
        """
        with checking() as check:
            check.one_of("engine", wish, ENGINES)
        native = llama_cpp.available(self.gguf)
        if (wish == "fast" and not self.supported) or (wish == "llamacpp" and not native):
            raise InvalidInput("no_fast_engine", name=self.name)
        if wish == "fastest" and native:
            return "llamacpp"
        if wish in ("auto", "fastest"):
            return "fast" if self.supported and self.parameters >= WORTH_IT else "torch"
        return wish

    def begin(self, engine: str, capacity: int) -> Session:
        """A new sequence of at most ``capacity`` tokens."""
        if engine == "torch":
            return TorchSession(self.model, self.turn)
        return FastTurns(self.decoder().begin(capacity), self.turn, self._steps)

    def decoder(self) -> FastDecoder:
        """The packed weights; the first call begins to make them."""
        with self.turn:
            if self._fast is None:
                self._fast = FastDecoder(self.model)
            return self._fast

    def native(self) -> LlamaCpp:
        """llama.cpp with this model's GGUF file, opened on the first call. Raises Unavailable."""
        with self.turn:
            if self._llama is None:
                assert self.gguf is not None
                self._llama = LlamaCpp(self.gguf, self.name, torch.get_num_threads())
            return self._llama

    def warm(self) -> None:
        """Begin to pack now, if "auto" will want it: while the prompt is read, it is nearly done."""
        if self.choose("auto") == "fast":
            self.decoder()

    @contextmanager
    def open_hood(self) -> Iterator[None]:
        """Inside, attention hands out its weights; nobody else uses the model meanwhile."""
        with self.turn:
            before = self.model.config._attn_implementation
            self.model.set_attn_implementation("eager")
            try:
                yield
            finally:
                self.model.set_attn_implementation(before)

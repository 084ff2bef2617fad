"""llama.cpp as an engine of the chat: where the optional package ``xllamacpp`` is installed and the model came as GGUF.

It reads, draws and goes on in threads of its own. Token ids go in and come out, so letters, stop strings and ends are
handled as everywhere else. The filters stand in the order of ``decoding``, but the dice are others: a seed gives the same
answer again, not torch's answer. Left out: attention, branches, two answers at once (the second waits for its turn).
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Unavailable, register
from core.events import Progress
from core.llm.decoding import Candidate, Sampling

register({"llama_cpp_failed": "llama.cpp could not go on with {name} ({reason}). Use the engine torch."})

PACKAGE = "xllamacpp"
CONTEXT = 4096  # tokens of prompt and answer together; its keys and values take 24 kB each
BATCH = 64  # prompt tokens read at once, so that Stop is felt
ORDER = ["penalties", "temperature", "top_k", "top_p", "min_p"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What llama.cpp wrote next, with the model's own probability of it.

    It tells whole letters. One made of several tokens (most Korean ones, in a small vocabulary) and any without
    alternatives have the ``id`` −1 and the ``probability`` NaN: llama.cpp says at most its last piece's.
    """

    id: int
    probability: float
    text: str
    alternatives: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a stream."""

    full: bool  # as many tokens as were asked for
    tokens: int


def available(gguf: Path | None) -> bool:
    """Whether this model can be run by llama.cpp here."""
    return gguf is not None and importlib.util.find_spec(PACKAGE) is not None


class LlamaCpp:
    """One GGUF file, opened once."""

    def __init__(self, gguf: Path, name: str, threads: int) -> None:
        """Raises Unavailable ``llama_cpp_failed``."""
        package = importlib.import_module(PACKAGE)
        wishes: dict[str, Any] = {"n_ctx": CONTEXT, "n_parallel": 1, "n_batch": BATCH, "n_ubatch": BATCH}
        wishes |= {"warmup": False, "fit_params": False, "verbosity": -1, "cache_ram_mib": 0}
        wishes |= {"ui": False, "endpoint_slots": False, "api_keys": [secrets.token_hex(16)]}  # it also listens locally
        params = package.CommonParams()
        params.model.path = str(gguf)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        for key, value in wishes.items():
            if hasattr(params, key):
                setattr(params, key, value)
        self.name, self._turn = name, threading.Lock()
        try:
            self._server = package.Server(params)
        except Exception as error:  # whatever C++ throws
            raise Unavailable("llama_cpp_failed", name=name, reason=type(error).__name__) from error

    def stream(
        self, ids: Sequence[int], most: int, sampling: Sampling, alternatives: int, label: Callable[[int], str]
    ) -> Iterator[Progress | Drawn | Ended]:
        """Progress("read", tokens, total) while it waits and reads, up to ``most`` tokens without the end token, Ended.

        Closing it ends the work at the next token. Raises Unavailable ``llama_cpp_failed``.
        """
        while not self._turn.acquire(timeout=0.25):
            yield Progress("read", 0, len(ids))
        said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        gone = threading.Event()

        def hear(piece: Any) -> bool:
            said.put(piece)
            return gone.is_set()  # True ends it

        def work() -> None:
            try:
                self._server.handle_completions(_request(ids, most, sampling, alternatives), hear)
            except Exception as error:
                said.put({"error": {"message": type(error).__name__}})
            finally:
                said.put(None)
                self._turn.release()

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            while (piece := said.get()) is not None:
                if error := piece.get("error"):
                    raise Unavailable("llama_cpp_failed", name=self.name, reason=str(error.get("message"))[:200])
                if told := piece.get("prompt_progress"):
                    yield Progress("read", told["processed"], told["total"])
                for choice in piece.get("choices") or ():
                    yield from _drawn(choice, alternatives, label)
                    if reason := choice.get("finish_reason"):
                        yield Ended(reason == "length", int((piece.get("usage") or {}).get("completion_tokens") or 0))
        finally:
            gone.set()
            worker.join()


def _request(ids: Sequence[int], most: int, sampling: Sampling, alternatives: int) -> dict[str, Any]:
    body: dict[str, Any] = {"prompt": list(ids), "n_predict": most, "stream": True, "return_progress": True}
    body |= {"n_probs": alternatives, "samplers": ORDER, "seed": int(sampling.seed) % 2**32}
    body |= {"temperature": sampling.temperature, "top_k": int(sampling.top_k), "top_p": sampling.top_p}
    return body | {"min_p": sampling.min_p, "repeat_penalty": sampling.repetition_penalty, "repeat_last_n": CONTEXT}


def _drawn(choice: dict[str, Any], alternatives: int, label: Callable[[int], str]) -> Iterator[Drawn]:
    told = (choice.get("logprobs") or {}).get("content")
    if not told and choice.get("text"):
        yield Drawn(-1, math.nan, choice["text"])
    for token in told or ():
        id, text = int(token["id"]), token["token"]
        if label(id).strip() != text.strip():  # a piece: the letter took more tokens than this last one
            yield Drawn(-1, math.nan, text)
            continue
        others = token["top_logprobs"][:alternatives]
        candidates = tuple(Candidate(each["id"], label(each["id"]), math.exp(each["logprob"])) for each in others)
        yield Drawn(id, math.exp(token["logprob"]), text, candidates)

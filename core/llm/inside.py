"""What a language model shows when asked: its choices for the next token, attention maps, and the logit lens.

The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens") reads every layer's vector as if it were the
last one: final norm, output matrix, softmax. L layers, H heads, T tokens, V = vocabulary size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from core import runtime
from core.errors import InvalidInput, checking
from core.llm.decoding import Candidate, Sampling, most_probable, reweigh
from core.llm.detokenizer import Piece, label, pieces
from core.llm.engines import Engines

MOST_INSPECTED = 256  # tokens: maps grow with the square
LENS_TOP = 5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate before and after the sliders."""

    id: int
    text: str
    probability: float  # the model's own
    share: float  # what it is drawn with: after penalty, temperature and filters; 0 when filtered out


class NextToken(Sequence[Candidate]):
    """The most probable next tokens, in falling order, and the logits behind them.

    ``logits`` (V,) float32 are kept, so ``reweigh`` answers at once, without asking the model again.
    """

    def __init__(
        self, logits: np.ndarray, seen: Sequence[int], top: int, name_of: Callable[[int], str], dropped: int = 0
    ) -> None:
        with checking() as check:
            check.whole("top", top, 1, 1000)
        self.logits, self.seen, self.dropped = logits, tuple(seen), dropped  # seen: the prompt's tokens
        self.candidates = most_probable(torch.from_numpy(logits), int(top), name_of)

    @overload
    def __getitem__(self, at: int) -> Candidate: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Candidate]: ...

    def __getitem__(self, at: int | slice) -> Candidate | Sequence[Candidate]:
        return self.candidates[at]

    def __len__(self) -> int:
        return len(self.candidates)

    def reweigh(
        self,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
    ) -> tuple[Weighed, ...]:
        """The same candidates with the share each would be drawn with. No forward pass. Raises InvalidInput."""
        shares = self.shares(temperature, top_k, top_p, min_p, repetition_penalty)
        return tuple(Weighed(c.id, c.text, c.probability, float(shares[c.id])) for c in self.candidates)

    def shares(
        self,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
    ) -> np.ndarray:
        """What every token (V,) would be drawn with, float32; they sum to 1."""
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
        return reweigh(torch.from_numpy(self.logits), sampling, self.seen).softmax(0).numpy()


@dataclass(frozen=True, slots=True)
class Inspection:
    """One reading of a prompt with the hood open."""

    tokens: tuple[Piece, ...]  # T
    attention: np.ndarray  # (L, H, T, T) float32; a row sums to 1, nothing above the diagonal
    lens_ids: np.ndarray  # (L + 1, T, 5) int64: most probable next tokens after each layer; [0] is the embedding
    lens_probabilities: np.ndarray  # (L + 1, T, 5) float32
    seconds: float
    labels: dict[int, str]  # readable text of every id in lens_ids

    def lens(self, position: int = -1) -> tuple[tuple[Candidate, ...], ...]:
        """For one position, what each layer (first the embedding) would say comes next."""
        ids, shares = self.lens_ids[:, position].tolist(), self.lens_probabilities[:, position].tolist()
        return tuple(
            tuple(Candidate(i, self.labels[i], p) for i, p in zip(*row, strict=True))
            for row in zip(ids, shares, strict=True)
        )


def inspect(engines: Engines, tokenizer: Any, ids: Sequence[int]) -> Inspection:
    """Read ``ids`` (at most 256) once more, slowly, and keep what happens inside. Raises InvalidInput."""
    if len(ids) > MOST_INSPECTED:
        raise InvalidInput("too_many", name="tokens", most=MOST_INSPECTED, received=len(ids))
    begun, model = time.perf_counter(), engines.model
    with engines.open_hood(), torch.inference_mode():
        read = torch.tensor([list(ids)], device=model.device)
        seen = model(read, output_attentions=True, output_hidden_states=True, use_cache=False)
        maps = torch.stack([layer[0].float().cpu() for layer in seen.attentions]).numpy()
        layers = [_says(model, hidden[0], last) for hidden, last in _marked(seen.hidden_states)]
    lens_ids, shares = (np.stack(each) for each in zip(*layers, strict=True))
    runtime.give_back()
    labels = {token: label(tokenizer, token) for token in np.unique(lens_ids).tolist()}
    return Inspection(pieces(tokenizer, ids), maps, lens_ids, shares, time.perf_counter() - begun, labels)


def _marked(hidden: Sequence[Tensor]) -> list[tuple[Tensor, bool]]:
    return [(state, number == len(hidden) - 1) for number, state in enumerate(hidden)]


def _says(model: Any, hidden: Tensor, last: bool) -> tuple[np.ndarray, np.ndarray]:
    """Top next tokens of a layer's vectors (T, D): ids and shares (T, 5). transformers hands out the last one normed."""
    state = hidden if last else final_norm(model)(hidden)
    logits = model.get_output_embeddings()(state)  # (T, V)
    tops = [part.float().softmax(-1).topk(min(LENS_TOP, logits.shape[-1])) for part in logits.split(8)]  # little memory
    ids, shares = (torch.cat([getattr(top, name) for top in tops]).cpu().numpy() for name in ("indices", "values"))
    return ids, shares


def final_norm(model: Any) -> Callable[[Tensor], Tensor]:
    """The norm between the last layer and the output matrix, under its name in this architecture."""
    base = model.base_model
    found = next((part for name in ("norm", "ln_f", "final_layer_norm") if (part := getattr(base, name, None))), None)
    return found or torch.nn.Identity()

"""The events of ``LanguageModel.steps`` when llama.cpp draws the tokens (see ``llama_cpp``): letters, stops, ends, times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from core.events import Deadline, Done, Progress
from core.llm.decoding import Generation, Sampling, StopStrings, Token, Truncated
from core.llm.llama_cpp import Ended
from core.llm.prompts import Prompt


def relay(
    lm: Any,
    prompt: Prompt,
    begun: tuple[int, ...],
    most: int,
    full: str,
    sampling: Sampling,
    stops: StopStrings,
    alternatives: int,
    deadline: float | None,
) -> Iterator[Progress | Truncated | Token | Done[Generation]]:
    """``full`` is why it ends after ``most`` tokens. A letter of several tokens has the id −1."""
    clock, ids, text, new, first = Deadline(deadline), [*prompt.ids, *begun], "", list[int](), 0.0
    stopped, end = None, int(lm.tokenizer.eos_token_id)
    if prompt.dropped:
        yield Truncated(prompt.dropped, len(prompt.ids), lm.context)
    events = lm.engines.native().stream(ids, most, sampling, alternatives, lm.label)
    with closing(events):
        for event in events:
            if isinstance(event, Progress):
                yield event
            elif isinstance(event, Ended):
                stopped = full if event.full else None
                said = stops.end()
                new += [-1] * (event.tokens - len(new)) + ([] if event.full else [end])
                text, first = text + said, first or clock.elapsed
                if said or not event.full:
                    yield Token(-1 if event.full else end, said, math.nan, ())
                break
            else:
                new.append(event.id)
                said = stops.add(event.text)
                text, first = text + said, first or clock.elapsed
                yield Token(event.id, said, event.probability, event.alternatives)
            if stops.hit or clock.expired:
                stopped = None if stops.hit else "deadline"
                break
    speed = (len(new) - 1) / max(clock.elapsed - first, 1e-9) if len(new) > 1 else 0.0
    answer = Generation(text, tuple(new), len(prompt.ids), prompt.dropped, first, speed, "llamacpp")
    yield Done(answer, clock.elapsed, stopped)

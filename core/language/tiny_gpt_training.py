"""How the tiny GPT learns: random windows of a text, cross-entropy of each next letter, AdamW, a sample now and then.

A GPTRun goes on where it was stopped. Randomness is its own, so a seed gives the same run again (on the same machine;
another number of threads may change the last digits). A loop of its own, not core/training's: windows are drawn anew for
every update, so there are no epochs. Left out: a schedule of the learning rate beyond its warm-up.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core import runtime
from core.errors import Diverged, InvalidInput, checking, register
from core.events import Cadence, Deadline, Done, Latest
from core.language.alphabet import Alphabet, GPTConfig, clean
from core.language.tiny_gpt import TinyGPT

register({"text_too_short": "The text has {received} letters; at least {least} are needed. Add more text."})

MOST_TEXT = 400_000  # letters
WARM_UP = 20  # updates until the learning rate is at its full height
HELD_OUT = 0.1  # the end of the text, never learnt from: does it learn the language or the text by heart?
SAMPLE_LETTERS = 120


@dataclass(frozen=True, slots=True)
class GPTStep:
    """A report of the run."""

    update: int  # done since the run began
    loss: float  # mean −ln p(next letter) over the last batch, nats
    held_out: float | None  # the same on text never learnt from; None if the text is too short to spare any
    letters: int  # read so far, repeats counted
    seconds: float  # spent learning so far, stops not counted


@dataclass(frozen=True, slots=True)
class GPTSample:
    """What the model writes at this moment."""

    update: int
    seconds: float
    prompt: str
    text: str  # without the prompt


class GPTRun:
    """One model learning one text. ``steps`` may be called again and again.

    >>> run = GPTRun("tick tock " * 30, GPTConfig(layers=1, heads=2, width=16, context=8))
    >>> from core.events import drain
    >>> drain(run.steps(30)).update
    30
    """

    def __init__(self, text: str, config: GPTConfig | None = None) -> None:
        """Raises InvalidInput (``text_too_short``, ``too_many``) when the text has too few or too many letters."""
        self.config = config or GPTConfig()
        self.text = clean(text)
        least = 2 * self.config.context + 2
        if len(self.text.strip()) < least:
            raise InvalidInput("text_too_short", received=len(self.text.strip()), least=least)
        if len(self.text) > MOST_TEXT:
            raise InvalidInput("too_many", name="letters", most=MOST_TEXT, received=len(self.text))
        # Layers draw when they are made; the seeds of others stay as they are.
        with runtime.MAKING, torch.random.fork_rng(devices=[]):
            self.model = TinyGPT(Alphabet(self.text), self.config)
        ids = torch.tensor(self.model.alphabet.encode(self.text))
        spare = int(len(ids) * HELD_OUT)
        spare = spare if spare > 4 * self.config.context else 0
        self.learnt, self.spared = ids[: len(ids) - spare], ids[len(ids) - spare :]
        self.update, self.seconds = 0, 0.0
        self.losses: list[tuple[int, float]] = []  # (update, loss) at each report
        self.held_out: list[tuple[int, float]] = []
        self._latest = Latest()
        self._draw = torch.Generator().manual_seed(self.config.seed)
        self._optimizer = torch.optim.AdamW(self.model.parameters(), betas=(0.9, 0.99), weight_decay=0.01)

    def steps(
        self,
        updates: int = 300,
        *,
        deadline: float | None = None,  # seconds
        every: float = 0.25,  # seconds between reports
        sample_every: float = 2.5,  # seconds between samples; the first comes before the first update of a new run
        prompt: str = "",
        temperature: float = 0.8,
    ) -> Iterator[GPTStep | GPTSample | Done[GPTRun]]:
        """Learn ``updates`` more batches. Every report adds to ``losses``; a last sample and report come before Done.

        ``Done.stopped``: "deadline", or "paused" by a later run.

        Raises:
            Diverged: ``diverged`` when the loss is no longer finite.
        """
        with checking() as check:
            check.whole("updates", updates, 1, 100_000)
            check.between("temperature", temperature, 0.0, 10.0)
        clock = Deadline(deadline)
        run = self._learn(int(updates), clock, every, sample_every, prompt, temperature)
        yield from self._latest.of(run, lambda: Done(self, clock.elapsed, "paused"))

    def pause(self) -> None:
        """The run at hand ends with the report that it is making: what is read now is what stays."""
        self._latest.pause()

    def _learn(
        self, updates: int, clock: Deadline, every: float, sample_every: float, prompt: str, temperature: float
    ) -> Generator[GPTStep | GPTSample | Done[GPTRun]]:
        before, stopped = self.seconds, None
        report, speak = Cadence(seconds=every), Cadence(seconds=sample_every)
        if self.update == 0:
            yield self._sample(prompt, temperature)
        for done in range(1, updates + 1):
            with runtime.threads(1):  # so small a net runs fastest on one
                loss = learn(self.model, self._optimizer, self.learnt, self._draw, self.update + 1)
            self.update, self.seconds = self.update + 1, before + clock.elapsed
            if not math.isfinite(loss):
                rate = self.config.learning_rate
                raise Diverged("diverged", received=loss, step=self.update, learning_rate=rate)
            stopped = "deadline" if clock.expired and done < updates else None
            last = done == updates or stopped is not None
            if last or done == 1 or report.due(done):
                yield self._report(loss)
            if last or speak.due(done):
                yield self._sample(prompt, temperature)
            if last:
                break
        yield Done(self, clock.elapsed, stopped)

    def _report(self, loss: float) -> GPTStep:
        spared = None
        if len(self.spared):
            with torch.no_grad():
                draw = torch.Generator().manual_seed(0)  # the same windows each time
                spared = float(loss_of(self.model, *windows(self.spared, self.config, draw)))
            self.held_out.append((self.update, spared))
        self.losses.append((self.update, loss))
        letters = self.update * self.config.batch * self.config.context
        return GPTStep(self.update, loss, spared, letters, self.seconds)

    def _sample(self, prompt: str, temperature: float) -> GPTSample:
        with runtime.threads(1):
            written = self.model.write(prompt, SAMPLE_LETTERS, temperature, self.config.seed)
            text = "".join(letter.text for letter in written)
        return GPTSample(self.update, self.seconds, clean(prompt), text)


def windows(ids: Tensor, config: GPTConfig, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """A batch (B, T) of random windows and the same windows one letter on: what comes next."""
    starts = torch.randint(len(ids) - config.context, (config.batch, 1), generator=draw)
    at = starts + torch.arange(config.context)
    return ids[at], ids[at + 1]


def loss_of(model: TinyGPT, x: Tensor, y: Tensor) -> Tensor:
    """Mean −ln p of the right next letter, over every position of every window."""
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())


def learn(model: TinyGPT, optimizer: torch.optim.Optimizer, ids: Tensor, draw: torch.Generator, update: int) -> float:
    """One update on one random batch; its loss before the update."""
    for group in optimizer.param_groups:
        group["lr"] = model.config.learning_rate * min(1.0, update / WARM_UP)
    x, y = windows(ids, model.config, draw)
    loss = loss_of(model, x, y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())

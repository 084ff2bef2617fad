"""Who goes on with a text in lesson 11, and the story so far: counted letters, the tiny GPT, or the LLM on this machine.

All three answer ``next_token`` and ``steps`` alike, so the page treats them alike. The LLM is opened here only when it is
on the disk already; ``fetched`` is the one place that asks the network.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from core.errors import Check, InvalidInput, Unavailable, register
from core.events import Deadline, Done, Progress, drain
from core.lessons.language_model.offers import here as here
from core.lessons.language_model.offers import named
from core.lessons.language_model.offers import offers as offers
from core.llm import letter_models, remote
from core.llm.decoding import Candidate
from core.llm.detokenizer import Piece
from core.llm.inside import Inspection, NextToken, Weighed
from core.llm.language_model import LanguageModel
from core.pretrained import resolve
from core.pretrained.catalog import DEFAULT as DEFAULT

register(
    {
        "get_first": "{name} is not on this computer yet. Press the button that gets the model first.",
        "no_hood": "Only the LLM can be opened here. Choose it above.",
    }
)

WHO = ("counts", "tiny", "llm")
MOST_STORY = 400  # tokens of one story
MOST_INSIDE = 48  # tokens: a larger map cannot be read on a screen
CHOICES = 12  # bars on the screen


class Speaker(Protocol):
    """What the page needs from a model."""

    name: str
    parameters: int

    def next_token(self, prompt: str, top: int = 20, *, begun: Sequence[int] = ()) -> NextToken: ...

    def pieces(self, ids: Sequence[int]) -> tuple[Piece, ...]: ...

    @property
    def steps(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Story:
    """A prompt, the tokens that were added to it with the model's own probability of each, and what may come next."""

    who: str
    language: str
    model: str  # name of the LLM, also while another one speaks
    prompt: str
    begun: tuple[int, ...]
    shares: tuple[float, ...]
    asked: int  # tokens of the prompt, the first of ``choices.seen``
    choices: NextToken
    seconds: float  # of the last look
    settled: bool = True  # False while it is being written: ``choices`` belong to an earlier place


@dataclass(frozen=True, slots=True)
class Weighing:
    """The choices under the sliders, all from the kept logits."""

    items: tuple[Weighed, ...]
    left: int  # tokens that can still be drawn
    size: int  # V
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Hood:
    """One layer and one head of the LLM reading the story, and what each layer would say next."""

    tokens: tuple[Piece, ...]  # T
    map: np.ndarray  # (T, T) rows sum to 1
    lens: tuple[tuple[Candidate, ...], ...]  # per layer (first the embedding), five candidates each
    layers: int
    heads: int
    seconds: float


def fetched(name: str = DEFAULT) -> Iterator[Progress | Done[Any]]:
    """Get the LLM if need be, and open it."""
    return LanguageModel.load_steps(named(name))


def opening(who: str, language: str, name: str = DEFAULT) -> Iterator[Progress | Done[Any]]:
    """The speaker, opened: trained a moment ago, counted, or loaded from the disk. Nothing is fetched.

    Raises InvalidInput, or Unavailable ``get_first``.
    """
    check = Check()
    check.one_of("who", who, WHO)
    check.one_of("language", language, ("ko", "en"))
    check.done()
    if who == "counts":
        yield Done(letter_models.counted(language), 0.0)
    elif who == "tiny":
        yield from letter_models.trained(language)
    else:
        yield from LanguageModel.load_steps(on_disk(name))


def on_disk(name: str) -> str:
    """The name, if that LLM is here already. Raises Unavailable ``get_first``."""
    if remote.is_address(name):
        raise InvalidInput("server_blind", name=name)
    if resolve.nearby(named(name)) is None:
        raise Unavailable("get_first", name=name)
    return name


def talker(name: str) -> Any:
    """Who answers in the chat: the LLM of this disk, or a server."""
    return drain(LanguageModel.load_steps(name)) if remote.is_address(name) else llm(name)


def speaker(who: str, language: str, name: str = DEFAULT) -> Any:
    """``opening`` drained."""
    return drain(opening(who, language, name))


def llm(name: str = DEFAULT) -> LanguageModel:
    """The LLM, if it is on this disk. Raises Unavailable ``get_first``."""
    model: LanguageModel = speaker("llm", "en", name)
    return model


def begin(model: Any, who: str, language: str, name: str, prompt: str) -> Story:
    """A new story: the prompt and what may come next."""
    clock = Deadline()
    choices = model.next_token(prompt, CHOICES)
    return Story(who, language, name, prompt, (), (), len(choices.seen), choices, clock.elapsed)


def grow(story: Story, token: int) -> Story:
    """The story with one more token, chosen by the learner among the choices (its id). Raises InvalidInput."""
    story = settled(story)
    shares = {c.id: c.probability for c in story.choices.candidates}
    if token not in shares:
        raise InvalidInput("out_of_range", name="index", low=0, high=len(shares) - 1, received=token)
    return told(story, (*story.begun, token), (*story.shares, shares[token]))


def cut(story: Story, at: int) -> Story:
    """The story up to its ``at``-th added token, with the choices that stood there: a branch starts here."""
    check = Check()
    check.whole("index", at, 0, len(story.begun))
    check.done()
    return told(story, story.begun[: int(at)], story.shares[: int(at)])


def told(story: Story, begun: tuple[int, ...], shares: tuple[float, ...]) -> Story:
    """The story with these added tokens, looked at anew."""
    if len(begun) > MOST_STORY:
        raise InvalidInput("too_many", name="tokens", most=MOST_STORY, received=len(begun))
    model = speaker(story.who, story.language, story.model)
    clock = Deadline()
    choices = model.next_token(story.prompt, CHOICES, begun=begun)
    return replace(story, begun=begun, shares=shares, choices=choices, seconds=clock.elapsed, settled=True)


def under_way(story: Story, begun: Sequence[int], shares: Sequence[float]) -> Story:
    """The story as it stands in the middle of writing; nothing is computed."""
    return replace(story, begun=tuple(begun), shares=tuple(shares), settled=False)


def settled(story: Story) -> Story:
    """The story with the choices of its end, also after Stop."""
    return story if story.settled else told(story, story.begun, story.shares)


def words(story: Story) -> str:
    """The prompt and what was added, as text."""
    model = speaker(story.who, story.language, story.model)
    said = ""
    for piece in model.pieces(story.begun):
        if piece.part == piece.parts and not piece.special and "\ufffd" not in piece.letters:
            said += piece.letters
    return story.prompt + said


def weigh(story: Story, **sampling: Any) -> Weighing:
    """The choices re-weighed; the model is not asked. Raises InvalidInput."""
    story, clock = settled(story), Deadline()
    shares = story.choices.shares(**sampling)
    items = tuple(Weighed(c.id, c.text, c.probability, float(shares[c.id])) for c in story.choices)
    return Weighing(items, int((shares > 0).sum()), len(shares), 1000 * clock.elapsed)


def open_hood(story: Story, layer: int, head: int) -> Hood:
    """What the LLM does inside while it reads the story (at most 48 tokens). Layer and head count from 1.

    Raises InvalidInput: ``no_hood``, ``too_many``, ``out_of_range``.
    """
    if story.who != "llm":
        raise InvalidInput("no_hood")
    if (size := story.asked + len(story.begun)) > MOST_INSIDE:
        raise InvalidInput("too_many", name="tokens", most=MOST_INSIDE, received=size)
    seen = _inside(story.model, story.prompt, story.begun)
    layers, heads = seen.attention.shape[:2]
    check = Check()
    check.whole("layer", layer, 1, layers)
    check.whole("head", head, 1, heads)
    check.done()
    chosen = seen.attention[int(layer) - 1, int(head) - 1]
    return Hood(seen.tokens, chosen, seen.lens(), layers, heads, seen.seconds)


@functools.lru_cache(maxsize=4)
def _inside(name: str, prompt: str, begun: tuple[int, ...]) -> Inspection:
    return llm(name).inspect(prompt, begun=begun)


def writing(story: Story, length: int, seed: int, **sampling: Any) -> Iterator[Any]:
    """Events of going on with the story for ``length`` tokens, at most 400 in all."""
    check = Check()
    check.whole("length", length, 1, MOST_STORY)
    check.done()
    room = min(int(length), MOST_STORY - len(story.begun))
    if room < 1:
        raise InvalidInput("too_many", name="tokens", most=MOST_STORY, received=MOST_STORY + 1)
    model = speaker(story.who, story.language, story.model)
    return model.steps(story.prompt, room, seed=seed, begun=story.begun, alternatives=CHOICES, **sampling)


def following(story: Story, length: int, seed: int, **sampling: Any) -> str:
    """The same as text, for the tasks and the script."""
    with closing(writing(story, length, seed, **sampling)) as events:  # type: ignore[type-var]
        written: str = drain(events).text
    return written

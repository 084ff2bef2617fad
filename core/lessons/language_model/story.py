"""A text that a model goes on with in lesson 12: counted letters, the tiny GPT, or the LLM on this machine.

All three answer ``next_token`` and ``steps`` alike, so the page treats them alike. The LLM is opened here only when it is
on the disk already; ``fetched`` is the one place that asks the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from core.errors import InvalidInput, Unavailable, checking, register, shown
from core.events import Deadline, Done, Progress, drain
from core.lessons.language_model import choices
from core.lessons.language_model.offers import named, offers
from core.llm import inside, letter_models, remote
from core.llm.decoding import Candidate
from core.llm.detokenizer import Piece
from core.llm.inside import Inspection, NextToken, Weighed
from core.llm.language_model import LanguageModel
from core.pretrained import catalog, resolve
from core.pretrained.catalog import DEFAULT as DEFAULT

register(
    {
        "get_first": "{name} is not on this computer yet. Press the button that gets the model first.",
        "terms_unread": "{name} has terms of use of its own ({terms}). Read them and tick that you agree; then get it.",
        "not_served": "{received} is no model of this server. It has: {choices}.",
        "no_hood": "Only the LLM can be opened here. Choose it above.",
    }
)


class TextModel(Protocol):
    """What the page needs from a model."""

    name: str
    parameters: int

    def next_token(self, prompt: str, top: int = 20, *, prefix: Sequence[int] = ()) -> NextToken: ...

    def pieces(self, ids: Sequence[int]) -> tuple[Piece, ...]: ...

    @property
    def steps(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Story:
    """A prompt, the tokens that were added to it with the model's own probability of each, and what may come next."""

    who: str
    language: str
    name: str  # of the LLM, also while another model goes on
    model: TextModel  # the one that goes on, opened
    prompt: str
    prefix: tuple[int, ...]  # the added tokens
    probabilities: tuple[float, ...]
    asked: int  # tokens of the prompt, the first of ``choices.seen``
    choices: NextToken
    seconds: float  # of the last look
    settled: bool = True  # False while it is being written: ``choices`` belong to an earlier place

    @property
    def about(self) -> tuple[str, str, str, str]:
        """What it was begun with: (who, language, name, prompt)."""
        return self.who, self.language, self.name, self.prompt

    @property
    def ids(self) -> tuple[int, ...]:
        """Every token, those of the prompt first."""
        return *self.choices.seen[: self.asked], *self.prefix


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


def agree(name: str, agreed: bool) -> None:
    """Note that the terms of this model, if it has any, are agreed to. Raises Unavailable ``terms_first`` if they are not."""
    wish = named(name)
    entry = next((each for each in catalog.entries().values() if wish in (each.name, each.hub)), None)
    if entry is None or resolve.accepted(entry) or resolve.nearby(wish) is not None:
        return
    if not agreed:
        raise Unavailable("terms_unread", name=entry.title, terms=entry.terms)
    resolve.accept(wish)


def fetched(name: str = DEFAULT) -> Iterator[Progress | Done[Any]]:
    """Get the LLM if need be, and open it."""
    return LanguageModel.load_steps(named(name))


def opening(who: str, language: str, name: str = DEFAULT) -> Iterator[Progress | Done[Any]]:
    """The model, opened: trained a moment ago, counted, or loaded from the disk. Nothing is fetched.

    Raises InvalidInput, or Unavailable ``get_first``.
    """
    with checking() as check:
        check.within("who", who, choices.WHO)
        check.one_of("language", language, ("ko", "en"))
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


def opened(who: str, language: str, name: str = DEFAULT) -> Any:
    """``opening`` drained."""
    return drain(opening(who, language, name))


def llm(name: str = DEFAULT) -> LanguageModel:
    """The LLM, if it is on this disk. Raises Unavailable ``get_first``."""
    model: LanguageModel = opened("llm", "en", name)
    return model


def served(name: str, language: str = "en") -> Any:
    """What programs may ask by name: counted letters ("counts"), or an LLM of the catalogue that is on this disk.

    Raises InvalidInput ``not_served``; no path is opened, no address is asked, nothing is fetched.
    """
    if name == "counts":
        return letter_models.counted(language)
    here = [offer.name for offer in offers(language) if offer.here]
    if name not in here:
        raise InvalidInput("not_served", received=shown(name), choices=", ".join([*here, "counts"]))
    return llm(name)


def begin(model: TextModel, who: str, language: str, name: str, prompt: str) -> Story:
    """A new story: the prompt and what may come next."""
    clock = Deadline()
    found = model.next_token(prompt, choices.BARS)
    return Story(who, language, name, model, prompt, (), (), len(found.seen), found, clock.elapsed)


def grow(story: Story, token: int) -> Story:
    """The story with one more token, chosen by the learner among the choices (its id). Raises InvalidInput."""
    story = settled(story)
    likely = {c.id: c.probability for c in story.choices.candidates}
    if token not in likely:
        raise InvalidInput("out_of_range", name="index", low=0, high=len(likely) - 1, received=token)
    return told(story, (*story.prefix, token), (*story.probabilities, likely[token]))


def cut(story: Story, at: int) -> Story:
    """The story up to its ``at``-th added token, with the choices that stood there: a branch starts here."""
    with checking() as check:
        check.whole("index", at, 0, len(story.prefix))
    return told(story, story.prefix[: int(at)], story.probabilities[: int(at)])


def told(story: Story, prefix: tuple[int, ...], probabilities: tuple[float, ...]) -> Story:
    """The story with these added tokens, looked at anew."""
    if len(prefix) > choices.MOST_STORY:
        raise InvalidInput("too_many", name="tokens", most=choices.MOST_STORY, received=len(prefix))
    clock = Deadline()
    found = story.model.next_token(story.prompt, choices.BARS, prefix=prefix)
    here = under_way(story, prefix, probabilities)
    return replace(here, choices=found, seconds=clock.elapsed, settled=True)


def under_way(story: Story, prefix: Sequence[int], probabilities: Sequence[float]) -> Story:
    """The story as it stands in the middle of writing; nothing is computed."""
    return replace(story, prefix=tuple(prefix), probabilities=tuple(probabilities), settled=False)


def settled(story: Story) -> Story:
    """The story with the choices of its end, also after Stop."""
    return story if story.settled else told(story, story.prefix, story.probabilities)


def words(story: Story) -> str:
    """The prompt and what was added, as text."""
    said = ""
    for piece in story.model.pieces(story.prefix):
        if piece.part == piece.parts and not piece.special and "\ufffd" not in piece.letters:
            said += piece.letters
    return story.prompt + said


def weigh(story: Story, **sampling: Any) -> Weighing:
    """The choices re-weighed; the model is not asked. Raises InvalidInput."""
    story, clock = settled(story), Deadline()
    shares = story.choices.shares(**sampling)
    items = tuple(Weighed(c.id, c.text, c.probability, float(shares[c.id])) for c in story.choices)
    return Weighing(items, int((shares > 0).sum()), len(shares), 1000 * clock.elapsed)


def inspect(story: Story) -> Inspection:
    """The LLM reads the story (its last 48 tokens) with its hood open. Raises InvalidInput ``no_hood``."""
    if not isinstance(story.model, LanguageModel):
        raise InvalidInput("no_hood")
    return inside.inspect(story.model.engines, story.model.tokenizer, story.ids[-choices.MOST_INSIDE :])


def hood(story: Story, seen: Inspection, layer: int, head: int) -> Hood:
    """One layer and head of what was seen inside. They count from 1; raises InvalidInput ``out_of_range``.

    What the last layer says is what the model answered: the choices of the story, which another engine computed (the
    same to about three digits). Only a story that was read in part has none for the part.
    """
    layers, heads = seen.attention.shape[:2]
    with checking() as check:
        check.whole("layer", layer, 1, layers)
        check.whole("head", head, 1, heads)
    chosen = seen.attention[int(layer) - 1, int(head) - 1]
    lens = seen.lens()
    if len(story.ids) <= choices.MOST_INSIDE:
        lens = (*lens[:-1], settled(story).choices.candidates[: len(lens[-1])])
    return Hood(seen.tokens, chosen, lens, layers, heads, seen.seconds)


def writing(story: Story, length: int, seed: int, **sampling: Any) -> Iterator[Any]:
    """Events of going on with the story for ``length`` tokens, at most 400 in all."""
    with checking() as check:
        check.whole("length", length, 1, choices.MOST_STORY)
    room = min(int(length), choices.MOST_STORY - len(story.prefix))
    if room < 1:
        raise InvalidInput("too_many", name="tokens", most=choices.MOST_STORY, received=choices.MOST_STORY + 1)
    how = {"seed": seed, "prefix": story.prefix, "alternatives": choices.BARS} | sampling
    events: Iterator[Any] = story.model.steps(story.prompt, room, **how)
    return events


def following(story: Story, length: int, seed: int, **sampling: Any) -> str:
    """The same as text, for the tasks and the script."""
    with closing(writing(story, length, seed, **sampling)) as events:  # type: ignore[type-var]
        written: str = drain(events).text
    return written

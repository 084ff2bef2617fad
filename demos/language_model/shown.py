"""Part of lesson 11: the story as chips, the next token as bars, and the label that says who computed them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text

WEIGHTS = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
PROMPT_CHIPS = 60  # tokens of the prompt on the screen: its end
SOURCES = {"counts": "counted", "tiny": "trained_now", "llm": "fetched"}


def sampling(weights: Any) -> dict[str, Any]:
    return {name: kit.whole(value) for name, value in zip(WEIGHTS, weights, strict=True)}


def visible(token: str) -> str:
    """Spaces and line ends that can be seen."""
    return token.replace("\n", "↵").replace(" ", "␣").replace("\u200d", "⟨ZWJ⟩") or "∅"


def opened(t: text.Text, who: str, name: str) -> Iterator[Any]:
    """Open a speaker: sentences while it is counted, trained or loaded, then the speaker itself."""
    from core.events import Done
    from core.lessons.language_model import story as speakers

    with closing(speakers.opening(who, t.lang, name)) as events:  # type: ignore[type-var]
        for event in events:
            match event:
                case Done(result=model):
                    yield model
                case _:
                    yield progress(t, event)


def progress(t: text.Text, event: Any) -> str:
    """One sentence per stage of counting, training, fetching and loading."""
    values = {"done": event.done / 1e6, "total": event.total / 1e6, "step": event.done, "steps": event.total}
    return t(f"progress.{event.stage}", detail=kit.quote(event.detail), **values)


def chips(t: text.Text, model: Any, story: Any, begun: Any, shares: Any) -> dict[str, Any]:
    """The prompt's tokens, then the added ones, coloured by how probable the model itself held them."""
    head = story.choices.seen[: story.asked][-PROMPT_CHIPS:]
    old = [{"text": piece.text, "id": piece.id} for piece in model.pieces(head)]
    new = [
        {
            "text": piece.text,
            "id": piece.id,
            "p": max(share, 0.02),
            "title": t("chip_title", share=share),
        }
        for piece, share in zip(model.pieces(begun), shares, strict=True)
    ]
    key = "chips_caption" if new else "chips_start"
    return {"tokens": [*old, *new], "caption": t(key, prompt=len(head), added=len(new))}


def answer_index(story: Any, index: Any) -> int:
    """Which added token a chip stands for; a chip of the prompt means the beginning."""
    return max(0, kit.whole(kit.number(index, "index")) - min(story.asked, PROMPT_CHIPS))


def bars(t: text.Text, story: Any, weights: Any) -> tuple[dict[str, Any], str]:
    """The choices after the sliders (from the kept logits), and a sentence on what is left."""
    from core.lessons.language_model import story as speakers

    seen = speakers.weigh(story, **sampling(weights))
    items = [
        {"name": visible(item.text), "value": item.share, "text": t("bar", share=item.share, own=item.probability)}
        for item in seen.items
    ]
    said = t("weighed", left=seen.left, size=seen.size, milliseconds=seen.milliseconds)
    return {"items": items, "low": 0, "high": 1, "caption": t("bars_caption"), "alt": t("bars_caption")}, said


def live_bars(t: text.Text, token: Any) -> dict[str, Any]:
    """While it writes: what the model itself held probable for the token just drawn."""
    items = [
        {"name": visible(c.text), "value": c.probability, "text": f"{c.probability:.1%}"} for c in token.alternatives
    ]
    at = next((k for k, c in enumerate(token.alternatives) if c.id == token.id), None)
    return {"items": items, "low": 0, "high": 1, "chosen": at, "caption": t("bars_live", share=token.probability)}


def label(t: text.Text, model: Any, story: Any) -> str:
    from core import runtime

    device = runtime.describe() if story.who == "llm" else runtime.describe("cpu")
    source, name = SOURCES[story.who], f" · {kit.quote(story.model)}" if story.who == "llm" else ""
    if story.who == "counts":
        said = kit.badge_text(t, source=source, seconds=story.seconds, device="CPU · Python")
        return said + " · " + t("table_size", count=model.parameters)
    return kit.badge_text(t, source=source, parameters=model.parameters, seconds=story.seconds, device=device) + name


def screen(t: text.Text, model: Any, story: Any, weights: Any) -> tuple[Any, ...]:
    """(story, chips, bars, sentence, badge)"""
    from core.lessons.language_model import story as speakers

    story = speakers.settled(story)
    picture, said = bars(t, story, weights)
    return story, chips(t, model, story, story.begun, story.shares), picture, said, label(t, model, story)


WAIT = (gr.skip(),) * 3

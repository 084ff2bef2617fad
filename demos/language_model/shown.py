"""Part of lesson 12: the story as chips, the next token as bars, and the label that says who computed them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from core.lessons.language_model import choices
from demos import kit
from demos.kit import text

STORY = ("here", "chips", "bars", "said", "badge")  # what a look at the story shows
SCREEN = kit.Screen(*STORY, "name", "who", "prompt", "got", "shelf", *choices.SAMPLING)
PROMPT_CHIPS = 60  # tokens of the prompt on the screen: its end
SOURCES = {"counts": "counted", "tiny": "trained_now", "llm": "fetched"}


def skeleton(t: text.Text) -> tuple[dict[str, Any], dict[str, Any]]:
    """(chips, bars) as tall as those to come, while a model is being opened: a sign of life, and nothing jumps."""
    said = t("opening")
    bars = {"items": [{"name": "…", "value": 0, "text": ""}] * choices.BARS, "low": 0, "high": 1, "caption": said}
    return {"tokens": [{"text": "…", "dim": True}] * 8, "caption": said}, bars


def sampling(form: kit.Values) -> dict[str, Any]:
    """How the next token is drawn, as the sliders say."""
    return {name: kit.whole(form[name]) for name in choices.SAMPLING}


def visible(token: str) -> str:
    """Spaces and line ends that can be seen."""
    return token.replace("\n", "↵").replace(" ", "␣").replace("\u200d", "⟨ZWJ⟩") or "∅"


def opened(t: text.Text, who: str, name: str) -> Iterator[Any]:
    """Open a model: sentences while it is counted, trained or loaded, then the model itself."""
    from core.events import Done
    from core.lessons.language_model import story

    with closing(story.opening(who, t.lang, name)) as events:  # type: ignore[type-var]
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


def chips(t: text.Text, here: Any) -> dict[str, Any]:
    """The prompt's tokens, then the added ones, coloured by how probable the model itself held them."""
    head = here.choices.seen[: here.asked][-PROMPT_CHIPS:]
    old = [{"text": piece.text, "id": piece.id} for piece in here.model.pieces(head)]
    new = [
        {"text": piece.text, "id": piece.id, "p": max(p, 0.02), "title": t("chip_title", share=p)}
        for piece, p in zip(here.model.pieces(here.prefix), here.probabilities, strict=True)
    ]
    key = "chips_caption" if new else "chips_start"
    return {"tokens": [*old, *new], "caption": t(key, prompt=len(head), added=len(new))}


def answer_index(here: Any, index: Any) -> int:
    """Which added token a chip stands for; a chip of the prompt means the beginning."""
    return max(0, kit.whole(kit.number(index, "index")) - min(here.asked, PROMPT_CHIPS))


def bars(t: text.Text, here: Any, form: kit.Values) -> kit.Update:
    """The choices after the sliders (from the kept logits), and a sentence on what is left."""
    from core.lessons.language_model.story import weigh

    seen = weigh(here, **sampling(form))
    items = [
        {"name": visible(item.text), "value": item.share, "text": t("bar", share=item.share, own=item.probability)}
        for item in seen.items
    ]
    said = t("weighed", left=seen.left, size=seen.size, milliseconds=seen.milliseconds)
    picture = {"items": items, "low": 0, "high": 1, "caption": t("bars_caption"), "alt": t("bars_caption")}
    return SCREEN(bars=picture, said=foreign(t, here) + said)


def live_bars(t: text.Text, token: Any) -> dict[str, Any]:
    """While it writes: what the model itself held probable for the token just drawn."""
    items = [
        {"name": visible(c.text), "value": c.probability, "text": f"{c.probability:.1%}"} for c in token.alternatives
    ]
    at = next((k for k, c in enumerate(token.alternatives) if c.id == token.id), None)
    return {"items": items, "low": 0, "high": 1, "chosen": at, "caption": t("bars_live", share=token.probability)}


def label(t: text.Text, here: Any) -> str:
    from core import runtime

    device = runtime.describe() if here.who == "llm" else runtime.describe("cpu")
    source, name = SOURCES[here.who], f" · {kit.quote(here.name)}" if here.who == "llm" else ""
    if here.who == "counts":
        said = kit.badge_text(t, source=source, seconds=here.seconds, device="CPU · Python")
        return said + " · " + t("table_size", count=here.model.parameters)
    size = here.model.parameters
    return kit.badge_text(t, source=source, parameters=size, seconds=here.seconds, device=device) + name


def screen(t: text.Text, here: Any, form: kit.Values) -> kit.Update:
    """The story with all that is shown of it."""
    from core.lessons.language_model.story import settled

    here = settled(here)
    return SCREEN(here=here, chips=chips(t, here), badge=label(t, here)) | bars(t, here, form)


def foreign(t: text.Text, here: Any) -> str:
    """Before what the model says: that it does not know the language of the text."""
    from core.lessons.language_model.offers import foreign

    return t("foreign") + " " if here.who == "llm" and foreign(here.name, here.prompt) else ""


def speed(t: text.Text, made: Any) -> str:
    """How fast it was written, and by what."""
    return t("speed", speed=made.tokens_per_second, engine=t(f"engine.{made.engine}"))

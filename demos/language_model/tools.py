"""Part of lesson 12: getting a model, other models, one sentence through three generations, words that travel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from core.lessons.language_model import choices
from demos import kit, views
from demos.kit import text
from demos.language_model import shown
from demos.language_model.shown import SCREEN

GOT = ("name", "who", "prompt", "got", "said")  # what changes when a model has been got
SENTENCE = kit.Form(sentence="")
THREE = kit.Screen("bits", "said")


@kit.handler
def on_get(lang: str, wish: str, agreed: bool = False) -> Iterator[kit.Update]:
    """Get a model (once), open it, and let it speak: progress all the way, Stop at any moment.

    One with terms of use of its own is fetched only after the visitor has agreed to them.
    """
    from core.errors import CoreError
    from core.lessons.language_model import story

    t = text.load("language_model", lang)
    story.agree(wish, agreed is True)
    yield SCREEN(said=t("progress.start", name=kit.quote(wish)))
    try:
        yield from _getting(t, lang, wish)
    except CoreError:
        yield SCREEN(said="")  # nothing is on its way any more
        raise


def _getting(t: text.Text, lang: str, wish: str) -> Iterator[kit.Update]:
    from core.events import Done
    from core.lessons.language_model import story
    from core.lessons.language_model.offers import speaks

    with closing(story.fetched(wish)) as events:  # type: ignore[type-var]
        for event in events:
            match event:
                case Done(result=model) if not model.parameters:  # a server
                    yield SCREEN(name=wish.strip(), said=t("models.server", name=kit.quote(model.name)))
                case Done(result=model, seconds=seconds):
                    said = t("models.ready", name=kit.quote(model.name), count=model.parameters, seconds=seconds)
                    prompt = t("example.llm" if speaks(wish.strip(), lang) else "example.english")
                    there = {"name": wish.strip(), "who": "llm", "prompt": prompt}
                    yield SCREEN(**there, got=gr.update(visible=False), said=said)
                case _:
                    yield SCREEN(said=shown.progress(t, event))


@kit.handler
def on_offers(lang: str) -> str:
    """The catalogue as a table: size, memory, languages, licence, and what is here already."""
    from core.lessons.language_model.offers import offers

    t = text.load("language_model", lang)
    rows = [
        t(
            "models.row",
            title=kit.quote(offer.title),
            name=offer.name,
            size=offer.download_mb,
            memory=offer.memory_mb,
            languages=", ".join(offer.languages),
            licence=f"[{offer.licence}]({offer.terms})" if offer.terms else offer.licence,
            here=t("models.here") if offer.here else t("models.away"),
        )
        for offer in offers(lang)
    ]
    return "\n".join([t("models.head"), "|---|---|---|---|---|---|", *rows])


@kit.handler
def on_three(lang: str, sentence: str, name: str, seed: float) -> Iterator[kit.Update]:
    """One sentence through bag of words, counted letters, tiny GPT and LLM; each does what it can."""
    from core.events import Done
    from core.lessons.language_model import three_generations
    from demos.kit.waiting_line import Waiting

    t, lines = text.load("language_model", lang), list[str]()
    bars: list[dict[str, Any]] = []
    pending = [t("three.working")]
    yield THREE(said=t("three.working"))
    for event in kit.LLM.served(three_generations.steps(sentence, lang, name, kit.whole(seed))):
        match event:
            case Waiting(ahead=ahead):
                yield THREE(said=t("waiting", ahead=ahead))
                continue
            case three_generations.BagSays():
                words = (
                    ", ".join(f"{kit.quote(shown.visible(word))} {share:+.2f}" for word, share in event.words) or "–"
                )
                lines.append(t("three.bag", positive=event.positive, words=words, count=event.parameters))
            case three_generations.WriterSays(who=who):
                mean, colour = event.average, len(bars) // 2 + 1
                for which, value, words in (
                    ("here", event.bits, f"{event.bits:.2f}"),
                    ("mean", mean.mean, f"{mean.mean:.2f} ± {mean.half:.2f}"),
                ):
                    name = t(f"three.bar.{which}", who=t(f"three.name.{who}"), count=len(mean.bits))
                    bars.append({"name": name, "value": value, "text": words, "colour": colour})
                values = {"written": kit.quote(event.written), "bits": event.bits, "count": event.parameters}
                values |= {"mean": mean.mean, "half": mean.half, "sentences": len(mean.bits)}
                asked = t("three.asked", positive=event.positive) if event.positive is not None else t("three.mute")
                lines.append(t(f"three.{who}", **values) + " " + asked)
            case three_generations.NotHere():
                lines.append(t("three.away"))
            case Done(result=why):
                pending = [t(f"three.why.{why}")] if why else []
        chart = {"items": bars, "low": 0, "caption": t("three.caption"), "alt": t("three.caption")}
        said = "\n".join(f"- {line}" for line in [*lines, *pending])
        yield THREE(said=said, bits=chart) if bars else THREE(said=said)


@kit.handler
def on_take(lang: str, shelf: Any) -> str:
    """Words another lesson left."""
    from core.errors import InvalidInput

    if not isinstance(shelf, str) or not shelf.strip():
        raise InvalidInput("empty", name="text", least=1)
    return shelf.strip()[: choices.MOST_PROMPT]


@kit.handler
def on_keep(lang: str, here: Any) -> kit.Update:
    """The prompt and what was written, for another lesson."""
    from core.lessons.language_model.story import words

    t = text.load("language_model", lang)
    return SCREEN(said=t("keep_nothing")) if here is None else SCREEN(shelf=words(here), said=t("kept"))


def build_three(page: kit.Desk) -> kit.Desk:
    t, desk = page.t, kit.Desk(page.t, SENTENCE, THREE, page.language)
    desk.put(name=page.name, seed=page.seed)
    kit.markdown(t("three.hint"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            box = {"label": t("three.label"), "lines": 2, "max_length": choices.MOST_SENTENCE}
            desk.put(sentence=gr.Textbox(t("three.example"), **box))
            with gr.Row(elem_classes="taste-buttons"):
                ask = gr.Button(t("three.run"), min_width=140)
                stop = gr.Button(t("stop"), min_width=80)
            desk.put(bits=views.bars())
        with gr.Column(scale=3, min_width=280):
            desk.put(said=kit.markdown("", min_height=60))
    run = desk.on(ask.click, on_three, kit.TALK, api="language_model_three")
    stop.click(None, cancels=[run], **kit.PRIVATE)
    return desk


def build_models(page: kit.Desk) -> Any:
    """Returns the event of getting a model: what looks at the prompt comes after it."""
    from core.lessons.language_model.offers import offers

    t, desk = page.t, kit.Desk(page.t, language=page.language)
    desk.put(**{name: getattr(page, name) for name in GOT if name != "said"})
    kit.markdown(t("models.hint"))
    names = [offer.name for offer in offers(t.lang)]
    words = {"label": t("models.label"), "info": t("models.info")}
    desk.put(wish=gr.Dropdown(names, value=names[0], allow_custom_value=True, **words))
    desk.put(agreed=gr.Checkbox(False, label=t("terms.agree_any"), info=t("terms.info_any")))
    with gr.Row(elem_classes="taste-buttons"):
        show = gr.Button(t("models.show"), min_width=140)
        get = gr.Button(t("models.get"), min_width=140)
        stop = gr.Button(t("stop"), min_width=80)
    desk.put(said=kit.markdown("", min_height=28), table=kit.markdown(""))
    desk.on(show.click, on_offers, to="table")
    fetching = desk.on(get.click, on_get, kit.FETCH, to=GOT)
    stop.click(None, None, desk.said, cancels=[fetching], js="() => ''", **kit.PRIVATE)
    fetching.failure(None, None, desk.said, js="() => ''", **kit.PRIVATE)
    return fetching

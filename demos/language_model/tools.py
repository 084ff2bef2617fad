"""Part of lesson 11: getting a model, other models, one sentence through three generations, words that travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.language_model import shown


@kit.handler
def on_get(lang: str, name: str) -> Iterator[tuple[Any, ...]]:
    """Get a model (once), open it, and let it speak: progress all the way, Stop at any moment."""
    from core.events import Done
    from core.lessons.language_model import story as speakers

    t, skip = text.load("language_model", lang), gr.skip()
    yield skip, skip, skip, skip, t("progress.start", name=kit.quote(name))
    with closing(speakers.fetched(name)) as events:  # type: ignore[type-var]
        for event in events:
            match event:
                case Done(result=model, seconds=seconds):
                    if not model.parameters:  # a server
                        yield name.strip(), skip, skip, skip, t("models.server", name=kit.quote(model.name))
                        return
                    said = t("models.ready", name=kit.quote(model.name), count=model.parameters, seconds=seconds)
                    yield name.strip(), "llm", t("example.llm"), gr.update(visible=False), said
                case _:
                    yield skip, skip, skip, skip, shown.progress(t, event)


@kit.handler
def on_offers(lang: str) -> str:
    """The catalogue as a table: size, memory, languages, licence, and what is here already."""
    from core.lessons.language_model import story as speakers

    t = text.load("language_model", lang)
    rows = [
        t(
            "models.row",
            title=kit.quote(offer.title),
            name=offer.name,
            size=offer.download_mb,
            memory=offer.memory_mb,
            languages=", ".join(offer.languages),
            licence=offer.licence,
            here=t("models.here") if offer.here else t("models.away"),
        )
        for offer in speakers.offers(lang)
    ]
    return "\n".join([t("models.head"), "|---|---|---|---|---|---|", *rows])


@kit.handler
def on_three(lang: str, sentence: str, name: str, seed: float) -> Iterator[tuple[Any, str]]:
    """One sentence through bag of words, counted letters, tiny GPT and LLM; each does what it can."""
    from core.events import Done
    from core.lessons.language_model import three_generations
    from demos.kit.waiting_line import Waiting

    t, lines = text.load("language_model", lang), list[str]()
    bits: list[dict[str, Any]] = []
    pending = [t("three.working")]
    yield gr.skip(), t("three.working")
    for event in kit.LLM.served(three_generations.steps(sentence, lang, name, kit.whole(seed))):
        match event:
            case Waiting(ahead=ahead):
                yield gr.skip(), t("waiting", ahead=ahead)
                continue
            case three_generations.BagSays():
                words = (
                    ", ".join(f"{kit.quote(shown.visible(word))} {share:+.2f}" for word, share in event.words) or "–"
                )
                lines.append(t("three.bag", positive=event.positive, words=words, count=event.parameters))
            case three_generations.WriterSays(who=who):
                bits.append({"name": t(f"three.name.{who}"), "value": event.bits, "colour": len(bits) + 1})
                values = {"written": kit.quote(event.written), "bits": event.bits, "count": event.parameters}
                asked = t("three.asked", positive=event.positive) if event.positive is not None else t("three.mute")
                lines.append(t(f"three.{who}", **values) + " " + asked)
            case three_generations.NotHere():
                lines.append(t("three.away"))
            case Done():
                pending = []
        chart = {"items": bits, "low": 0, "caption": t("three.caption"), "alt": t("three.caption")}
        yield chart if bits else gr.skip(), "\n".join(f"- {line}" for line in [*lines, *pending])


@kit.handler
def on_take(lang: str, thing: Any) -> str:
    """Words another lesson left."""
    from core.errors import InvalidInput

    if not isinstance(thing, str) or not thing.strip():
        raise InvalidInput("empty", name="text", least=1)
    return thing.strip()[:4000]


@kit.handler
def on_keep(lang: str, story: Any) -> tuple[Any, str]:
    """The prompt and what was written, for another lesson."""
    from core.lessons.language_model import story as speakers

    t = text.load("language_model", lang)
    if story is None:
        return gr.skip(), t("keep_nothing")
    return speakers.words(story), t("kept")


def build_three(t: text.Text, language: gr.State, name: gr.State, seed: Any) -> gr.Textbox:
    kit.markdown(t("three.hint"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            sentence = gr.Textbox(t("three.example"), label=t("three.label"), lines=2, max_length=300)
            with gr.Row(elem_classes="taste-buttons"):
                ask = gr.Button(t("three.run"), min_width=140)
                stop = gr.Button(t("stop"), min_width=80)
            bits = views.bars()
        with gr.Column(scale=3, min_width=280):
            said = kit.markdown("", min_height=60)
    run = ask.click(
        on_three, [language, sentence, name, seed], [bits, said], **kit.TALK, **kit.api("language_model_three")
    )
    stop.click(None, cancels=[run], **kit.PRIVATE)
    return sentence


def build_models(
    t: text.Text, language: gr.State, outputs: list[Any], look: Callable[..., Any], base: list[Any], screen: list[Any]
) -> None:
    """``outputs``: name, who, prompt, the first button. ``look`` fills the screen once the model is there."""
    from core.lessons.language_model import offers

    kit.markdown(t("models.hint"))
    names = [offer.name for offer in offers.offers(t.lang)]
    wish = gr.Dropdown(names, value=names[0], label=t("models.label"), info=t("models.info"), allow_custom_value=True)
    with gr.Row(elem_classes="taste-buttons"):
        show = gr.Button(t("models.show"), min_width=140)
        get = gr.Button(t("models.get"), min_width=140)
        stop = gr.Button(t("stop"), min_width=80)
    said, table = kit.markdown("", min_height=28), kit.markdown("")
    show.click(on_offers, language, table, **kit.LIGHT, **kit.PRIVATE)
    fetching = get.click(on_get, [language, wish], [*outputs, said], **kit.RUN, **kit.PRIVATE)
    stop.click(None, None, said, cancels=[fetching], js="() => ''", **kit.PRIVATE)
    fetching.failure(None, None, said, js="() => ''", **kit.PRIVATE)
    fetching.success(look, base, screen, **kit.RUN, **kit.PRIVATE)

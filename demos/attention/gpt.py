"""Part of lesson 10: a tiny GPT learns letter by letter while you watch; its samples, its next letter, its maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demos import kit, views
from demos.attention import shown
from demos.kit import text

SOURCES = ("stories", "reviews", "own")
STAGES = ("q", "k", "v", "scores", "scaled", "masked", "weights", "output")
KEPT = 5  # samples on the screen: the first, and the latest


def _text(texts: str, source: str, own: str) -> str:
    from core.data import tiny_text
    from core.errors import Check, InvalidInput

    check = Check()
    check.one_of("source", source, SOURCES)
    check.done()
    if source != "own":
        return tiny_text.load(texts, source)
    if not isinstance(own, str):
        raise InvalidInput("not_text", row=1, received=str(own)[:40])
    return own


def _words(prompt: Any) -> str:
    from core.errors import InvalidInput
    from core.lessons.attention.head import MOST_LETTERS

    if not isinstance(prompt, str):
        raise InvalidInput("not_text", row=1, received=str(prompt)[:40])
    if len(prompt) > MOST_LETTERS:
        raise InvalidInput("text_too_long", row=1, most=MOST_LETTERS, received=len(prompt))
    return prompt


@kit.handler
def on_train(
    lang: str,
    run: Any,
    texts: str,
    source: str,
    own: str,
    updates: float,
    prompt: str,
    temperature: float,
    letters: str,
    layer: float,
) -> Iterator[tuple[Any, ...]]:
    """Learn more batches of the text, from where it stopped; loss, samples and maps are streamed."""
    from core.events import Done
    from core.language.alphabet import clean
    from core.language.tiny_gpt_training import GPTRun, GPTSample, GPTStep

    t, skip, samples = text.load("attention", lang), gr.skip(), []
    prompt = _words(prompt)
    words = _text(texts, source, own)
    if run is None or run.text != clean(words):
        run = GPTRun(words)
    yield run, skip, skip, t("gpt.starting"), skip
    events = run.steps(kit.whole(updates), deadline=kit.RUN_SECONDS, prompt=prompt, temperature=kit.number(temperature))
    for event in kit.paced(events, 0):
        match event:
            case GPTStep():
                yield skip, _curve(t, run), skip, _badge(t, run), skip
            case GPTSample():
                samples.append(event)
                yield skip, skip, _samples(t, samples), skip, _growing(t, run, letters, layer)
            case Done(stopped=why):
                label = _badge(t, run) + kit.why_stopped(t, why, run.config.learning_rate)
                yield run, _curve(t, run), skip, label, skip


def _growing(t: text.Text, run: Any, letters: str, layer: Any) -> Any:
    """The maps at this moment; a text that cannot be read must not stop the training."""
    from core.errors import CoreError
    from core.lessons.attention.head import look

    try:
        return _thumbs(t, look(run.model, letters), kit.whole(layer))
    except CoreError:
        return gr.skip()


def _thumbs(t: text.Text, inside: Any, layer: int) -> dict[str, Any]:
    from core.lessons.attention.head import thumbnails

    names = [t("maps.layer", layer=i) for i in range(1, len(inside.maps) + 1)]
    return shown.maps(t, thumbnails(inside.maps), names, layer - 1)


def _badge(t: text.Text, run: Any) -> str:
    return kit.badge_text(
        t,
        source="trained_now",
        parameters=run.model.parameters_count,
        seconds=run.seconds,
        device="CPU · PyTorch",
        loss=run.losses[-1][1] if run.losses else None,
    )


def _curve(t: text.Text, run: Any) -> dict[str, Any]:
    series = [{"name": t("gpt.loss"), "x": [u for u, _ in run.losses], "y": [x for _, x in run.losses], "colour": 1}]
    if run.held_out:
        at, loss = zip(*run.held_out, strict=True)
        series.append({"name": t("gpt.held_out"), "x": list(at), "y": list(loss), "colour": 2, "dash": True})
    update, loss = run.losses[-1] if run.losses else (0, 0.0)
    return {"series": series, "xlabel": t("gpt.x"), "caption": t("gpt.caption", update=update, loss=loss)}


def _samples(t: text.Text, samples: list[Any]) -> dict[str, Any]:
    kept = samples if len(samples) <= KEPT else [samples[0], *samples[1 - KEPT :]]
    items = [
        {
            "name": t("gpt.sample", update=s.update),
            "tokens": [{"text": s.prompt}, {"text": s.text, "p": 0.15}][not s.prompt :],
        }
        for s in reversed(kept)
    ]
    return {"rows": items, "caption": t("gpt.samples")}


@kit.handler
def on_write(lang: str, run: Any, prompt: str, temperature: float, seed: float) -> tuple[Any, Any]:
    """The tiny GPT goes on writing: each letter coloured by how sure it was; and the next letter at this temperature."""
    from core.lessons.attention.sentence import following, learnt_model

    t, model = text.load("attention", lang), learnt_model(run)
    heat, prompt = kit.number(temperature, "temperature"), _words(prompt)
    written = list(model.write(prompt, 100, heat, kit.whole(seed)))
    chips = [{"text": letter.text, "p": letter.probability, "title": f"{letter.probability:.1%}"} for letter in written]
    items = []
    for letter, plain, warm in following(model, prompt, heat):
        items.append({"name": shown.visible(letter), "value": warm, "text": f"{plain:.1%} → {warm:.1%}"})
    bars = {"items": items, "low": 0, "high": 1, "caption": t("write.bars", temperature=heat)}
    return {"tokens": chips, "caption": t("write.caption")}, bars


@kit.handler
def on_maps(lang: str, run: Any, words: str, layer: float, head: float, stage: str) -> tuple[Any, ...]:
    """What every head of the tiny GPT looks at in a text of at most 24 letters; one of them with all its steps."""
    return _look(lang, run, words, layer, head, stage, None)


@kit.handler
def on_cell(
    lang: str, run: Any, words: str, layer: float, head: float, stage: str, spot: gr.EventData
) -> tuple[Any, ...]:
    """Where one number of this head comes from."""
    where = [kit.number(spot.row, "row"), kit.number(spot.col, "column")]
    return _look(lang, run, words, layer, head, stage, where)


@kit.handler
def on_layer(
    lang: str, run: Any, words: str, layer: float, head: float, stage: str, spot: gr.EventData
) -> tuple[Any, ...]:
    """A layer was chosen among the maps."""
    chosen = kit.whole(kit.number(spot.index, "layer")) + 1
    return chosen, *_look(lang, run, words, chosen, head, stage, None)


def _look(lang: str, run: Any, words: str, layer: Any, head: Any, stage: str, spot: Any) -> tuple[Any, ...]:
    from core.lessons.attention.head import learnt, look
    from core.lessons.attention.sentence import learnt_model

    t, inside = text.load("attention", lang), look(learnt_model(run), words)
    one = learnt(inside, kit.whole(kit.number(layer, "layer")) - 1, kit.whole(kit.number(head, "head")) - 1)
    row, column = shown.place(one, stage, spot)
    maps = _thumbs(t, inside, int(layer))
    said = t("maps.after", update=run.update)
    if 0 in inside.ids:
        said += " " + t("maps.strangers")
    table = shown.matrix(t, one, stage, row, column)
    return maps, table, f"{shown.derived(t, one, stage, row, column)}\n\n{said}"


def code(run: Any, texts: str, source: str, own: str) -> str:
    """The training of this very model as a script: the same last loss."""
    if run is None or not run.update:
        return CODE.format(text=f"tiny_text.load({texts!r}, {source!r})" if source != "own" else repr(own), updates=100)
    known = {kind: _text(texts, kind, own) for kind in SOURCES}
    same = next((kind for kind in SOURCES if known[kind] == run.text), "own")
    words = f"tiny_text.load({texts!r}, {same!r})" if same != "own" else repr(run.text)
    return CODE.format(text=words, updates=run.update)


CODE = """
from core.data import tiny_text
from core.events import drain
from core.language.tiny_gpt_training import GPTRun

run = drain(GPTRun({text}).steps({updates}))
print(f"tiny GPT: {{run.model.parameters_count:,}} parameters, loss after {{run.update}} updates: {{run.losses[-1][1]:.9g}}")
print("".join(letter.text for letter in run.model.write("", 100, 0.8, 0)))
"""


@dataclass(frozen=True)
class Part:
    """What the page needs of this part."""

    run: gr.State
    texts: Any
    source: Any
    own: Any
    controls: dict[str, Any]


def build(t: text.Text, language: gr.State) -> Part:
    run = gr.State(None)
    kit.markdown(f"### {t('gpt.title')}\n{t('gpt.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            texts = gr.Radio(t.choices("texts_in", ("ko", "en")), value=t.lang, label=t("gpt.texts"))
            source = gr.Radio(t.choices("sources", SOURCES), value="stories", label=t("gpt.source"))
            own = gr.Textbox("", label=t("gpt.own"), info=t("gpt.own_info"), lines=3, max_length=20_000, visible=False)
            prompt = gr.Textbox(t("example.prompt"), label=t("gpt.prompt"), max_length=200)
            temperature = gr.Slider(0, 2, 0.8, step=0.05, label=t("gpt.temperature"), info=t("gpt.temperature_info"))
            buttons = kit.buttons(t, "gpt.run")
            with gr.Accordion(t("more"), open=False):
                updates = gr.Slider(20, 1000, 300, step=20, label=t("gpt.updates"))
                seed = gr.Number(0, precision=0, minimum=0, maximum=2**31 - 1, label=t("gpt.seed"))
            badge = kit.badge()
        with gr.Column(scale=3, min_width=300):
            curve = views.curve(height=220)
            samples = views.tokens()
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            write = gr.Button(t("write.run"), min_width=110)
            keep = gr.Button(t("write.keep"), size="md")
            bars = views.bars()
        with gr.Column(scale=3, min_width=300):
            written = views.tokens()
    kit.markdown(f"#### {t('maps.title')}\n{t('maps.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            words = gr.Textbox(t("example.letters"), label=t("maps.words"), max_length=48)
            look = gr.Button(t("maps.look"), min_width=110)
            with gr.Row():
                layer = gr.Slider(1, 2, 1, step=1, label=t("maps.layer_label"))
                head = gr.Slider(1, 4, 1, step=1, label=t("maps.head_label"))
            maps = views.maps(can=("pick",))
        with gr.Column(scale=3, min_width=300):
            stage = gr.Radio(t.choices("stages", STAGES), value="weights", label=t("stage_label"))
            table = views.matrix(can=("pick",))
            said = kit.markdown("", elem_classes="taste-answer")
    quiet = kit.LIGHT | kit.PRIVATE
    learn = [language, run, texts, source, own, updates, prompt, temperature, words, layer]
    opened, shown_maps = [language, run, words, layer, head, stage], [maps, table, said]
    kit.hold(buttons.run)
    train = buttons.run.click(
        on_train, learn, [run, curve, samples, badge, maps], **kit.RUN, **kit.api("attention_train")
    )
    after = train.success(on_maps, opened, shown_maps, **quiet)
    kit.free(buttons.run, train)
    buttons.stop.click(None, cancels=[train], **kit.PRIVATE)
    shown_all = [run, curve, samples, badge, bars, written, *shown_maps]
    empty = (None, None, None, "", None, None, None, None, "")
    buttons.reset.click(lambda: empty, None, shown_all, cancels=[train, after], **quiet)
    for control in (texts, source, own):
        control.change(lambda: empty, None, shown_all, cancels=[train, after], **quiet)
    source.change(lambda kind: gr.update(visible=kind == "own"), source, own, **quiet)
    write.click(
        on_write, [language, run, prompt, temperature, seed], [written, bars], **kit.LIGHT, **kit.api("attention_write")
    )
    look.click(on_maps, opened, shown_maps, **kit.LIGHT, **kit.api("attention_maps"))
    for listen in (words.submit, layer.release, head.release, stage.input):
        listen(on_maps, opened, shown_maps, **quiet)
    maps.pick(on_layer, opened, [layer, *shown_maps], **quiet)
    table.pick(on_cell, opened, shown_maps, **quiet)
    keep.click(lambda words: words, prompt, kit.shelf("prompt"), **quiet)
    return Part(run, texts, source, own, {"texts": texts, "source": source, "prompt": prompt, "letters": words})

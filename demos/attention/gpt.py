"""Part of lesson 11: a tiny GPT learns letter by letter while you watch; its samples, its next letter, its maps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.attention import choices
from demos import kit, views
from demos.attention import shown
from demos.kit import text

FORM = kit.Form(
    texts=choices.TEXTS,
    source=choices.SOURCE,
    own="",
    updates=choices.UPDATES,
    prompt="",
    temperature=choices.TEMPERATURE,
    letters="",
    layer=choices.LAYER,
)
LINKED = tuple(name for name in FORM.names if name != "own")  # a text of one's own is too long for a link
LEARNT = ("run", "curve", "samples", "badge", "maps")
WRITTEN = ("written", "bars")
INSIDE = ("maps", "table", "said")  # a look inside
SCREEN = kit.Screen(*LEARNT, *WRITTEN, *INSIDE[1:], "layer", "own")
KEPT = 5  # samples on the screen: the first, and the latest


def _text(texts: str, source: str, own: str) -> str:
    from core.data import tiny_text
    from core.errors import InvalidInput, checking

    with checking() as check:
        check.within("source", source, choices.SOURCE)
    if source != "own":
        return tiny_text.load(texts, source)
    if not isinstance(own, str):
        raise InvalidInput("not_text", row=1, received=str(own)[:40])
    return own


def _words(prompt: Any) -> str:
    from core.errors import InvalidInput

    if not isinstance(prompt, str):
        raise InvalidInput("not_text", row=1, received=str(prompt)[:40])
    if len(prompt) > choices.MOST_LETTERS:
        raise InvalidInput("text_too_long", row=1, most=choices.MOST_LETTERS, received=len(prompt))
    return prompt


@kit.handler
def on_train(lang: str, run: Any, form: kit.Values) -> Iterator[kit.Update]:
    """Learn more batches of the text, from where it stopped; loss, samples and maps are streamed."""
    from core.events import Done
    from core.language.alphabet import clean
    from core.language.tiny_gpt_training import GPTRun, GPTSample, GPTStep

    t, samples = text.load("attention", lang), list[Any]()
    prompt, words = _words(form.prompt), _text(form.texts, form.source, form.own)
    if run is None or run.text != clean(words):
        run = GPTRun(words)
    yield SCREEN(run=run, badge=t("gpt.starting"))
    how = {"deadline": kit.RUN_SECONDS, "prompt": prompt, "temperature": kit.number(form.temperature)}
    for event in kit.paced(run.steps(kit.whole(form.updates), **how), 0):
        match event:
            case GPTStep():
                yield SCREEN(curve=_curve(t, run), badge=_badge(t, run))
            case GPTSample():
                samples.append(event)
                yield SCREEN(samples=_samples(t, samples)) | _growing(t, run, form.letters, form.layer)
            case Done(stopped="paused"):
                yield SCREEN()  # Stop, or another run, shows what there is
            case Done(stopped=why):
                label = _badge(t, run) + kit.why_stopped(t, why, run.config.learning_rate)
                yield SCREEN(run=run, curve=_curve(t, run), badge=label)


@kit.handler
def on_stop(lang: str, run: Any) -> kit.Update:
    """Stop: nothing more is learnt, though the page closes the run only now; the curve to here."""
    if run is None:
        return SCREEN()
    run.pause()
    t = text.load("attention", lang)
    return SCREEN(curve=_curve(t, run), badge=_badge(t, run)) if run.losses else SCREEN()


def _growing(t: text.Text, run: Any, letters: str, layer: Any) -> kit.Update:
    """The maps at this moment; a text that cannot be read must not stop the training."""
    from core.errors import CoreError
    from core.lessons.attention.head import look

    try:
        return SCREEN(maps=_thumbs(t, look(run.model, letters), kit.whole(layer)))
    except CoreError:
        return SCREEN()


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
def on_write(lang: str, run: Any, prompt: str, temperature: float, seed: float) -> kit.Update:
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
    return SCREEN(written={"tokens": chips, "caption": t("write.caption")}, bars=bars)


@kit.handler
def on_maps(lang: str, run: Any, letters: str, layer: float, head: float, stage: str) -> kit.Update:
    """What every head of the tiny GPT looks at in a text of at most 24 letters; one of them with all its steps."""
    return _look(lang, run, letters, layer, head, stage)


@kit.handler
def on_cell(lang: str, run: Any, letters: str, layer: float, head: float, stage: str, spot: gr.EventData) -> kit.Update:
    """Where one number of this head comes from."""
    where = [kit.number(spot.row, "row"), kit.number(spot.col, "column")]
    return _look(lang, run, letters, layer, head, stage, where)


@kit.handler
def on_layer(lang: str, run: Any, letters: str, head: float, stage: str, spot: gr.EventData) -> kit.Update:
    """A layer was chosen among the maps."""
    layer = kit.whole(kit.number(spot.index, "layer")) + 1
    return SCREEN(layer=layer) | _look(lang, run, letters, layer, head, stage)


def _look(
    lang: str, run: Any, letters: str, layer: Any, head: Any, stage: str, spot: list[float] | None = None
) -> kit.Update:
    from core.lessons.attention.head import learnt, look
    from core.lessons.attention.sentence import learnt_model

    t, inside = text.load("attention", lang), look(learnt_model(run), letters)
    one = learnt(inside, kit.whole(kit.number(layer, "layer")) - 1, kit.whole(kit.number(head, "head")) - 1)
    row, column = shown.place(one, stage, spot)
    said = t("maps.after", update=run.update)
    if 0 in inside.ids:
        said += " " + t("maps.strangers")
    return SCREEN(
        maps=_thumbs(t, inside, int(layer)),
        table=shown.matrix(t, one, stage, row, column),
        said=f"{shown.derived(t, one, stage, row, column)}\n\n{said}",
    )


@kit.handler
def on_source(lang: str, source: str) -> Any:
    """The box for a text of one's own, while that is what is learnt from."""
    return gr.update(visible=source == "own")


@kit.handler
def on_reset(lang: str) -> kit.Update:
    """Nothing learnt."""
    empty = (*LEARNT, *WRITTEN, *INSIDE)
    return SCREEN(**dict.fromkeys(empty)) | SCREEN(badge="", said="")


def code(run: Any, texts: str, source: str, own: str) -> str:
    """The training of this very model as a script: the same last loss."""
    if run is None or not run.update:
        return CODE.format(
            text=f"tiny_text.load({texts!r}, {source!r})" if source != "own" else repr(own),
            updates=choices.UPDATES.default,
        )
    known = {kind: _text(texts, kind, own) for kind in choices.SOURCE}
    same = next((kind for kind in choices.SOURCE if known[kind] == run.text), "own")
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


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(run=gr.State(None))
    kit.markdown(f"### {t('gpt.title')}\n{t('gpt.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(texts=gr.Radio(t.choices("texts_in", choices.TEXTS), value=t.lang, label=t("gpt.texts")))
            desk.put(source=kit.radio(t, "sources", choices.SOURCE, label=t("gpt.source")))
            own = {"label": t("gpt.own"), "info": t("gpt.own_info"), "lines": 3, "max_length": choices.MOST_OWN}
            desk.put(own=gr.Textbox("", visible=False, **own))
            desk.put(prompt=gr.Textbox(t("example.prompt"), label=t("gpt.prompt"), max_length=choices.MOST_PROMPT))
            heat = {"label": t("gpt.temperature"), "info": t("gpt.temperature_info")}
            desk.put(temperature=kit.slider(choices.TEMPERATURE, **heat))
            buttons = kit.buttons(t, "gpt.run")
            with gr.Accordion(t("more"), open=False):
                desk.put(updates=kit.slider(choices.UPDATES, label=t("gpt.updates")))
                desk.put(seed=kit.number_box(choices.SEED, label=t("gpt.seed")))
            desk.put(badge=kit.badge())
        with gr.Column(scale=3, min_width=300):
            desk.put(curve=views.curve(height=220), samples=views.tokens())
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            write = gr.Button(t("write.run"), min_width=110)
            keep = gr.Button(t("write.keep"), size="md")
            desk.put(bars=views.bars())
        with gr.Column(scale=3, min_width=300):
            desk.put(written=views.tokens())
    kit.markdown(f"#### {t('maps.title')}\n{t('maps.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            most = 2 * choices.MOST_TOKENS  # a Mac pastes Hangul in pieces
            desk.put(letters=gr.Textbox(t("example.letters"), label=t("maps.words"), max_length=most))
            look = gr.Button(t("maps.look"), min_width=110)
            with gr.Row():
                desk.put(layer=kit.slider(choices.LAYER, label=t("maps.layer_label")))
                desk.put(head=kit.slider(choices.HEAD, label=t("maps.head_label")))
            desk.put(maps=views.maps(can=("pick",)))
        with gr.Column(scale=3, min_width=300):
            desk.put(stage=kit.radio(t, "stages", choices.LEARNT_STAGE, label=t("stage_label")))
            desk.put(table=views.matrix(can=("pick",)), said=kit.markdown("", elem_classes="taste-answer"))
    kit.hold(buttons.run)
    train = desk.on(buttons.run.click, on_train, kit.RUN, to=LEARNT, api="attention_train")
    call, inputs, outputs = desk.bound(on_maps, INSIDE)
    after = train.success(call, inputs, outputs, **kit.LIGHT, **kit.PRIVATE)
    kit.free(buttons.run, train)
    desk.on(buttons.stop.click, on_stop, to=("curve", "badge"), cancels=[train])
    changed = (buttons.reset.click, desk.texts.change, desk.source.change, desk.own.change)
    desk.on(changed, on_reset, to=(*LEARNT, *WRITTEN, *INSIDE[1:]), cancels=[train, after])
    desk.on(desk.source.change, on_source, to="own")
    desk.on(write.click, on_write, to=WRITTEN, api="attention_write")
    asked = (look.click, desk.letters.submit, desk.layer.release, desk.head.release, desk.stage.input)
    desk.on(asked, on_maps, to=INSIDE, api="attention_maps")
    desk.on(desk.maps.pick, on_layer, to=("layer", *INSIDE))
    desk.on(desk.table.pick, on_cell, to=INSIDE)
    kit.keep(desk, keep, desk.prompt)
    return desk

"""Lesson 18, third part: words → picture → how well they fit and the nearest names → a sentence said aloud.

Every stage is shown, can be replaced by hand, and the loop goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.multimodal import choices
from demos import kit, views
from demos.kit import pictures, text
from demos.multimodal.space import tile
from demos.multimodal.space import words as first_words

FORM = kit.Form(
    words=first_words("loop.default"), steps=choices.STEPS, guidance=choices.GUIDANCE, noise_seed=choices.SEED
)
ROUND = ("picture", "film", "fit", "names", "sentence", "voice", "badge")  # what one round makes, stage by stage
SCREEN = kit.Screen(*ROUND, *FORM.names, "lacking", "wrote", "sound", "shelf")


def config(lang: str, form: kit.Values) -> Any:
    """The settings of a round. Raises one sentence about everything that is wrong."""
    from core.lessons.multimodal.loop import LoopConfig

    return form.read(LoopConfig, language=lang, seed=kit.whole(form.noise_seed))


@kit.handler
def on_loop(lang: str, form: kit.Values, aloud: bool = False) -> Iterator[kit.Update]:
    """From words (Korean or English) all the way round: picture, similarity, nearest names, sentence."""
    yield from _run(lang, form, None, aloud)


@kit.handler
def on_from_picture(lang: str, form: kit.Values, picture: Any, aloud: bool = False) -> Iterator[kit.Update]:
    """From the picture that stands there (drawn, or brought by hand) on."""
    from core.errors import InvalidInput

    if picture is None:
        raise InvalidInput("empty", name="picture", least=1)
    yield from _run(lang, form, picture, aloud)


@kit.handler
def on_bring(lang: str, image: Any, form: kit.Values, aloud: bool = False) -> Iterator[kit.Update]:
    """The learner's own picture in the place of the drawn one; the loop goes on from it."""
    yield from _run(lang, form, pictures.opened(image).pixels, aloud)


@kit.handler
def on_snap(lang: str, form: kit.Values, aloud: bool, shot: gr.EventData) -> Iterator[kit.Update]:
    """A photo from the webcam in the place of the drawn picture; the loop goes on from it."""
    yield from _run(lang, form, pictures.photographed(getattr(shot, "photos", None))[0].pixels, aloud)


@kit.handler
def on_take(lang: str, shelf: Any, form: kit.Values, aloud: bool = False) -> Iterator[kit.Update]:
    """The picture another lesson left; the loop goes on from it."""
    yield from _run(lang, form, pictures.shelved(shelf).pixels, aloud)


def _run(lang: str, form: kit.Values, picture: Any, aloud: bool) -> Iterator[kit.Update]:
    from core import runtime
    from core.events import Done
    from core.lessons.multimodal.loop import Compared, Drawing, Pictured, painter, steps

    t, wish = text.load("multimodal", lang), config(lang, form)
    noisy: list[str] = []
    clean: list[str] = []
    for event in kit.paced(steps(wish, picture, deadline=kit.RUN_SECONDS), 0.0):
        match event:
            case Drawing():
                noisy.append(f"data:image/png;base64,{pictures.png(event.noisy)}")
                clean.append(f"data:image/png;base64,{pictures.png(event.predicted)}")
                yield SCREEN(film=_film(t, noisy, clean, wish.words))
            case Pictured():
                shown = SCREEN(film=_brought(t, event.pixels)) if event.brought else SCREEN()
                yield SCREEN(picture=event.pixels) | shown
            case Compared():
                sentence = _sentence(t, wish.words, event)
                told = SCREEN(sentence=sentence, voice=_voice(t, sentence, aloud))
                yield SCREEN(fit=_fit(t, wish.words, event), names=_names(t, event)) | told
            case Done(result=result, seconds=seconds, stopped=why):
                if result.brought:
                    label = kit.badge_text(t, source="computed_now", seconds=seconds, device=runtime.describe())
                else:
                    label = kit.badge_text(
                        t, source="shipped", parameters=painter(wish.model).parameters, seconds=seconds,
                        device=runtime.describe(),
                    )  # fmt: skip
                yield SCREEN(badge=label + (" · " + t("loop.deadline") if why else ""))


def _film(t: text.Text, noisy: list[str], clean: list[str], words: str) -> dict[str, Any]:
    return {
        "reels": [{"name": t("loop.noisy"), "frames": list(noisy)}, {"name": t("loop.clean"), "frames": list(clean)}],
        "labels": [t("loop.step", step=k + 1) for k in range(len(noisy))],
        "start": "last",
        "key": words,
        "words": {name: t(f"loop.{name}") for name in ("play", "pause", "time")},
        "caption": t("loop.film", words=words),
    }


def _brought(t: text.Text, pixels: Any) -> dict[str, Any]:
    png = tile("", pixels)["png"]
    reel = {"name": t("loop.brought"), "frames": [f"data:image/png;base64,{png}"]}
    return {"reels": [reel], "labels": [""], "start": 0, "key": "brought", "caption": t("loop.brought_caption")}


def _fit(t: text.Text, words: str, event: Any) -> str:
    return t("loop.fit", words=kit.quote(words), cosine=event.cosine, rank=event.rank)


def _names(t: text.Text, event: Any) -> dict[str, Any]:
    rows = zip(event.names, event.cosines, strict=True)
    items = [{"name": name, "value": cosine, "text": f"{cosine:.2f}"} for name, cosine in rows]
    return {"items": items, "low": 0, "high": 1, "chosen": 0, "caption": t("loop.names")}


def _sentence(t: text.Text, words: str, event: Any) -> str:
    return t("loop.sentence", words=words, first=event.names[0], second=event.names[1])


def _voice(t: text.Text, sentence: str, aloud: bool) -> dict[str, Any]:
    words = {name: t(f"voice.{name}") for name in ("say", "stop", "none", "ready")}
    return {
        "say": sentence,
        "lang": t.lang,
        "auto": bool(aloud),
        "key": sentence,
        "words": words,
        "caption": t("voice.caption"),
    }


@kit.handler
def on_first(lang: str, picture: Any, form: kit.Values) -> Iterator[kit.Update]:
    """The first look at this part: one real round. Later looks leave what is there."""
    if picture is None and not missing(text.load("multimodal", lang)):
        yield from _run(lang, form, None, False)


@kit.handler
def on_heard(lang: str, picture: Any, form: kit.Values, aloud: bool = False) -> Iterator[kit.Update]:
    """What was said is drawn. Where nothing has been drawn yet, coming to this part (``on_first``) does it."""
    if picture is not None:
        yield from _run(lang, form, None, aloud)


@kit.handler
def on_describe(lang: str, picture: Any, writer: str) -> Iterator[kit.Update]:
    """A sentence about the picture by a captioning model, fetched if need be: what it wrote, and that as the sentence."""
    from core import runtime
    from core.errors import InvalidInput
    from core.events import Done
    from core.multimodal import captions

    t = text.load("multimodal", lang)
    if picture is None:
        raise InvalidInput("empty", name="picture", least=1)
    for event in kit.paced(captions.steps(picture, writer), 0.0):
        match event:
            case Done(result=caption, seconds=seconds):
                label = kit.badge_text(
                    t, source="fetched", parameters=caption.parameters, seconds=seconds, device=runtime.describe()
                )
                said = t("describe.said", text=kit.quote(caption.text)) if caption.text else t("describe.nothing")
                told = SCREEN(sentence=caption.text, voice=_voice(t, caption.text, False)) if caption.text else SCREEN()
                yield SCREEN(wrote=f"{said}\n\n{label}") | told
            case _:
                yield SCREEN(wrote=t(f"describe.{event.stage}", done=event.done / 1e6, total=event.total / 1e6))


@kit.handler
def on_sentence(lang: str, sentence: str) -> dict[str, Any]:
    """The sentence was changed by hand: that is what will be said."""
    from core.errors import InvalidInput
    from core.speech.voice import LONGEST

    if not isinstance(sentence, str) or len(sentence) > LONGEST:
        raise InvalidInput("too_many", name="characters", most=LONGEST, received=len(str(sentence)))
    return _voice(text.load("multimodal", lang), sentence, False)


@kit.handler
def on_espeak(lang: str, sentence: str) -> Any:
    """The sentence by espeak-ng, as a recording that can go back into the loop."""
    from core.speech.voice import as_int16, speak

    sound = speak(sentence, lang)
    return sound.rate, as_int16(sound)


@kit.handler
def on_words(lang: str, source: str) -> str:
    """What was heard, or written in another lesson, becomes the words of the loop."""
    from core.errors import InvalidInput

    if not isinstance(source, str) or not source.strip():
        raise InvalidInput("empty", name="words", least=1)
    return source


@kit.handler
def on_reset(lang: str) -> kit.Update:
    """The words and settings of the beginning, and nothing drawn."""
    t = text.load("multimodal", lang)
    nothing = SCREEN(picture=None, film=None, fit="", names=None, sentence="", badge="")
    first = FORM.values(words=t("loop.default"))
    return SCREEN(**first) | nothing | SCREEN(voice=_voice(t, t("voice.hello"), False))


@kit.handler
def on_shelf(lang: str, picture: Any) -> Any:
    """The picture goes to the other lessons."""
    return gr.skip() if picture is None else picture


def missing(t: text.Text) -> str:
    """One honest sentence when this copy has no picture model."""
    from core.errors import Unavailable
    from core.lessons.multimodal.loop import can_draw

    return "" if can_draw() else t.error(Unavailable("no_picture_model"))


@kit.handler
def on_open(lang: str) -> kit.Update:
    """Before the first run: what is missing, and whether this browser has a voice."""
    t = text.load("multimodal", lang)
    return SCREEN(lacking=missing(t), voice=_voice(t, t("voice.hello"), False))


def build(t: text.Text, tabs: gr.Tabs, tab: gr.Tab, spoken: kit.Desk, word: gr.Textbox) -> kit.Desk:
    """``tab``: where this part stands, among ``tabs``. ``spoken.heard``, ``word``: what the parts before it understood."""
    from core.multimodal.captions import HUB
    from core.pretrained.catalog import public_host
    from core.speech.voice import voice_here

    language, heard = spoken.language, spoken.heard
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(picture=gr.State(None), shelf=kit.shelf("picture"))
    kit.markdown(t("loop.lead"))
    desk.put(lacking=kit.markdown("", elem_classes="taste-flag"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=290):
            kit.markdown(f"#### {t('loop.stage.words')}")
            desk.put(words=gr.Textbox(t("loop.default"), label=t("loop.words"), lines=2, max_lines=4))
            buttons = kit.buttons(t, "loop.go")
            kit.markdown(t("loop.take"))
            with gr.Row():
                take_heard = gr.Button(t("loop.take_heard"), size="md", min_width=120)
                take_word = gr.Button(t("loop.take_word"), size="md", min_width=120)
                take_prompt = gr.Button(t("loop.take_prompt"), size="md", min_width=120)
            with gr.Accordion(t("more"), open=False):
                desk.put(steps=kit.slider(choices.STEPS, label=t("loop.steps")))
                desk.put(guidance=kit.slider(choices.GUIDANCE, label=t("loop.guidance")))
                desk.put(noise_seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), info=t("seed_info")))
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"#### {t('loop.stage.picture')}")
            desk.put(film=views.film(square=240, min_height=300), badge=kit.badge(min_height=46))
            with gr.Accordion(t("loop.replace"), open=False):
                desk.put(image=pictures.intake(t))
                camera = pictures.camera(t)
                take = gr.Button(t("picture.take"), size="md")
            again = gr.Button(t("loop.from_picture"), size="md")
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"#### {t('loop.stage.names')}")
            desk.put(fit=kit.markdown("", min_height=46), names=views.bars(min_height=192))
            with gr.Accordion(t("describe.title"), open=False, visible=not public_host()):
                kit.markdown(t("describe.words"))
                desk.put(writer=gr.Textbox(HUB, label=t("model"), max_lines=1, max_length=250))
                with gr.Row(elem_classes="taste-buttons"):
                    describe = gr.Button(t("describe.go"), size="md", min_width=120)
                    halt = gr.Button(t("stop"), variant="stop", size="md", min_width=80)
                desk.put(wrote=kit.markdown(""))
            kit.markdown(f"#### {t('loop.stage.voice')}")
            desk.put(sentence=gr.Textbox(label=t("loop.sentence_label"), lines=2, max_lines=4))
            desk.put(voice=views.voice(), aloud=gr.Checkbox(False, label=t("voice.aloud")))
            robot = gr.Button(t("voice.espeak"), size="md", visible=voice_here())
            player = {"interactive": False, "visible": voice_here(), "format": "wav", "buttons": ["download"]}
            desk.put(sound=gr.Audio(label=t("voice.sound"), **player))
    desk.on(tab.select, on_first, kit.RUN, to=ROUND)
    writing = desk.on(describe.click, on_describe, kit.RUN, to=("wrote", "sentence", "voice"))
    halt.click(None, cancels=[writing], **kit.PRIVATE)
    said = kit.Desk(t, None, kit.Screen("words"), language)
    said.put(source=heard, words=desk.words)
    turned = said.on(spoken.draw.click, on_words).success(lambda: gr.Tabs(selected="loop"), None, tabs, **kit.PRIVATE)
    runs = [
        desk.on(turned.success, on_heard, kit.RUN, to=ROUND),
        desk.on(buttons.run.click, on_loop, kit.RUN, to=ROUND, api="multimodal_loop"),
        desk.on(desk.words.submit, on_loop, kit.RUN, to=ROUND),
        desk.on(again.click, on_from_picture, kit.RUN, to=ROUND),
        desk.on(desk.image.input, on_bring, pictures.RAW | kit.RUN, to=ROUND),
        desk.on(camera.snap, on_snap, kit.RUN, to=ROUND),
        desk.on(take.click, on_take, kit.RUN, to=ROUND),
    ]
    for each in runs:
        desk.on(each.then, on_shelf, to="shelf")
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    desk.on(buttons.reset.click, on_reset, to=(*FORM.names, *ROUND), cancels=runs)
    for button, source in ((take_heard, heard), (take_word, word), (take_prompt, kit.shelf("prompt"))):
        taken = kit.Desk(t, None, kit.Screen("words"), language)
        taken.put(source=source, words=desk.words)
        taken.on(button.click, on_words)
    desk.on(desk.sentence.input, on_sentence, to="voice")
    desk.on(robot.click, on_espeak, kit.RUN, to="sound")
    return desk

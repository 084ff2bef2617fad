"""Lesson 17, third part: words → picture → how well they fit and the nearest names → a sentence said aloud.

Every stage is shown, can be replaced by hand, and the loop goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import pictures, text
from demos.multimodal.space import tile


def _config(lang: str, words: str, steps: float, guidance: float, seed: float) -> Any:
    from core.lessons.multimodal.loop import LoopConfig

    return LoopConfig(words, lang, kit.whole(steps), guidance, kit.whole(seed))


@kit.handler
def on_loop(
    lang: str, words: str, steps: float = 20, guidance: float = 4, seed: float = 0, aloud: bool = False
) -> Iterator[tuple[Any, ...]]:
    """From words (Korean or English) all the way round: picture, similarity, nearest names, sentence."""
    yield from _run(lang, words, None, aloud, steps, guidance, seed)


@kit.handler
def on_from_picture(
    lang: str, words: str, picture: Any, steps: float, guidance: float, seed: float, aloud: bool
) -> Iterator[tuple[Any, ...]]:
    """From the picture that stands there (drawn, or brought by hand) on."""
    from core.errors import InvalidInput

    if picture is None:
        raise InvalidInput("empty", name="picture", least=1)
    yield from _run(lang, words, picture, aloud, steps, guidance, seed)


@kit.handler
def on_bring(lang: str, file: Any, words: str, *rest: Any) -> Iterator[tuple[Any, ...]]:
    """The learner's own picture in the place of the drawn one; the loop goes on from it."""
    *settings, aloud = rest
    yield from _run(lang, words, pictures.opened(file).pixels, aloud, *settings)


@kit.handler
def on_snap(
    lang: str, words: str, steps: float, guidance: float, seed: float, aloud: bool, shot: gr.EventData
) -> Iterator[tuple[Any, ...]]:
    """A photo from the webcam in the place of the drawn picture; the loop goes on from it."""
    picture = pictures.photographed(getattr(shot, "photos", None))[0]
    yield from _run(lang, words, picture.pixels, aloud, steps, guidance, seed)


@kit.handler
def on_take(lang: str, thing: Any, words: str, *rest: Any) -> Iterator[tuple[Any, ...]]:
    """The picture another lesson left; the loop goes on from it."""
    *settings, aloud = rest
    yield from _run(lang, words, pictures.shelved(thing).pixels, aloud, *settings)


def _run(lang: str, words: str, picture: Any, aloud: bool, *settings: Any) -> Iterator[tuple[Any, ...]]:
    """picture (state), film, fit, names, sentence, voice, badge."""
    from core import runtime
    from core.events import Done
    from core.lessons.multimodal.loop import Compared, Drawing, Pictured, painter, steps

    t, config = text.load("multimodal", lang), _config(lang, words, *settings)
    noisy: list[str] = []
    clean: list[str] = []
    skip = gr.skip()
    for event in kit.paced(steps(config, picture, deadline=kit.RUN_SECONDS), 0.0):
        match event:
            case Drawing():
                noisy.append(f"data:image/png;base64,{pictures.png(event.noisy)}")
                clean.append(f"data:image/png;base64,{pictures.png(event.predicted)}")
                yield skip, _film(t, noisy, clean, config.words), skip, skip, skip, skip, skip
            case Pictured():
                shown = skip if not event.brought else _brought(t, event.pixels)
                yield event.pixels, shown, skip, skip, skip, skip, skip
            case Compared():
                sentence = _sentence(t, config.words, event)
                voice = _voice(t, sentence, aloud)
                yield skip, skip, _fit(t, config.words, event), _names(t, event), sentence, voice, skip
            case Done(result=result, seconds=seconds, stopped=why):
                if result.brought:
                    label = kit.badge_text(t, source="computed_now", seconds=seconds, device=runtime.describe())
                else:
                    label = kit.badge_text(
                        t, source="shipped", parameters=painter(config.model).parameters, seconds=seconds,
                        device=runtime.describe(),
                    )  # fmt: skip
                yield skip, skip, skip, skip, skip, skip, label + (" · " + t("loop.deadline") if why else "")


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
def on_first(lang: str, picture: Any, *rest: Any) -> Iterator[tuple[Any, ...]]:
    """The first look at this part: one real round. Later looks leave what is there."""
    if picture is None and not missing(text.load("multimodal", lang)):
        words, *settings, _ = rest
        yield from _run(lang, words, None, False, *settings)


@kit.handler
def on_describe(lang: str, picture: Any, model: str) -> Iterator[tuple[str, Any, Any]]:
    """A sentence about the picture by a captioning model, fetched if need be: what it wrote, and that as the sentence."""
    from core import runtime
    from core.errors import InvalidInput
    from core.events import Done
    from core.multimodal import captions

    t = text.load("multimodal", lang)
    if picture is None:
        raise InvalidInput("empty", name="picture", least=1)
    for event in kit.paced(captions.steps(picture, model), 0.0):
        match event:
            case Done(result=caption, seconds=seconds):
                label = kit.badge_text(
                    t, source="fetched", parameters=caption.parameters, seconds=seconds, device=runtime.describe()
                )
                said = t("describe.said", text=kit.quote(caption.text)) if caption.text else t("describe.nothing")
                sentence = caption.text or gr.skip()
                yield f"{said}\n\n{label}", sentence, _voice(t, caption.text, False) if caption.text else gr.skip()
            case _:
                words = t(f"describe.{event.stage}", done=event.done / 1e6, total=event.total / 1e6)
                yield words, gr.skip(), gr.skip()


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
def on_words(lang: str, heard: str) -> str:
    """What was heard becomes the words of the loop."""
    from core.errors import InvalidInput

    if not isinstance(heard, str) or not heard.strip():
        raise InvalidInput("empty", name="words", least=1)
    return heard


@kit.handler
def on_reset(lang: str) -> tuple[Any, ...]:
    """The words and settings of the beginning, and nothing drawn."""
    t = text.load("multimodal", lang)
    return t("loop.default"), 20, 4, 0, None, None, "", None, "", _voice(t, t("voice.hello"), False), ""


def on_shelf(picture: Any) -> Any:
    """The picture goes to the other lessons."""
    return gr.skip() if picture is None else picture


def missing(t: text.Text) -> str:
    """One honest sentence when this copy has no picture model."""
    from core.errors import Unavailable
    from core.lessons.multimodal.loop import can_draw

    return "" if can_draw() else t.error(Unavailable("no_picture_model"))


@kit.handler
def on_open(lang: str) -> tuple[Any, Any]:
    """Before the first run: what is missing, and whether this browser has a voice."""
    t = text.load("multimodal", lang)
    return missing(t), _voice(t, t("voice.hello"), False)


def build(
    t: text.Text, language: gr.State, tab: gr.Tab, heard: gr.Textbox, word: gr.Textbox
) -> tuple[dict[str, Any], list[Any]]:
    """(controls, outputs of the opening)."""
    from core.multimodal.captions import HUB
    from core.pretrained.catalog import public_host
    from core.speech.voice import voice_here

    picture, shelf, prompt = gr.State(None), kit.shelf("picture"), kit.shelf("prompt")
    kit.markdown(t("loop.lead"))
    lacking = kit.markdown("", elem_classes="taste-flag")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=290):
            kit.markdown(f"#### {t('loop.stage.words')}")
            words = gr.Textbox(t("loop.default"), label=t("loop.words"), lines=2, max_lines=4)
            buttons = kit.buttons(t, "loop.go")
            kit.markdown(t("loop.take"))
            with gr.Row():
                take_heard = gr.Button(t("loop.take_heard"), size="md", min_width=120)
                take_word = gr.Button(t("loop.take_word"), size="md", min_width=120)
                take_prompt = gr.Button(t("loop.take_prompt"), size="md", min_width=120)
            with gr.Accordion(t("more"), open=False):
                steps = gr.Slider(2, 50, value=20, step=1, label=t("loop.steps"))
                guidance = gr.Slider(1, 12, value=4, step=0.5, label=t("loop.guidance"))
                seed = gr.Number(0, precision=0, label=t("seed"), info=t("seed_info"))
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"#### {t('loop.stage.picture')}")
            film, badge = views.film(square=240), kit.badge()
            with gr.Accordion(t("loop.replace"), open=False):
                file, camera = pictures.intake(t), pictures.camera(t)
                take = gr.Button(t("picture.take"), size="md")
            again = gr.Button(t("loop.from_picture"), size="md")
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"#### {t('loop.stage.names')}")
            fit, names = kit.markdown(""), views.bars()
            with gr.Accordion(t("describe.title"), open=False, visible=not public_host()):
                kit.markdown(t("describe.words"))
                writer = gr.Textbox(HUB, label=t("model"), max_lines=1, max_length=250)
                with gr.Row(elem_classes="taste-buttons"):
                    describe = gr.Button(t("describe.go"), size="md", min_width=120)
                    halt = gr.Button(t("stop"), variant="stop", size="md", min_width=80)
                wrote = kit.markdown("")
            kit.markdown(f"#### {t('loop.stage.voice')}")
            sentence = gr.Textbox(label=t("loop.sentence_label"), lines=2, max_lines=4)
            voice = views.voice()
            aloud = gr.Checkbox(False, label=t("voice.aloud"))
            robot = gr.Button(t("voice.espeak"), size="md", visible=voice_here())
            sound = gr.Audio(
                label=t("voice.sound"), interactive=False, visible=voice_here(), format="wav", buttons=["download"]
            )
    settings = [steps, guidance, seed]
    outputs = [picture, film, fit, names, sentence, voice, badge]
    inputs = [language, words, *settings, aloud]
    tab.select(on_first, [language, picture, *inputs[1:]], outputs, **kit.RUN, **kit.PRIVATE)
    writing = describe.click(
        on_describe, [language, picture, writer], [wrote, sentence, voice], **kit.RUN, **kit.PRIVATE
    )
    halt.click(None, cancels=[writing], **kit.PRIVATE)
    run = buttons.run.click(on_loop, inputs, outputs, **kit.RUN, **kit.api("multimodal_loop"))
    runs = [run, words.submit(on_loop, inputs, outputs, **kit.RUN, **kit.PRIVATE)]
    runs.append(
        again.click(on_from_picture, [language, words, picture, *settings, aloud], outputs, **kit.RUN, **kit.PRIVATE)
    )
    brought = [words, *settings, aloud]
    runs.append(file.input(on_bring, [language, file, *brought], outputs, **kit.RUN, **pictures.RAW, **kit.PRIVATE))
    runs.append(camera.snap(on_snap, inputs, outputs, **kit.RUN, **kit.PRIVATE))
    runs.append(take.click(on_take, [language, shelf, *brought], outputs, **kit.RUN, **kit.PRIVATE))
    for each in runs:
        each.then(on_shelf, picture, shelf, **kit.LIGHT, **kit.PRIVATE)
    quiet = kit.LIGHT | kit.PRIVATE
    buttons.stop.click(None, cancels=runs, **kit.PRIVATE)
    buttons.reset.click(on_reset, [language], [words, *settings, *outputs], cancels=runs, **quiet)
    for button, source in ((take_heard, heard), (take_word, word), (take_prompt, prompt)):
        button.click(on_words, [language, source], words, **quiet)
    sentence.input(on_sentence, [language, sentence], voice, **quiet)
    robot.click(on_espeak, [language, sentence], sound, **kit.RUN, **kit.PRIVATE)
    return {"words": words, "steps": steps, "guidance": guidance, "noise_seed": seed}, [lacking, voice]

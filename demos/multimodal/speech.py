"""Lesson 18, second part: a recording as a wave and as a picture, and its words, by a recogniser that a button gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.multimodal import choices
from demos import kit, views
from demos.kit import sounds, text

FORM = kit.Form(shape=choices.SHAPE, window=choices.WINDOW, hop=choices.HOP, mels=choices.MELS)
PICTURED = ("wave", "mel", "said")  # what a sound is shown as
SCREEN = kit.Screen("shape", "sound", *PICTURED, "heard", "about", "lacking")


def _shown(t: text.Text, sound: Any, form: kit.Values, origin: str) -> kit.Update:
    """Wave, mel picture, sentence."""
    from core.errors import checking
    from core.lessons.multimodal.sounds import look
    from core.speech.mel import MelConfig

    with checking() as check:
        check.within("n_fft", form.window, choices.WINDOW)
        check.within("hop", form.hop, choices.HOP)
        check.within("mels", form.mels, choices.MELS)
    seen = look(sound, form.read(MelConfig, n_fft=int(form.window)))
    wave = {
        "series": [
            {"name": "", "x": seen.x.round(4).tolist(), "y": seen.wave.round(4).tolist(), "colour": 1, "width": 1}
        ],
        "ylim": [-1, 1],
        "xlabel": t("wave.x"),
        "caption": t("wave.caption", seconds=seen.seconds, start=seen.start, stop=seen.stop),
    }
    words = t("mel.caption", mels=seen.shape[0], frames=seen.shape[1], hz=seen.loudest_hz)
    mel = {
        "x": [0, seen.seconds],
        "y": [0, seen.shape[0]],
        "field": views.packed(seen.picture, "height"),
        "xlabel": t("wave.x"),
        "ylabel": t("mel.y"),
        "caption": words + (" " + t("mel.empty", count=seen.empty) if seen.empty else ""),
    }
    notes = " ".join(t(f"sound.note.{note}", rate=sound.original_rate) for note in sound.notes)
    said = t("mel.said", window=seen.window_ms, hop=seen.hop_ms, hz=seen.bin_hz)
    label = kit.badge_text(t, source="computed_now", device="torch.stft")
    return SCREEN(wave=wave, mel=mel, said=f"{label} · {origin} {notes}\n\n{said}")


@kit.handler
def on_shape(lang: str, form: kit.Values) -> kit.Update:
    """A sound from a formula as wave and mel spectrogram."""
    from core.speech import formula_sounds

    t, sound = text.load("multimodal", lang), formula_sounds.made(form.shape)
    return SCREEN(sound=sound) | _shown(t, sound, form, t("sound.formula"))


@kit.handler
def on_sound(lang: str, sound_file: Any, form: kit.Values) -> kit.Update:
    """A file of the learner's as wave and mel spectrogram."""
    return SCREEN() if sound_file is None else _own(lang, sounds.opened(sound_file), form)


@kit.handler
def on_record(lang: str, form: kit.Values, taken: gr.EventData) -> kit.Update:
    """What the microphone recorded, in the place of the formula, as wave and mel spectrogram."""
    return _own(lang, sounds.recorded(taken), form)


def _own(lang: str, sound: Any, form: kit.Values) -> kit.Update:
    t = text.load("multimodal", lang)
    return SCREEN(shape=None, sound=sound) | _shown(t, sound, form, t("sound.own"))


@kit.handler
def on_settings(lang: str, sound: Any, form: kit.Values) -> kit.Update:
    """The same sound with other settings of the picture."""
    from core.speech import formula_sounds

    t = text.load("multimodal", lang)
    return _shown(t, sound or formula_sounds.made(form.shape or choices.SHAPE.default), form, "")


@kit.handler
def on_recognise(lang: str, sound: Any, spoken: str) -> kit.Update:
    """The words of the recording, by Whisper or vosk if one is on this machine; else a sentence how to get one."""
    from core.errors import CoreError, InvalidInput
    from core.events import Deadline
    from core.speech import recognition

    t, clock = text.load("multimodal", lang), Deadline()
    if sound is None:
        raise InvalidInput("empty", name="recording", least=1)
    try:
        heard = recognition.transcribe(sound, spoken)
    except CoreError as error:
        return SCREEN(about=t.error(error))
    if not heard.text:
        return SCREEN(heard="", about=t("recognise.nothing"))
    label = kit.badge_text(t, source="fetched", parameters=heard.parameters, seconds=clock.elapsed)
    return SCREEN(heard=heard.text, about=f"{_otherwise(t, heard, spoken)}{label} · {heard.model}")


def _otherwise(t: text.Text, heard: Any, asked: str) -> str:
    """A sentence, if the recording sounds like another language than the one chosen."""
    if heard.spoken == asked or heard.share < 0.5:
        return ""
    if heard.spoken not in text.LANGUAGES:
        return t("recognise.third") + "\n\n"
    return t("recognise.other", share=heard.share, language=t(f"spoken.{heard.spoken}")) + "\n\n"


@kit.handler
def on_get(lang: str, sound: Any, spoken: str) -> Iterator[kit.Update]:
    """Get the recogniser (once) and open it, progress all the way; a recording that is there is written down at once."""
    from core.errors import CoreError
    from core.events import Done
    from core.speech.recognition import Whisper

    t = text.load("multimodal", lang)
    yield SCREEN(about=t("recognise.start"))
    try:
        for event in Whisper.load_steps():
            match event:
                case Done(result=ear, seconds=seconds):
                    said = t("recognise.ready", count=ear.parameters, seconds=seconds)
                    yield SCREEN(lacking=gr.update(visible=False), about=said)
                case _:
                    done, total = event.done / 1e6, event.total / 1e6
                    yield SCREEN(about=t(f"recognise.{event.stage}", done=done, total=total))
    except CoreError as error:
        yield SCREEN(about=t.error(error))
        return
    if sound is not None:
        yield on_recognise(lang, sound, spoken)


@kit.handler
def on_open(lang: str, form: kit.Values) -> kit.Update:
    """The first sound, and the button that gets a recogniser, unless one has come meanwhile."""
    return on_shape(lang, form) | SCREEN(lacking=gr.update(visible=_wanted() is not None))


def _wanted() -> Any:
    """The catalogue's record of the recogniser to get, or None where it is here."""
    from core.pretrained import catalog, resolve

    entry = catalog.find(catalog.WHISPER, "speech")
    return None if resolve.nearby(entry.name, "speech") else entry


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(sound=gr.State(None))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(shape=kit.radio(t, "shape", choices.SHAPE, label=t("shape_label")))
            mic = sounds.microphone(t, t("sound.record"), choices.SECONDS)
            with gr.Accordion(t("sound.file"), open=False):
                desk.put(sound_file=sounds.file(t("sound.file_label")))
            window = {"label": t("n_fft"), "info": t("n_fft_info")}
            desk.put(window=gr.Radio(list(choices.WINDOW), value=choices.WINDOW.default, **window))
            desk.put(hop=kit.slider(choices.HOP, label=t("hop")), mels=kit.slider(choices.MELS, label=t("mels")))
        with gr.Column(scale=5, min_width=300):
            desk.put(wave=views.curve(height=170), mel=views.plane(height=300), said=kit.badge())
            with gr.Row():
                languages = {"value": t.lang, "label": t("spoken_label"), "min_width": 160}
                desk.put(spoken=gr.Radio(t.choices("spoken", text.LANGUAGES), **languages))
                ask = gr.Button(t("recognise.go"), min_width=140)
            entry = _wanted()
            with gr.Column(visible=entry is not None) as lacking:
                about = {"title": entry.title, "size": entry.download_mb, "licence": entry.licence} if entry else {}
                kit.markdown(t("recognise.offer", **about) if entry else "")
                with gr.Row(elem_classes="taste-buttons"):
                    get = gr.Button(t("recognise.get", **about) if entry else "", size="md", min_width=180)
                    stop = gr.Button(t("stop"), variant="stop", size="md", min_width=80)
            box = {"label": t("recognise.label"), "placeholder": t("recognise.hint"), "max_lines": 3}
            desk.put(heard=gr.Textbox(interactive=True, **box), about=kit.markdown(""), lacking=lacking)
            with gr.Row(elem_classes="taste-buttons"):
                desk.put(draw=gr.Button(t("recognise.draw"), size="md", min_width=180))
    brought = ("shape", "sound", *PICTURED)
    desk.on(desk.shape.input, on_shape, to=("sound", *PICTURED), api="multimodal_sound")
    desk.on(mic.record, on_record, to=brought)
    desk.on(desk.sound_file.upload, on_sound, kit.LIGHT | sounds.RAW, to=brought)
    desk.on((desk.window.input, desk.hop.input, desk.mels.input), on_settings, to=PICTURED)
    desk.on(ask.click, on_recognise, kit.RUN, to=("heard", "about"))
    fetching = desk.on(get.click, on_get, kit.FETCH, to=("heard", "about", "lacking"))
    stopped = f"() => {json.dumps(t('recognise.stopped'))}"
    stop.click(None, None, desk.about, cancels=[fetching], js=stopped, **kit.PRIVATE)
    return desk

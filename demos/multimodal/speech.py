"""Lesson 18, second part: a recording as a wave and as a picture, and its words if a recogniser is on this machine."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.multimodal import choices
from demos import kit, views
from demos.kit import sounds, text

FORM = kit.Form(shape=choices.SHAPE, window=choices.WINDOW, hop=choices.HOP, mels=choices.MELS)
PICTURED = ("wave", "mel", "said")  # what a sound is shown as
SCREEN = kit.Screen("shape", "sound", *PICTURED, "heard", "about")


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
    from core.speech import recognition

    t = text.load("multimodal", lang)
    if sound is None:
        raise InvalidInput("empty", name="recording", least=1)
    try:
        heard = recognition.transcribe(sound, spoken)
    except CoreError as error:
        return SCREEN(about=t.error(error))
    label = kit.badge_text(t, source="fetched", parameters=heard.parameters)
    return SCREEN(heard=heard.text, about=f"{label} · {heard.model}" if heard.text else t("recognise.nothing"))


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
            box = {"label": t("recognise.label"), "placeholder": t("recognise.hint"), "max_lines": 3}
            desk.put(heard=gr.Textbox(interactive=True, **box), about=kit.markdown(""))
    brought = ("shape", "sound", *PICTURED)
    desk.on(desk.shape.input, on_shape, to=("sound", *PICTURED), api="multimodal_sound")
    desk.on(mic.record, on_record, to=brought)
    desk.on(desk.sound_file.upload, on_sound, kit.LIGHT | sounds.RAW, to=brought)
    desk.on((desk.window.input, desk.hop.input, desk.mels.input), on_settings, to=PICTURED)
    desk.on(ask.click, on_recognise, kit.RUN, to=("heard", "about"))
    return desk

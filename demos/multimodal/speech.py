"""Lesson 17, second part: a recording as a wave and as a picture, and its words if a recogniser is on this machine."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import sounds, text

SHAPES = ("vowels", "glide", "chord", "claps")
WINDOWS = ("256", "400", "512", "1024", "2048")
LONGEST = 20  # seconds of one recording; a file may have 60


def _shown(t: text.Text, sound: Any, window: str, hop: float, mels: float, origin: str) -> tuple[Any, ...]:
    """Wave, mel picture, sentence."""
    from core.errors import Check
    from core.lessons.multimodal.sounds import look
    from core.speech.mel import MelConfig

    check = Check()
    check.one_of("n_fft", window, WINDOWS)
    check.done()
    seen = look(sound, MelConfig(int(window), kit.whole(hop), kit.whole(mels)))
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
    return wave, mel, f"{label} · {origin} {notes}\n\n{said}"


@kit.handler
def on_shape(lang: str, shape: str, window: str, hop: float, mels: float) -> tuple[Any, ...]:
    """A sound from a formula as wave and mel spectrogram."""
    from core.speech import formula_sounds

    t, sound = text.load("multimodal", lang), formula_sounds.made(shape)
    return sound, *_shown(t, sound, window, hop, mels, t("sound.formula"))


@kit.handler
def on_sound(lang: str, file: Any, window: str, hop: float, mels: float) -> tuple[Any, ...]:
    """A file of the learner's as wave and mel spectrogram."""
    t = text.load("multimodal", lang)
    if file is None:
        return (gr.skip(),) * 5
    sound = sounds.opened(file)
    return None, sound, *_shown(t, sound, window, hop, mels, t("sound.own"))


@kit.handler
def on_record(lang: str, window: str, hop: float, mels: float, taken: gr.EventData) -> tuple[Any, ...]:
    """What the microphone recorded, in the place of the formula, as wave and mel spectrogram."""
    t, sound = text.load("multimodal", lang), sounds.recorded(taken)
    return None, sound, *_shown(t, sound, window, hop, mels, t("sound.own"))


@kit.handler
def on_settings(lang: str, sound: Any, shape: str, window: str, hop: float, mels: float) -> tuple[Any, ...]:
    """The same sound with other settings of the picture."""
    from core.speech import formula_sounds

    t = text.load("multimodal", lang)
    return _shown(t, sound or formula_sounds.made(shape or SHAPES[0]), window, hop, mels, "")


@kit.handler
def on_recognise(lang: str, sound: Any, language: str) -> tuple[Any, str]:
    """The words of the recording, by Whisper or vosk if one is on this machine; else a sentence how to get one."""
    from core.errors import CoreError, InvalidInput
    from core.speech import recognition

    t = text.load("multimodal", lang)
    if sound is None:
        raise InvalidInput("empty", name="recording", least=1)
    try:
        heard = recognition.transcribe(sound, language)
    except CoreError as error:
        return gr.skip(), t.error(error)
    label = kit.badge_text(t, source="fetched", parameters=heard.parameters)
    return heard.text, f"{label} · {heard.model}" if heard.text else t("recognise.nothing")


def build(t: text.Text, language: gr.State) -> tuple[dict[str, Any], list[Any], list[Any], gr.Textbox]:
    """(controls, inputs of the opening, its outputs, the recognised words)."""
    sound = gr.State(None)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            shape = gr.Radio(t.choices("shape", SHAPES), value="vowels", label=t("shape_label"))
            mic = sounds.microphone(t, t("sound.record"), LONGEST)
            with gr.Accordion(t("sound.file"), open=False):
                file = sounds.file(t("sound.file_label"))
            window = gr.Radio(list(WINDOWS), value="400", label=t("n_fft"), info=t("n_fft_info"))
            hop = gr.Slider(32, 256, value=160, step=16, label=t("hop"))
            mels = gr.Slider(16, 128, value=80, step=8, label=t("mels"))
        with gr.Column(scale=5, min_width=300):
            wave, mel = views.curve(height=170), views.plane(height=300)
            said = kit.badge()
            with gr.Row():
                spoken = gr.Radio(
                    t.choices("spoken", text.LANGUAGES), value=t.lang, label=t("spoken_label"), min_width=160
                )
                ask = gr.Button(t("recognise.go"), min_width=140)
            heard = gr.Textbox(
                label=t("recognise.label"), placeholder=t("recognise.hint"), interactive=True, max_lines=3
            )
            about = kit.markdown("")
    settings = [window, hop, mels]
    outputs = [wave, mel, said]
    shape.input(on_shape, [language, shape, *settings], [sound, *outputs], **kit.LIGHT, **kit.api("multimodal_sound"))
    brought = [shape, sound, *outputs]
    mic.record(on_record, [language, *settings], brought, **kit.LIGHT, **kit.PRIVATE)
    file.upload(on_sound, [language, file, *settings], brought, **kit.LIGHT, **sounds.RAW, **kit.PRIVATE)
    for control in settings:
        control.input(on_settings, [language, sound, shape, *settings], outputs, **kit.LIGHT, **kit.PRIVATE)
    ask.click(on_recognise, [language, sound, spoken], [heard, about], **kit.RUN, **kit.PRIVATE)
    controls = {"shape": shape, "window": window, "hop": hop, "mels": mels}
    return controls, [shape, *settings], [sound, *outputs], heard

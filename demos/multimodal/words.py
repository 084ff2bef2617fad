"""Lesson 18, the learner's own words: a few recordings each, a small CNN trained in seconds, bars while speaking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from core.lessons.multimodal import choices
from demos import kit, views
from demos.kit import sounds, text

FORM = kit.Form(epochs=choices.EPOCHS, seed=choices.SEED)
SCREEN = kit.Screen("kept", "counts", "said", "ear", "curve", "badge", "tested", "bars", "heard", "saved")
Kept = dict[str, tuple[Any, ...]]  # recordings by their word


@kit.handler
def on_record(lang: str, word: str, kept: Kept | None, taken: gr.EventData) -> kit.Update:
    """File a recording under its word."""
    return _filed(text.load("multimodal", lang), dict(kept or {}), word, sounds.recorded(taken))


def _filed(t: text.Text, kept: Kept, word: Any, sound: Any) -> kit.Update:
    from core.errors import InvalidInput
    from core.lessons.multimodal.sounds import cut
    from core.speech.word_classifier import LONGEST_NAME

    word = word.strip() if isinstance(word, str) else ""
    if not 1 <= len(word) <= LONGEST_NAME:
        raise InvalidInput("word_without_name", most=LONGEST_NAME)
    if word not in kept and len(kept) >= choices.MOST_WORDS:
        raise InvalidInput("too_many", name="words", most=choices.MOST_WORDS, received=len(kept) + 1)
    kept[word] = (*kept.get(word, ()), cut(sound))[-choices.MOST_RECORDINGS :]
    return SCREEN(kept=kept, counts=_counts(t, kept))


def _counts(t: text.Text, kept: Kept) -> dict[str, Any]:
    items = [{"name": word, "value": len(sounds), "text": str(len(sounds))} for word, sounds in kept.items()]
    return {"items": items, "low": 0, "high": 5, "caption": t("teach.counts", words=len(items))}


@kit.handler
def on_files(lang: str, files: Any, kept: Kept | None) -> kit.Update:
    """Recordings from files; the name up to the first _ is the word: apple_1.wav."""
    t, filed = text.load("multimodal", lang), SCREEN(kept=dict(kept or {}))
    for file in (files if isinstance(files, list) else [])[:100]:
        name = str((file or {}).get("orig_name") or "")
        filed = _filed(t, filed["kept"], Path(name).stem.split("_")[0], sounds.opened(file))
    return filed


@kit.handler
def on_forget(lang: str) -> kit.Update:
    """No recordings, as at the beginning."""
    return SCREEN(kept=None, counts=_nothing(text.load("multimodal", lang), "teach.none"), said="")


def _nothing(t: text.Text, key: str) -> dict[str, Any]:
    return {"items": [], "caption": t(key)}


@kit.handler
def on_example(lang: str) -> kit.Update:
    """Three words, five recordings each, by espeak-ng's voice or, without it, vowels from a formula."""
    from core.lessons.multimodal import examples

    t = text.load("multimodal", lang)
    kept = {word: tuple(sounds) for word, sounds in examples.recordings(lang).items()}
    return SCREEN(kept=kept, counts=_counts(t, kept), said=t(f"teach.example.{examples.origin()}"))


@kit.handler
def on_teach(lang: str, kept: Kept | None, form: kit.Values) -> Iterator[kit.Update]:
    """Train the small CNN on the recordings, epoch by epoch."""
    from core import runtime
    from core.events import Done, TrainStep
    from core.speech.word_classifier import WordClassifier, WordConfig

    t = text.load("multimodal", lang)
    ear = WordClassifier(form.read(WordConfig))
    losses: list[float] = []
    rights: list[float] = []
    for event in kit.paced(ear.steps(kept or {}, deadline=kit.RUN_SECONDS), 0.0):
        match event:
            case TrainStep(logs=logs) if logs:
                losses.append(round(dict(logs)["loss"], 5))
                rights.append(round(dict(logs)["acc"], 5))
                yield SCREEN(curve=_learning(t, losses, rights))
            case Done(result=history, seconds=seconds):
                label = kit.badge_text(
                    t, source="trained_now", parameters=ear.parameters, seconds=seconds,
                    device=runtime.describe("cpu"), loss=history.history["loss"][-1] if history.history else None,
                )  # fmt: skip
                yield SCREEN(ear=ear, badge=label, tested=_test(t, ear, lang))


def _learning(t: text.Text, losses: list[float], rights: list[float]) -> dict[str, Any]:
    return {
        "series": [
            {"name": t("teach.loss"), "y": list(losses), "colour": 2, "dots": True},
            {"name": t("teach.right"), "y": list(rights), "colour": 3, "dots": True},
        ],
        "xlabel": t("teach.epoch"),
        "caption": t("teach.curve", epoch=len(losses), loss=losses[-1], right=rights[-1]),
    }


def _test(t: text.Text, ear: Any, lang: str) -> str:
    """If the taught words are those of the example: how many recordings of other voices are right."""
    from core.lessons.multimodal import examples

    if ear.words != (examples.WORDS if examples.origin() == "espeak" else examples.VOWELS)[lang]:
        return t("teach.try")
    spoken = examples.others(lang)
    found = [ear.words[row.argmax()] == word for (word, _), row in _rows(ear, spoken)]
    return t(f"teach.tested.{examples.origin()}", right=sum(found), total=len(found))


def _rows(ear: Any, spoken: list[Any]) -> Any:
    return zip(spoken, ear.predict_proba([sound for _, sound in spoken]), strict=True)


@kit.handler
def on_say(lang: str, ear: Any, taken: gr.EventData) -> kit.Update:
    """What the taught network makes of what was said: bars, and the word."""
    return _said(lang, ear, sounds.recorded(taken))


@kit.handler
def on_say_file(lang: str, tried: Any, ear: Any) -> kit.Update:
    """The same for a file."""
    return SCREEN() if tried is None else _said(lang, ear, sounds.opened(tried))


def _said(lang: str, ear: Any, sound: Any) -> kit.Update:
    from core.speech.word_classifier import WordClassifier

    shares = (ear or WordClassifier()).predict_proba([sound])[0].tolist()
    bars = _bars(text.load("multimodal", lang), ear.words, shares)
    return SCREEN(bars=bars, heard=ear.words[shares.index(max(shares))])


def _bars(t: text.Text, words: tuple[str, ...], shares: Any, level: float | None = None) -> dict[str, Any]:
    shares = list(shares or [0.0] * len(words))
    top = shares.index(max(shares))
    caption = t("say.heard", word=words[top], share=shares[top]) if any(shares) else t("say.quiet")
    items = [{"name": word, "value": s, "text": f"{s:.0%}"} for word, s in zip(words, shares, strict=True)]
    if level is not None:
        items.append({"name": t("say.level"), "value": level, "text": f"{level:.0%}", "colour": 7})
    return {"items": items, "low": 0, "high": 1, "chosen": top if any(shares) else None, "caption": caption}


@kit.handler
def on_live(lang: str, ear: Any, taken: gr.EventData) -> dict[str, Any]:
    """Bars while speaking, from the last second of the microphone."""
    from core.lessons.multimodal.sounds import hear

    t = text.load("multimodal", lang)
    if ear is None:
        return _nothing(t, "say.none")
    heard = hear(ear, sounds.unpacked(taken))
    return _bars(t, ear.words, heard.shares, heard.level)


@kit.handler
def on_save(lang: str, ear: Any) -> str:
    """The taught network as one .safetensors file."""
    import tempfile

    from core.speech.word_classifier import WordClassifier

    return str((ear or WordClassifier()).save(Path(tempfile.mkdtemp(dir=get_temp())) / "words.safetensors"))


def get_temp() -> str:
    """Gradio's own folder, which it empties by itself (delete_cache)."""
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(kept=gr.State(None), ear=gr.State(None))
    kit.markdown(f"### {t('teach.title')}\n{t('teach.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(word=gr.Textbox(label=t("teach.word"), placeholder=t("teach.word_hint"), max_lines=1))
            mic = sounds.microphone(t, t("teach.record"), choices.WORD_SECONDS)
            example = gr.Button(t("teach.example_go"), size="md")
            with gr.Accordion(t("teach.files"), open=False):
                desk.put(files=gr.File(label=t("teach.files_label"), file_count="multiple", height=110))
                forget = gr.Button(t("teach.forget"), size="md")
            desk.put(counts=views.bars(_nothing(t, "teach.none"), height=40), said=kit.markdown(""))
        with gr.Column(scale=3, min_width=300):
            with gr.Row(elem_classes="taste-buttons"):
                teach = gr.Button(t("teach.go"), variant="primary", min_width=120)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
            empty = {"series": [], "xlabel": t("teach.epoch"), "caption": t("teach.curve_none")}
            desk.put(curve=views.curve(empty, height=200), badge=kit.badge(), tested=kit.markdown(""))
            with gr.Row():
                desk.put(epochs=kit.slider(choices.EPOCHS, label=t("teach.epochs"), min_width=140))
                desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), min_width=90))
        with gr.Column(scale=3, min_width=300):
            desk.put(bars=views.bars(_nothing(t, "say.none"), height=40))
            test = sounds.microphone(t, t("say.record"), choices.WORD_SECONDS)
            ears = sounds.microphone(t, t("say.live"), choices.LISTEN_SECONDS, live=True)
            with gr.Accordion(t("say.file"), open=False):
                desk.put(tried=sounds.file(t("say.file_label")))
            desk.put(heard=gr.Textbox(label=t("say.word"), interactive=False, max_lines=1))
            save = gr.Button(t("teach.save"), size="md")
            desk.put(saved=gr.DownloadButton(visible=False, elem_id=f"words-{t.lang}"))
    # One after another: two recordings at once would both be added to the same collection, and one would be lost.
    filing: dict[str, Any] = {"concurrency_id": "words_record", "concurrency_limit": 1, "trigger_mode": "multiple"}
    desk.on(mic.record, on_record, kit.LIGHT | filing, to=("kept", "counts"))
    desk.on(desk.files.upload, on_files, kit.LIGHT | sounds.RAW, to=("kept", "counts"))
    desk.on(example.click, on_example, kit.RUN, to=("kept", "counts", "said"))
    desk.on(forget.click, on_forget, to=("kept", "counts", "said"))
    run = desk.on(teach.click, on_teach, kit.RUN, to=("ear", "curve", "badge", "tested"))
    stop.click(None, cancels=[run], **kit.PRIVATE)
    desk.on(test.record, on_say, to=("bars", "heard"))
    desk.on(desk.tried.upload, on_say_file, kit.LIGHT | sounds.RAW, to=("bars", "heard"))
    desk.on(ears.listen, on_live, kit.LIGHT | {"trigger_mode": "once"}, to="bars")  # the next waits for an answer
    saved = desk.on(save.click, on_save, to="saved")
    saved.success(None, js=f"() => document.querySelector('#words-{t.lang}')?.click()", **kit.PRIVATE)
    return desk

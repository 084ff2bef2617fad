"""Lesson 17, the learner's own words: a few recordings each, a small CNN trained in seconds, bars while speaking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demos import kit, views
from demos.kit import sounds, text

SECONDS, LISTENS = 3, 60  # of one recording of a word; of one listening


@kit.handler
def on_record(lang: str, word: str, kept: dict[str, tuple[Any, ...]] | None, taken: gr.EventData) -> tuple[Any, ...]:
    """File a recording under its word."""
    return _filed(text.load("multimodal", lang), dict(kept or {}), word, sounds.recorded(taken))


def _filed(t: text.Text, kept: dict[str, tuple[Any, ...]], word: Any, sound: Any) -> tuple[Any, Any]:
    from core.errors import InvalidInput
    from core.lessons.multimodal.sounds import cut
    from core.speech.word_classifier import LONGEST_NAME, MOST_WORDS

    word = word.strip() if isinstance(word, str) else ""
    if not 1 <= len(word) <= LONGEST_NAME:
        raise InvalidInput("word_without_name", most=LONGEST_NAME)
    if word not in kept and len(kept) >= MOST_WORDS:
        raise InvalidInput("too_many", name="words", most=MOST_WORDS, received=len(kept) + 1)
    kept[word] = (*kept.get(word, ()), cut(sound))[-20:]  # the twenty latest
    return kept, _counts(t, kept)


def _counts(t: text.Text, kept: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    items = [{"name": word, "value": len(sounds), "text": str(len(sounds))} for word, sounds in kept.items()]
    return {"items": items, "low": 0, "high": 5, "caption": t("teach.counts", words=len(items))}


@kit.handler
def on_files(lang: str, files: Any, kept: dict[str, tuple[Any, ...]] | None) -> tuple[Any, ...]:
    """Recordings from files; the name up to the first _ is the word: apple_1.wav."""
    t, kept = text.load("multimodal", lang), dict(kept or {})
    shown: Any = gr.skip()
    for file in (files if isinstance(files, list) else [])[:100]:
        name = str((file or {}).get("orig_name") or "")
        kept, shown = _filed(t, kept, Path(name).stem.split("_")[0], sounds.opened(file))
    return kept, shown


@kit.handler
def on_forget(lang: str) -> tuple[None, dict[str, Any], str]:
    """No recordings, as at the beginning."""
    return None, _nothing(text.load("multimodal", lang), "teach.none"), ""


def _nothing(t: text.Text, key: str) -> dict[str, Any]:
    return {"items": [], "caption": t(key)}


@kit.handler
def on_example(lang: str) -> tuple[Any, ...]:
    """Three words, five recordings each, by espeak-ng's voice or, without it, vowels from a formula."""
    from core.lessons.multimodal import examples

    t = text.load("multimodal", lang)
    kept = {word: tuple(sounds) for word, sounds in examples.recordings(lang).items()}
    return kept, _counts(t, kept), t(f"teach.example.{examples.origin()}")


@kit.handler
def on_teach(
    lang: str, kept: dict[str, tuple[Any, ...]] | None, epochs: float, seed: float
) -> Iterator[tuple[Any, ...]]:
    """Train the small CNN on the recordings, epoch by epoch."""
    from core import runtime
    from core.events import Done, TrainStep
    from core.speech.word_classifier import WordClassifier, WordConfig

    t = text.load("multimodal", lang)
    ear = WordClassifier(WordConfig(epochs=kit.whole(epochs), seed=kit.whole(seed)))
    losses: list[float] = []
    rights: list[float] = []
    for event in kit.paced(ear.steps(kept or {}, seconds=kit.RUN_SECONDS), 0.0):
        match event:
            case TrainStep(logs=logs) if logs:
                losses.append(round(dict(logs)["loss"], 5))
                rights.append(round(dict(logs)["acc"], 5))
                yield gr.skip(), _learning(t, losses, rights), gr.skip(), gr.skip()
            case Done(result=history, seconds=seconds):
                label = kit.badge_text(
                    t, source="trained_now", parameters=ear.parameters, seconds=seconds,
                    device=runtime.describe("cpu"), loss=history.history["loss"][-1] if history.history else None,
                )  # fmt: skip
                yield ear, gr.skip(), label, _test(t, ear, lang)


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
def on_say(lang: str, ear: Any, taken: gr.EventData) -> tuple[Any, Any]:
    """What the taught network makes of what was said: bars, and the word."""
    return _said(lang, ear, sounds.recorded(taken))


@kit.handler
def on_say_file(lang: str, file: Any, ear: Any) -> tuple[Any, Any]:
    """The same for a file."""
    return (gr.skip(), gr.skip()) if file is None else _said(lang, ear, sounds.opened(file))


def _said(lang: str, ear: Any, sound: Any) -> tuple[Any, Any]:
    from core.speech.word_classifier import WordClassifier

    shares = (ear or WordClassifier()).predict_proba([sound])[0].tolist()
    return _bars(text.load("multimodal", lang), ear.words, shares), ear.words[shares.index(max(shares))]


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


def build(t: text.Text, language: gr.State) -> tuple[dict[str, Any], gr.Textbox]:
    """(controls, the word that was heard)."""
    kept, ear = gr.State(None), gr.State(None)
    kit.markdown(f"### {t('teach.title')}\n{t('teach.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            word = gr.Textbox(label=t("teach.word"), placeholder=t("teach.word_hint"), max_lines=1)
            mic = sounds.microphone(t, t("teach.record"), SECONDS)
            example = gr.Button(t("teach.example_go"), size="md")
            with gr.Accordion(t("teach.files"), open=False):
                files = gr.File(label=t("teach.files_label"), file_count="multiple", height=110)
                forget = gr.Button(t("teach.forget"), size="md")
            counts, said = views.bars(_nothing(t, "teach.none"), height=40), kit.markdown("")
        with gr.Column(scale=3, min_width=300):
            with gr.Row(elem_classes="taste-buttons"):
                teach = gr.Button(t("teach.go"), variant="primary", min_width=120)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
            curve = views.curve(
                {"series": [], "xlabel": t("teach.epoch"), "caption": t("teach.curve_none")}, height=200
            )
            badge, tested = kit.badge(), kit.markdown("")
            with gr.Row():
                epochs = gr.Slider(1, 40, value=8, step=1, label=t("teach.epochs"), min_width=140)
                seed = gr.Number(0, precision=0, label=t("seed"), min_width=90)
        with gr.Column(scale=3, min_width=300):
            bars = views.bars(_nothing(t, "say.none"), height=40)
            test = sounds.microphone(t, t("say.record"), SECONDS)
            ears = sounds.microphone(t, t("say.live"), LISTENS, live=True)
            with gr.Accordion(t("say.file"), open=False):
                tried = sounds.file(t("say.file_label"))
            heard = gr.Textbox(label=t("say.word"), interactive=False, max_lines=1)
            save, file = (
                gr.Button(t("teach.save"), size="md"),
                gr.DownloadButton(visible=False, elem_id=f"words-{t.lang}"),
            )
    quiet = kit.LIGHT | kit.PRIVATE
    # One after another: two recordings at once would both be added to the same collection, and one would be lost.
    filing: dict[str, Any] = {"concurrency_id": "words_record", "concurrency_limit": 1, "trigger_mode": "multiple"}
    mic.record(on_record, [language, word, kept], [kept, counts], **(quiet | filing))
    files.upload(on_files, [language, files, kept], [kept, counts], **quiet, **sounds.RAW)
    example.click(on_example, [language], [kept, counts, said], **kit.RUN, **kit.PRIVATE)
    forget.click(on_forget, [language], [kept, counts, said], **quiet)
    outputs = [ear, curve, badge, tested]
    run = teach.click(on_teach, [language, kept, epochs, seed], outputs, **kit.RUN, **kit.PRIVATE)
    stop.click(None, cancels=[run], **kit.PRIVATE)
    test.record(on_say, [language, ear], [bars, heard], **quiet)
    tried.upload(on_say_file, [language, tried, ear], [bars, heard], **quiet, **sounds.RAW)
    ears.listen(on_live, [language, ear], bars, **(quiet | {"trigger_mode": "once"}))  # the next waits for an answer
    saved = save.click(on_save, [language, ear], file, **quiet)
    saved.success(None, js=f"() => document.querySelector('#words-{t.lang}')?.click()", **kit.PRIVATE)
    return {"epochs": epochs, "seed": seed}, heard

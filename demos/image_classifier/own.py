"""Lesson 15, third part: a few pictures of each of the learner's own classes, a new head in seconds, tested live."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from core.lessons.image_classifier import choices
from demos import kit, views
from demos.kit import pictures, text

FORM = kit.Form(
    own_base=choices.BASE, own_epochs=choices.OWN_EPOCHS, own_copies=choices.OWN_COPIES, own_seed=choices.SEED
)
SCREEN = kit.Screen("kept", "album", "files", "own", "curve", "badge", "bars", "seen", "turn")
Kept = dict[str, tuple[Any, ...]]  # class name → its pictures
MOST_NAMES = 12  # of somebody's classes, told in a caption


@kit.handler
def on_example(lang: str) -> kit.Update:
    """Three classes of eight shipped pictures each, none of which the network ever saw."""
    from core.lessons.image_classifier import own_examples

    t = text.load("image_classifier", lang)
    kept = own_examples.example([t(f"garment.{kind}") for kind in own_examples.KINDS])
    return SCREEN(kept=kept, album=_album(t, kept))


@kit.handler
def on_snap(lang: str, name: str, kept: Kept | None, shot: gr.EventData) -> kit.Update:
    """Photos from the webcam join the class that is named."""
    from core.lessons.image_classifier import own_examples

    taken = pictures.photographed(getattr(shot, "photos", None))
    made = own_examples.added(kept or {}, name, [own_examples.kept(picture.pixels) for picture in taken])
    return SCREEN(kept=made, album=_album(text.load("image_classifier", lang), made))


@kit.handler
def on_files(lang: str, files: Any, name: str, kept: Kept | None) -> Iterator[kit.Update]:
    """Files join the class that is named; without a name, the first part of each file's name is the class."""
    from core.errors import CoreError, InvalidInput
    from core.lessons.image_classifier import own_examples

    t, made, unread = text.load("image_classifier", lang), dict(kept or {}), 0
    listed = [file for file in (files if isinstance(files, list) else [files]) if isinstance(file, dict)]
    if not listed:
        raise InvalidInput("empty", name="pictures", least=1)
    brought = [file for file in listed if str(file.get("path")).lower().endswith(".zip")]
    if brought:  # finished classes of somebody's
        yield SCREEN(files=None) | _teachable(t, brought[0], kept or {})
        return
    for done, file in enumerate(listed[: own_examples.MOST_PICTURES + 1], start=1):
        own_name = Path(str(file.get("orig_name") or "")).stem.split("_")[0]
        try:
            picture = own_examples.kept(pictures.opened(file, choices.KEPT_SIDE).pixels)
        except CoreError:
            unread += 1
            if unread == len(listed):  # not one could be read: say why
                raise
            continue
        made = own_examples.added(made, name if isinstance(name, str) and name.strip() else own_name, [picture])
        if done % 20 == 0 and done < len(listed):
            caption = t("own.stage.reading", done=done, total=len(listed))
            yield SCREEN(album=_album(t, made) | {"caption": caption})
    yield SCREEN(kept=made, album=_album(t, made, unread), files=None)


def _teachable(t: text.Text, file: Any, kept: Kept) -> kit.Update:
    """An export of Teachable Machine takes the place of what was learnt. The learner's pictures stay, the example's go."""
    from core.lessons.image_classifier import own_examples
    from core.vision.teachable_machine import TeachableMachine

    own = TeachableMachine(pictures.arrived(file))
    theirs = {} if own_examples.is_example(kept) else kept
    caption = t("own.teachable_beside" if theirs else "own.teachable_album", names=", ".join(own.classes[:MOST_NAMES]))
    items = [{"name": name, "value": 0.0, "text": ""} for name in own.classes]
    return SCREEN(
        kept=theirs,
        album=_album(t, theirs) | {"caption": caption},
        own=own,
        badge=t("own.teachable", count=len(own.classes), parameters=own.parameters),
        bars={"items": items, "low": 0, "high": 1, "caption": t("own.teachable_try")},
    )


@kit.handler
def on_take(lang: str, shelf: Any, name: str, kept: Kept | None) -> kit.Update:
    """The picture that another lesson left joins the class that is named."""
    from core.lessons.image_classifier import own_examples

    picture = pictures.shelved(shelf)
    made = own_examples.added(kept or {}, name, [own_examples.kept(picture.pixels)])
    return SCREEN(kept=made, album=_album(text.load("image_classifier", lang), made))


@kit.handler
def on_forget(lang: str, name: str, kept: Kept | None) -> kit.Update:
    """The class that is named goes; without a name, all of them."""
    name = name.strip() if isinstance(name, str) else ""
    made = {key: some for key, some in (kept or {}).items() if name and key != name}
    return SCREEN(kept=made, album=_album(text.load("image_classifier", lang), made))


def _album(t: text.Text, kept: Kept, unread: int = 0) -> dict[str, Any]:
    from core.lessons.image_classifier import own_examples

    items = [
        {"name": name, "text": t("own.count", count=len(some)), "png": pictures.png(own_examples.sheet(some))}
        for name, some in kept.items()
    ]
    words = t("own.album", count=len(items)) if items else t("own.empty")
    return {"items": items, "caption": f"{words} {t('own.unread', count=unread)}" if unread else words}


def _base(form: kit.Values) -> str:
    """The network whose features are used."""
    from core.errors import checking

    with checking() as check:
        check.within("base", form.own_base, choices.BASE)
    return str(form.own_base)


def _config(form: kit.Values) -> Any:
    from core.vision.own_classes import OwnConfig

    epochs, copies, seed = (kit.whole(form[name]) for name in ("own_epochs", "own_copies", "own_seed"))
    return OwnConfig(epochs=epochs, copies=copies, seed=seed)


@kit.handler
def on_learn(lang: str, kept: Kept | None, form: kit.Values) -> Iterator[kit.Update]:
    """The features of the trained network stay; a new last layer learns these classes."""
    from core import runtime
    from core.events import Done, Progress, TrainStep
    from core.lessons.image_classifier import look
    from core.vision.own_classes import OwnClasses

    t, base = text.load("image_classifier", lang), _base(form)
    if not look.ready(base):
        yield SCREEN(badge=t("own.stage.opening"))
    own = OwnClasses(look.shipped(base), _config(form))
    losses: list[float] = []
    rights: list[float] = []
    seen = -1.0
    for event in kit.paced(own.steps(kept or {}), 0):
        match event:
            case Progress(stage=stage, done=done, total=total) if done >= total or done - seen >= 20:
                seen = 0.0 if done >= total else done
                said = t(f"own.stage.{stage}", done=done, total=total)
                yield SCREEN(badge=said)
            case TrainStep(logs=logs) if logs:
                losses.append(dict(logs)["loss"])
                rights.append(dict(logs)["acc"])
                yield SCREEN(curve=_curve(t, losses, rights))
            case Done(seconds=seconds, result=history):
                label = kit.badge_text(
                    t,
                    source="trained_now",
                    parameters=own.parameters,
                    seconds=seconds,
                    device=runtime.describe("cpu"),
                    loss=history.history["loss"][-1],
                )
                yield SCREEN(own=own, badge=f"{label} · {_tested(t, own)}", bars=_first_answer(t, own))


@kit.handler
def on_stop(lang: str) -> str:
    return text.load("image_classifier", lang)("own.stopped")


def _curve(t: text.Text, losses: list[float], rights: list[float]) -> dict[str, Any]:
    return {
        "series": [
            {"name": t("own.loss"), "y": list(losses), "colour": 2, "dots": True},
            {"name": t("own.right"), "y": list(rights), "colour": 3, "dots": True},
        ],
        "xlabel": t("own.epoch"),
        "caption": t("own.curve", epoch=len(losses), loss=losses[-1], right=rights[-1]),
    }


def _is_example(t: text.Text, own: Any) -> bool:
    from core.lessons.image_classifier import own_examples

    return own.classes == tuple(t(f"garment.{kind}") for kind in own_examples.KINDS)


def _tested(t: text.Text, own: Any) -> str:
    """With the example's classes: how many pictures it has not seen are named right."""
    from core.lessons.image_classifier import own_examples

    if not _is_example(t, own):
        return t("own.try")
    right, count = own_examples.judged(own)
    return t("own.tested", right=right, count=count)


def _first_answer(t: text.Text, own: Any) -> dict[str, Any]:
    from core.lessons.image_classifier import own_examples

    if not _is_example(t, own):
        return {"items": [], "caption": t("own.try")}
    return _try(t, own, own_examples.unseen(0)[1])


def _try(t: text.Text, own: Any, picture: Any) -> dict[str, Any]:
    """The answer of the learner's classes to a picture."""
    answer = own.answer(picture)
    shares = answer.probabilities.tolist()
    top = shares.index(max(shares))
    items = [
        {"name": name, "value": share, "text": f"{share:.1%}", **({"colour": 2} if share == shares[top] else {})}
        for name, share in zip(own.classes, shares, strict=True)
    ]
    caption = t("own.says", name=own.classes[top], share=shares[top])
    if "cut" in answer.sight.notes:
        caption += " " + t("bars.cut")
    return {"items": items, "low": 0, "high": 1, "chosen": top, "caption": caption}


def _seen(t: text.Text, picture: Any, own: Any) -> dict[str, Any]:
    from core.files import images

    shown = [("original", images.read(picture, max_side=224).pixels), ("fitted", own.see(picture).final)]
    items = [
        {"name": t(f"own.sight.{name}"), "text": t("stage.size", w=p.shape[1], h=p.shape[0]), "png": pictures.png(p)}
        for name, p in shown
    ]
    return {"items": items, "caption": t("own.sight.caption", w=shown[1][1].shape[1], h=shown[1][1].shape[0])}


def _shown(lang: str, own: Any, picture: Any) -> kit.Update:
    from core.errors import NotReady

    if own is None:
        raise NotReady("no_head")
    t = text.load("image_classifier", lang)
    return SCREEN(bars=_try(t, own, picture), seen=_seen(t, picture, own))


@kit.handler
def on_test(lang: str, test: Any, own: Any) -> kit.Update:
    """What the learner's classes make of a picture: file, webcam or clipboard."""
    return _shown(lang, own, pictures.opened(test).pixels)


@kit.handler
def on_shelf(lang: str, shelf: Any, own: Any) -> kit.Update:
    """The picture that another lesson, or the drawing pad, left."""
    return _shown(lang, own, pictures.shelved(shelf).pixels)


@kit.handler
def on_unseen(lang: str, own: Any, turn: float) -> kit.Update:
    """The next example picture that was not learnt from."""
    from core.lessons.image_classifier import own_examples

    turn = int(kit.number(turn, "index")) + 1
    return _shown(lang, own, own_examples.unseen(max(0, turn))[1]) | SCREEN(turn=turn)


@kit.handler
def on_look(lang: str, own: Any, shot: gr.EventData) -> dict[str, Any]:
    """Bars while the camera looks."""
    t = text.load("image_classifier", lang)
    if own is None:
        return {"items": [], "caption": t("own.not_yet")}
    return _try(t, own, pictures.photographed(getattr(shot, "photo", None))[0].pixels)


@kit.handler
def on_save(lang: str, own: Any) -> Any:
    """The learnt classes as files: weights and labels, and one ONNX file that needs no PyTorch."""
    from core.lessons.image_classifier import own_examples
    from core.vision.own_classes import OwnClasses

    home = Path(get_upload_folder())
    home.mkdir(parents=True, exist_ok=True)
    written = own_examples.files(own or OwnClasses(), tempfile.mkdtemp(dir=home))
    return gr.update(value=[str(path) for path in written], visible=True)


@kit.handler
def on_code(lang: str, kept: Kept | None, form: kit.Values) -> str:
    from core.lessons.image_classifier import own_examples

    t = text.load("image_classifier", lang)
    names = [t(f"garment.{kind}") for kind in own_examples.KINDS]
    mine = kept is not None and list(kept) != names
    source = 'OwnClasses.folders("my_pictures")  # a folder per class' if mine else f"own_examples.example({names!r})"
    return CODE.format(config=_config(form), source=source, base=_base(form))


CODE = """from core import ImageClassifier
from core.lessons.image_classifier import own_examples
from core.vision import own_classes
from core.vision.own_classes import OwnClasses

pictures = {source}
own = OwnClasses(ImageClassifier.pretrained({base!r}), own_classes.{config!r})
history = own.fit(pictures)
print("loss:", history.history["loss"][-1])
for name, some in pictures.items():
    print(name, own.answer(some[-1]).probabilities.round(3))
own.save("my_classes")  # model.safetensors and labels.json; OwnClasses.load("my_classes") reads them
own.save_onnx("my_classes/model.onnx")

import json

import numpy as np
import onnxruntime  # needs no PyTorch

session = onnxruntime.InferenceSession("my_classes/model.onnx")
labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
seen = own.see(some[-1]).final.transpose(2, 0, 1)[None].astype(np.float32) / 255  # (1, 3, H, W)
print(labels, session.run(None, {{"pictures": seen}})[0].round(3))
"""


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(kept=gr.State(None), own=gr.State(None), turn=gr.Number(0, visible=False), shelf=kit.shelf("picture"))
    kit.markdown(f"### {t('own.title')}\n{t('own.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"#### {t('own.step_collect')}")
            words = {"label": t("own.name"), "placeholder": t("own.name_hint")}
            desk.put(name=gr.Textbox(max_lines=1, max_length=60, **words))
            camera = pictures.camera(t, side=choices.KEPT_SIDE, many=True)
            desk.put(files=gr.File(label=t("own.files"), file_count="multiple", height=180))
            kit.markdown(t("own.files_hint"), elem_classes="taste-badge")
            with gr.Row(elem_classes="taste-buttons"):
                take = gr.Button(t("picture.take"), size="md", min_width=120)
                forget = gr.Button(t("own.forget"), size="md", min_width=120)
                example = gr.Button(t("own.example"), size="md", min_width=120)
        with gr.Column(scale=4, min_width=300):
            kit.markdown(f"#### {t('own.step_learn')}")
            desk.put(album=views.pictures())
            bases = t.choices("own.feature", choices.BASE)
            desk.put(own_base=gr.Radio(bases, value=choices.BASE.default, label=t("own.base"), info=t("own.base_info")))
            with gr.Row(elem_classes="taste-buttons"):
                learn = gr.Button(t("own.learn"), variant="primary", min_width=130)
                stop = gr.Button(t("stop"), variant="stop", min_width=80)
            desk.put(curve=views.curve(height=190), badge=kit.badge())
            with gr.Accordion(t("own.more"), open=False):
                desk.put(own_epochs=kit.slider(choices.OWN_EPOCHS, label=t("own.epochs")))
                desk.put(own_copies=kit.slider(choices.OWN_COPIES, label=t("own.copies"), info=t("own.copies_info")))
                desk.put(own_seed=kit.number_box(choices.SEED, label=t("seed"), info=t("seed_info")))
        with gr.Column(scale=3, min_width=280):
            kit.markdown(f"#### {t('own.step_test')}")
            desk.put(bars=views.bars(), seen=views.pictures())
            with gr.Row(elem_classes="taste-buttons"):
                again = gr.Button(t("own.unseen"), size="md", min_width=130)
                shelved = gr.Button(t("own.shelf"), size="md", min_width=130)
            with gr.Accordion(t("own.live"), open=False):
                live = pictures.camera(t, side=choices.KEPT_SIDE, look=True)
            desk.put(test=pictures.intake(t))
            save = gr.Button(t("own.save"), size="md")
            desk.put(saved=gr.File(label=t("own.saved"), file_count="multiple", interactive=False, visible=False))
    # One after another: two presses at once would both add to the same collection, and one would be lost.
    snapping: dict[str, Any] = {"concurrency_id": "own_snap", "concurrency_limit": 1, "trigger_mode": "multiple"}
    kept, raw = ("kept", "album"), kit.LIGHT | pictures.RAW
    desk.on(camera.snap, on_snap, kit.LIGHT | snapping, to=kept)
    desk.on(desk.files.upload, on_files, raw, to=(*kept, "files", "own", "badge", "bars"))
    desk.on(take.click, on_take, to=kept)
    desk.on(forget.click, on_forget, to=kept)
    desk.on(example.click, on_example, to=kept)
    learnt = ("own", "curve", "badge", "bars")
    run = desk.on(learn.click, on_learn, kit.RUN, to=learnt, api="image_classifier_own")
    desk.on(stop.click, on_stop, to="badge", cancels=[run])
    desk.on(desk.test.input, on_test, raw, to=("bars", "seen"))
    desk.on(shelved.click, on_shelf, to=("bars", "seen"))
    desk.on(again.click, on_unseen, to=("turn", "bars", "seen"))
    # The next look waits for an answer.
    desk.on(live.look, on_look, kit.LIGHT | {"trigger_mode": "once"}, to="bars")
    desk.on(save.click, on_save, kit.RUN | {"show_progress": "minimal"}, to="saved")
    kit.code_panel(desk, "own_classes.py", on_code)
    return desk

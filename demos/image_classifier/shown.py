"""Lesson 15: what is shown of one picture in one network: bars, badge, Grad-CAM, stages, the maps of the layers."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from core.lessons.image_classifier import choices
from demos import kit
from demos.kit import pictures, text

FORM = kit.Form(name=choices.SHOWN, turn=choices.TURN, drawing="", layer=choices.LAYER)
SEEN = (
    "here",
    "knows",
    "bars",
    "badge",
    "about",
    "cam",
    "stages",
    "overview",
    "layer",
    "maps",
)  # what ``asked`` answers
SEEN_NOTES = ("several", "dot", "cut")  # of core.vision.preparing.NOTES: told where the answer is
SCREEN = kit.Screen(*SEEN, "shelf", "name", "turn", "drawing", "file", "model", "pad")


@dataclass(frozen=True)
class Here:
    """The picture that is asked about."""

    pixels: Any  # what core.files.images reads
    source: str  # one of choices.SHOWN, or "own"
    truth: str = ""  # the garment or digit it is, if known
    target: int | None = None  # the class Grad-CAM explains; None: the answer
    notes: tuple[str, ...] = ()
    order: tuple[int, ...] = ()  # the classes behind the bars
    rows: tuple[str, ...] = ()  # the layers of the overview


def own(picture: Any) -> Here:
    """A picture of one's own (core.files.images.Picture)."""
    return Here(picture.pixels, "own", notes=picture.notes)


def network(model: Any, course: Any) -> tuple[Any, str]:
    """(classifier, where it comes from) for the choice: the shipped one, the learner's, one of torchvision's by name."""
    from core.errors import NotReady
    from core.lessons.image_classifier import look

    if model in choices.KNOWS:
        return look.shipped(model), "carried" if model == "photos" else "shipped"
    if model == "mine":
        if course is None or course.updates == 0:
            raise NotReady("no_own_network")
        return course.classifier, "trained_now"
    return look.fetched(model), "fetched"


def asked(lang: str, here: Here, layer: Any, model: Any, course: Any) -> kit.Update:
    """One run of the chosen network on this picture, and all that is shown of it."""
    from core.lessons.image_classifier import look

    t, (classifier, source) = text.load("image_classifier", lang), network(model, course)
    found = look.look(classifier, here.pixels, here.target, layer if isinstance(layer, str) else None)
    names = class_names(t, classifier)
    return SCREEN(
        here=replace(here, order=found.order, rows=found.rows),
        knows=model if model in choices.KNOWS else None,
        bars=_bars(t, here, classifier, names, found),
        badge=_badge(t, classifier, source, found),
        about=_about(t, classifier, model, course),
        cam=_cam(t, names, found),
        stages=_stages(t, here, found),
        overview=_overview(t, found),
        layer=gr.update(choices=list(found.names), value=found.chosen.name),
        maps=_maps(t, found.chosen),
    )


def class_name(t: text.Text, name: str) -> str:
    """A garment in this language; the names of other networks stay as they are."""
    return t(f"garment.{name}") if name in choices.GARMENTS else name


def class_names(t: text.Text, classifier: Any) -> list[str]:
    """All classes of a network, in this language where they are ours or those of the photo network."""
    from core.vision import efficientnet_lite

    if classifier.classes == efficientnet_lite.names("en"):
        return list(efficientnet_lite.names(t.lang))
    return [class_name(t, name) for name in classifier.classes]


def _bars(t: text.Text, here: Any, classifier: Any, names: list[str], found: Any) -> dict[str, Any]:
    shares, order = found.answer.probabilities.tolist(), found.order
    top = max(order, key=shares.__getitem__)
    items = [
        {"name": names[i], "value": shares[i], "text": f"{shares[i]:.1%}", **({"colour": 2} if i == top else {})}
        for i in order
    ]
    caption = t("bars.caption", name=names[top], share=shares[top])
    if here.truth in classifier.classes:
        key = "right" if class_name(t, here.truth) == names[top] else "wrong"
        caption += " " + t(f"bars.{key}", truth=class_name(t, here.truth))
    caption += "".join(f" {t(f'bars.{note}')}" for note in found.answer.sight.notes if note in SEEN_NOTES)
    if len(names) >= 1000 and shares[top] < choices.UNSURE:
        caption += " " + t("bars.unsure", count=len(names))
    if len(names) == 10 and not here.truth and shares[top] < choices.UNSURE_OF_TEN:
        caption += " " + t("bars.unsure_of_ten")
    caption += " " + t("bars.pick")
    return {"items": items, "low": 0, "high": 1, "chosen": order.index(found.target), "caption": caption}


def _about(t: text.Text, classifier: Any, model: Any, course: Any) -> str:
    """What this network can know, honestly."""
    key = model if model in (*choices.KNOWS, "mine") else "other"
    if key == "mine" and course.config.data == "digits":
        key = "mine_digits"
    return t(f"about.{key}", count=len(classifier.classes), name=classifier.architecture or "")


def _badge(t: text.Text, classifier: Any, source: str, found: Any) -> str:
    from core import runtime

    return kit.badge_text(
        t,
        source=source,
        parameters=classifier.parameters,
        seconds=found.seconds,
        device=runtime.describe(),
    )


def _cam(t: text.Text, names: list[str], found: Any) -> dict[str, Any]:
    from core.lessons.image_classifier import look

    heat = look.heat(found.cam)
    key = "cam.caption" if heat.any() else "cam.none"
    return {
        "png": pictures.png(found.answer.sight.final),
        "heat": _b64(heat),
        "w": heat.shape[1],
        "h": heat.shape[0],
        "words": {"strength": t("cam.strength"), "heat": t("cam.heat")},
        "caption": t(key, name=names[found.target], layer=found.cam.layer, score=found.cam.score),
    }


def _stages(t: text.Text, here: Any, found: Any) -> dict[str, Any]:
    stages = found.answer.sight.stages
    items = [
        {
            "name": f"{number} · {t(f'stage.{stage.name}')}",
            "text": t("stage.size", w=stage.pixels.shape[1], h=stage.pixels.shape[0]),
            "png": pictures.png(stage.pixels),
        }
        for number, stage in enumerate(stages, 1)
    ]
    height, width = stages[-1].pixels.shape[:2]
    words = t("stage.caption", count=len(items), w=width, h=height)
    return {"items": items, "caption": f"{words} {pictures.notes(t, here.notes)}".strip()}


def _overview(t: text.Text, found: Any) -> dict[str, Any]:
    names = [maps.name for maps in found.layers]
    return {
        "groups": [_group(t, maps) for maps in found.layers],
        "size": 36,
        "chosen": names.index(found.chosen.name) if found.chosen.name in names else None,
        "words": _words(t),
        "caption": t("overview.caption", count=len(names)),
    }


def _maps(t: text.Text, maps: Any) -> dict[str, Any]:
    key = "one" if len(maps.shape) == 1 else "all" if len(maps.tiles) == maps.shape[0] else "some"
    caption = t(f"maps.{key}", count=len(maps.tiles), total=maps.shape[0], reach=maps.reach, silent=maps.silent)
    about = t(f"kind.{maps.kind}") if maps.kind in KINDS else ""
    return {
        "groups": [_group(t, maps)],
        "size": 62,
        "words": _words(t),
        "caption": f"{about} {caption}".strip(),
    }


KINDS = (
    "Conv2d",
    "BatchNorm2d",
    "ReLU",
    "ReLU6",
    "MaxPool2d",
    "AdaptiveAvgPool2d",
    "ZeroPad2d",
    "Linear",
    "Standardize",
)


def _group(t: text.Text, maps: Any) -> dict[str, Any]:
    size = " × ".join(str(side) for side in maps.shape)
    return {
        "name": maps.name,
        "text": t("layer_text", size=size, count=maps.parameters) if maps.parameters else size,
        "tiles": [_b64(tile) for tile in maps.tiles],
        "ids": list(maps.channels),
        "w": maps.tiles.shape[2],
        "h": maps.tiles.shape[1],
        "reach": maps.reach,
    }


def _words(t: text.Text) -> dict[str, str]:
    return {name: t(f"map_words.{name}") for name in ("map", "at", "open")}


def _b64(array: Any) -> str:
    return base64.b64encode(array.tobytes()).decode()

"""Lesson 8's results: summary table, fitted curve, losses, confusion, scores and answers as views and sentences."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.sequential.controls import SCREEN

MOST_LINES = 6  # classes drawn as curves


def name(t: text.Text, word: str) -> str:
    """A column or class of our own data in the page's language; the learner's own names stay."""
    known = {key: t(f"column.{key}") for key in ("kg", "cm", "group", "short", "medium", "tall")}
    return known.get(word, word if len(word) <= 24 else word[:23] + "…")


def summary(lang: str, spec: Any, data: Any) -> tuple[str, bool, bool]:
    """Keras' table with the sums behind it and what would go wrong; whether it is refused; whether the end fits badly."""
    from core.lessons.sequential.spec import inspect

    t = text.load("sequential", lang)
    found = inspect(spec, data.x.shape[1], data.task, len(data.classes))
    lines = [t("summary.title"), "", t("summary.head"), "|---|---|--:|---|"]
    lines += [f"| `{row.name}` | `{row.output_shape}` | {row.parameters:,} | {row.sum} |" for row in found.rows]
    lines += [f"| **{t('summary.total')}** | | **{found.total:,}** | |", ""]
    lines += [f"⛔ {t.error(error)}\n" for error in found.errors] or [t("summary.fine"), ""]
    lines += [f"⚠️ {t.error(hint)}\n" for hint in found.hints]
    return "\n".join(lines), bool(found.errors), bool(found.errors or found.hints)


def pictures(lang: str, lab: Any, step: Any, log: bool) -> kit.Update:
    """Curve or field over the rows, losses, metrics, and the confusion matrix or truth against prediction."""
    t = text.load("sequential", lang)
    classified = bool(lab.data.classes)
    ends = SCREEN(confusion=confusion(t, lab)) if classified else SCREEN(compared=compared(t, lab))
    return ends | SCREEN(
        plane=plane(t, lab.data, lab.marks(), step),
        curve=curve(t, lab, step, log),
        measures=metrics(t, lab, step),
        confused=gr.update(visible=classified),
        compare=gr.update(visible=not classified),
    )


def plane(t: text.Text, data: Any, marks: Any, step: Any = None) -> dict[str, Any]:
    """The rows, and what the net answers everywhere between them; without a net the rows alone."""
    names = [name(t, word) for word in data.names]
    if data.x.shape[1] > 2:
        return {"x": [0, 1], "y": [0, 1], "bare": True, "caption": t("plane.none", inputs=data.x.shape[1])}
    points = [[x, y, None if v != v else v, ring] for x, y, v, ring in marks.round(4).tolist()]
    shown: dict[str, Any] = {
        "xlabel": names[0],
        "ylabel": names[1],
        "points": points,
        "radius": 3.2 if len(points) > 60 else 5,
    }
    ring = {"ring": t("plane.validation")} if data.training < len(data.x) else {}
    if len(data.classes) == 2 or data.x.shape[1] == 2:
        sides = {"low": name(t, data.classes[0]), "high": name(t, data.classes[-1])} if data.classes else {}
        shown["names"] = (sides or {"low": t("plane.low"), "high": t("plane.high")}) | ring
    else:
        shown["names"] = ring
    shown["shades"] = len(data.classes) > 2 or (data.x.shape[1] == 2 and not data.classes)
    if data.x.shape[1] == 1 and data.classes:
        shown |= {"y": [-0.06, 1.06], "ylabel": t("plane.probability")}
    if shown["shades"] and data.classes:
        shown |= {"outline": True}
        order = " " + t("plane.order", names=", ".join(name(t, word) for word in data.classes))
    else:
        order = ""
    if step is None or step.picture is None:
        return shown | {"caption": t("plane.rows", rows=len(data.x)) + order}
    low, high, bottom, top = step.picture.extent
    if step.picture.field.size:
        field = views.packed(step.picture.field)
        return shown | {
            "x": [low, high],
            "y": [bottom, top],
            "field": field,
            "caption": t("plane.field", epoch=step.epoch) + order,
        }
    shown["lines"] = [
        {
            "xy": [[x, y] for x, y in zip(step.picture.x.tolist(), values, strict=True)],
            "colour": i,
            "width": 3,
            "name": t("plane.chance", group=name(t, data.classes[i - 1])) if data.classes else t("plane.line"),
        }
        for i, values in enumerate(step.picture.curves[:MOST_LINES].tolist(), 1)
    ]
    if data.classes:
        return shown | {"x": [low, high], "caption": t("plane.chances", epoch=step.epoch)}
    return shown | {"caption": t("plane.curve", epoch=step.epoch)}


def curve(t: text.Text, lab: Any, step: Any, log: bool) -> dict[str, Any]:
    """Loss and validation loss, one number an epoch, and the epoch at which validation was best."""
    history = dict(step.history)
    told = {"epoch": step.epoch, "update": step.update} | {key: history[key][-1] for key in history}
    caption = t("curve.both" if "val_loss" in history else "curve.one", **told) if history else t("curve.start")
    if (best := lab.best()) and best[0] < step.epoch:
        caption += ". " + t("curve.best", epoch=best[0], value=best[1])
    return {
        "series": _series(t, history, (("loss", 1), ("val_loss", 2))),
        "xlabel": t("curve.x"),
        "ylabel": "loss",
        "logy": bool(log),
        "caption": caption,
    }


def metrics(t: text.Text, lab: Any, step: Any) -> dict[str, Any]:
    """The metrics, one number an epoch; of the validation rows dashed."""
    history, chosen = dict(step.history), lab.spec.metrics
    keys = [(f"{part}{key}", i) for i, key in enumerate(chosen, 1) for part in ("", "val_")]
    ends = [f"{key} {history[key][-1]:.4g}" for key, _ in keys if key in history]
    start = t("curve.start") if chosen else t("curve.no_metrics")
    return {
        "series": _series(t, history, keys),
        "xlabel": t("curve.x"),
        "ylabel": "metrics",
        "caption": t("curve.metrics", values=" · ".join(ends)) if ends else start,
    }


def _series(t: text.Text, history: dict[str, Any], keys: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": t(f"curve.{key}") if key.endswith("loss") else key,
            "y": [float(f"{v:.6g}") for v in history[key].tolist()],
            "colour": colour,
            "dash": key.startswith("val_"),
        }
        for key, colour in keys
        if key in history
    ]


def confusion(t: text.Text, lab: Any) -> dict[str, Any]:
    """How often each class was taken for each; of the validation rows where there are some."""
    part = "validation" if lab.data.training < len(lab.data.x) else "train"
    found, classes = lab.confusion(part), [name(t, word) for word in lab.data.classes]
    return {
        "cells": found.counts.tolist(),
        "rows": classes,
        "cols": classes,
        "corner": t("confusion.corner"),
        "kind": "height",
        "low": 0,
        "caption": t("confusion.caption", part=t(f"part.{part}"), share=found.accuracy),
    }


def compared(t: text.Text, lab: Any) -> dict[str, Any]:
    """A regression's answers against the truth: on the diagonal they are right."""
    found = lab.compared()
    low, high = found.span
    rows = zip(found.truth.tolist(), found.said.tolist(), found.held_out.tolist(), strict=True)
    return {
        "x": [low, high],
        "y": [low, high],
        "points": [[x, y, None, int(ring)] for x, y, ring in rows],
        "lines": [{"xy": [[low, low], [high, high]], "colour": 7, "dash": True, "name": t("compared.right")}],
        "radius": 3.2 if len(found.truth) > 60 else 5,
        "xlabel": t("compared.truth", name=name(t, lab.data.names[-1])),
        "ylabel": t("compared.said"),
        "names": {"ring": t("plane.validation")} if found.held_out.any() else {},
        "caption": t("compared.caption"),
    }


def verbs(lang: str, spec: Any) -> str:
    """What the settings say, in Keras' verbs."""
    from core.lessons.sequential.script import verbs as said

    return f"{text.load('sequential', lang)('verbs')}\n```python\n{said(spec)}\n```"


def example(data: Any, new: Any) -> kit.Update:
    """New rows to ask about, where those in the box do not fit the data."""
    lines = [line for line in str(new or "").replace(",", " ").splitlines() if line.strip()]
    if lines and all(len(line.split()) == data.x.shape[1] for line in lines):
        return SCREEN()
    return SCREEN(new="\n".join(", ".join(f"{v:.4g}" for v in row) for row in data.x[:3].tolist()))


def scores(lang: str, lab: Any) -> str:
    """evaluate: loss and metrics of the training and the validation rows, and the mean error in the table's unit."""
    t = text.load("sequential", lang)
    parts = ("train", "validation") if lab.data.training < len(lab.data.x) else ("train",)
    found = [lab.evaluate(part) for part in parts]
    keys = [key for key, _ in found[0].values]
    lines = [f"| | {t('evaluate.rows')} | {' | '.join(keys)} |", "|---|--:" + "|--:" * len(keys) + "|"]
    lines += [
        f"| {t(f'part.{score.part}')} | {score.rows} | {' | '.join(f'{v:.4g}' for _, v in score.values)} |"
        for score in found
    ]
    unit = name(t, lab.data.names[-1])
    lines += [
        "",
        *(
            t("evaluate.error", part=t(f"part.{s.part}"), error=s.mean_error, unit=kit.quote(unit)) + "\n"
            for s in found
            if s.mean_error is not None
        ),
    ]
    return "\n".join(lines)


def answers(lang: str, lab: Any, answer: Any) -> str:
    """predict: one row for each question."""
    t = text.load("sequential", lang)
    names = [kit.quote(name(t, word)) for word in lab.data.names]
    classes = [name(t, word) for word in lab.data.classes]
    lines = [
        f"| {' | '.join(names[:-1])} | → {names[-1]} |" + "".join(f" P({kit.quote(word)}) |" for word in classes),
        "|--:" * len(names) + "|" + "--:|" * len(classes),
    ]
    for i, row in enumerate(answer.x.tolist()[:100]):
        said = kit.quote(name(t, answer.classes[i])) if answer.classes else f"{answer.values[i]:.2f}"
        lines.append(
            f"| {' | '.join(f'{v:g}' for v in row)} | **{said}** |"
            + "".join(f" {p:.1%} |" for p in answer.probabilities[i].tolist())
        )
    return "\n".join(lines) + ("" if lab.trainer.updates else f"\n\n{t('predict_untrained')}")


def mean_errors(preset: str) -> dict[str, float]:
    """A preset on raw and on standardised numbers, all else equal: the mean error in the table's unit."""
    from dataclasses import replace

    from core.lessons.sequential.spec import PRESETS

    runs = {"raw": False, "standardised": True}
    return {key: _trained(replace(PRESETS[preset], standardise=on)).evaluate().mean_error for key, on in runs.items()}


def end_losses(preset: str) -> dict[str, float]:
    """The validation loss of a preset: the best, its epoch, the last; and the last training loss."""
    from core.lessons.sequential.spec import PRESETS

    lab = _trained(PRESETS[preset])
    found = lab.trainer.history["val_loss"]
    best = min(found)
    epoch = next(i for i, value in enumerate(found, 1) if value == best)
    return {"best": best, "epoch": epoch, "last": found[-1], "train": lab.trainer.history["loss"][-1]}


def _trained(spec: Any) -> Any:
    from core.lessons.sequential.lab import Lab

    return Lab(spec).train(deadline=kit.RUN_SECONDS)

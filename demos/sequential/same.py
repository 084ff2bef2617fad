"""Lesson 8, what Keras, PyTorch and scikit-learn call the same and compute differently: a table that they fill themselves."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text

KINDS = {"keras": "Keras", "torch": "PyTorch", "scikit-learn": "scikit-learn"}


@kit.handler
def on_same(lang: str) -> str:
    """The table, each number computed by the library now."""
    from core.lessons.sequential.same_names import compare

    t, found = text.load("sequential", lang), compare()
    heads = [f"{KINDS[name]} {version or ''}" for name, version in found.versions.items()]
    lines = [f"| {t('same.question')} | {' | '.join(heads)} |", "|---|---|---|---|"]
    for key, cells in found.rows.items():
        lines.append(f"| {t(f'same.row.{key}')} | {' | '.join(map(_cell, cells))} |")
    missing = [] if all(found.versions.values()) else ["", t("same.missing")]
    return "\n".join([*lines, *missing])


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(row + 1) for row in value)
    return "–" if value is None else f"{value:.5g}".replace("inf", "∞").replace("-", "−")


def build(desk: kit.Desk) -> None:
    with gr.Accordion(desk.t("same.title"), open=False) as panel:
        kit.markdown(desk.t("same.lead"))
        table = kit.markdown(desk.t("same.wait"), elem_classes=["taste-table", "taste-asked"])
    call, inputs, _ = desk.bound(on_same, ())
    panel.expand(call, inputs, table, **kit.LIGHT, **kit.PRIVATE)

"""Lesson 17, which noise levels the samplers visit under each spacing of the steps: a table asked of diffusers."""

from __future__ import annotations

import gradio as gr

from demos import kit
from demos.kit import text


@kit.handler
def on_spacings(lang: str, form: kit.Values) -> str:
    """For as many steps as the slider says."""
    from core.lessons.stable_diffusion.spacings import SAMPLERS, visited

    t = text.load("stable_diffusion", lang)
    heads = " | ".join(t(f"scheduler.{name}") for name in SAMPLERS)
    lines = [f"| {t('spacing.steps', count=kit.whole(form.steps))} | {heads} |", "|---" * (len(SAMPLERS) + 1) + "|"]
    cells: dict[str, list[str]] = {}
    for each in visited(kit.whole(form.steps)):
        way = f"{each.levels[0]:g} → {each.levels[-1]:g}" if len(each.levels) > 1 else f"{each.levels[0]:g}"
        cells.setdefault(each.spacing, []).append(f"{way} ({each.signal:.1%})")
    lines += [f"| {spacing} | {' | '.join(row)} |" for spacing, row in cells.items()]
    return "\n".join(lines)


def build(desk: kit.Desk) -> None:
    with gr.Accordion(desk.t("spacing.title"), open=False) as panel:
        kit.markdown(desk.t("spacing.lead"))
        table = kit.markdown("", elem_classes="taste-table")
    call, inputs, _ = desk.bound(on_spacings, ())
    panel.expand(call, inputs, table, **kit.LIGHT, **kit.PRIVATE)

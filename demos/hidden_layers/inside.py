"""Lesson 5's magnifier: what one unit computes, with its numbers, and any weight or bias set by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.hidden_layers import choices
from demos import kit
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import pictures as pic
from demos.hidden_layers.controls import SCREEN, UNIT
from demos.kit import text


def shown(lang: str, here: pic.Here, x1: float, x2: float) -> kit.Update:
    """The chosen unit at the point (x1, x2), and the choice of numbers that can be set by hand."""
    t, play = text.load("hidden_layers", lang), here.play
    report = play.node(here.layer, here.unit, (kit.number(x1, "x1"), kit.number(x2, "x2")))
    last = here.layer > len(play.config.hidden)
    name = t("output") if last else t("unit", layer=here.layer, unit=here.unit + 1)
    lines = [f"**{name}**", f"$${report.z.latex}$$", f"$${report.a.latex}$$"]
    net = play.net
    mine = [p for p in net.parameters if (p.layer, p.unit) == (here.layer, here.unit)]
    choice = gr.update(choices=[p.name for p in net.parameters], value=mine[-1].name)
    return SCREEN(report="\n\n".join(lines), choice=choice, value=round(net.get(mine[-1]), 4))


@kit.handler
def on_unit(lang: str, here: pic.Here | None, x1: float, x2: float, spot: gr.EventData) -> kit.Update:
    """A unit was pressed: put it under the magnifier. An input has nothing to compute."""
    layer, unit = int(kit.number(spot.layer, "layer")), int(kit.number(spot.unit, "unit"))
    if here is None or layer < 1:
        return SCREEN()
    here.play.node(layer, unit)  # tells if there is no such unit
    here = replace(here, layer=layer, unit=unit)
    return SCREEN(here=here) | shown(lang, here, x1, x2)


@kit.handler
def on_point(lang: str, here: pic.Here | None, x1: float, x2: float) -> kit.Update:
    """The same unit at another point of the plane."""
    return SCREEN(report=shown(lang, here, x1, x2)["report"]) if here else SCREEN()


@kit.handler
def on_choose(lang: str, here: pic.Here | None, choice: str) -> kit.Update:
    """The present value of the number that was chosen."""
    return SCREEN(value=round(here.play.net.get(_parameter(here.play, choice)), 4)) if here else SCREEN()


@kit.handler
def on_edit(lang: str, here: pic.Here | None, x1: float, x2: float, form: kit.Values, spot: gr.EventData) -> kit.Update:
    """A number was typed on a link, or on the little square of a bias."""
    from core.mlp.plain_net import Parameter

    source = int(kit.number(getattr(spot, "from"), "from"))
    target = Parameter(
        int(kit.number(spot.layer, "layer")) + 1, int(kit.number(spot.to, "to")), None if source < 0 else source
    )
    return _set(lang, here, target, kit.number(spot.value), (x1, x2), ctl.chosen(form))


@kit.handler
def on_number(
    lang: str, here: pic.Here | None, choice: str, value: float, x1: float, x2: float, form: kit.Values
) -> kit.Update:
    """The same from the list: the weight or bias called ``choice`` becomes ``value``."""
    chosen = ctl.chosen(form)
    here = pic.place(here, chosen)
    return _set(lang, here, _parameter(here.play, choice), kit.number(value), (x1, x2), chosen)


def _set(
    lang: str, here: pic.Here | None, target: Any, value: float, at: tuple[float, float], chosen: ctl.Chosen
) -> kit.Update:
    here = pic.place(here, chosen)
    here.play.set_weight(target, value)
    here = replace(here, layer=target.layer, unit=target.unit)
    seen = shown(lang, here, *at)
    choice = seen["choice"] | {"value": target.name}
    return pic.shown(lang, here, chosen) | seen | SCREEN(choice=choice, value=value, badge="")


def _parameter(play: Any, name: str) -> Any:
    from core.errors import checking

    found = {p.name: p for p in play.net.parameters}
    with checking() as check:
        check.one_of("weight", name, found)
    return found[name]


def build(desk: kit.Desk) -> None:
    t = desk.t
    kit.markdown(t("inside_lead"))
    with gr.Row():
        desk.put(x1=gr.Number(choices.X1, label="x₁", min_width=80))
        desk.put(x2=gr.Number(choices.X2, label="x₂", min_width=80))
        desk.put(choice=gr.Dropdown([], label=t("edit.choose"), min_width=130))
        desk.put(value=gr.Number(0.0, label=t("edit.value"), info=t("edit.info"), min_width=130))
    desk.put(report=kit.markdown("", min_height=120, elem_classes="taste-live"))


def connect(desk: kit.Desk) -> None:
    """Everything that changes no weight."""
    desk.on(desk.network.unit, on_unit, to=("here", *UNIT))
    desk.on((desk.x1.change, desk.x2.change), on_point, to="report")
    desk.on(desk.choice.input, on_choose, to="value")

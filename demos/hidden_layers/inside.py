"""Lesson 5's magnifier: what one unit computes, with its numbers, and any weight or bias set by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from demos import kit
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import pictures as pic
from demos.kit import text


def shown(lang: str, here: pic.Here, x1: float, x2: float) -> tuple[Any, ...]:
    """The chosen unit at the point (x1, x2), and the choice of numbers that can be set by hand."""
    t, play = text.load("hidden_layers", lang), here.play
    report = play.node(here.layer, here.unit, (kit.number(x1, "x1"), kit.number(x2, "x2")))
    last = here.layer > len(play.config.hidden)
    name = t("output") if last else t("unit", layer=here.layer, unit=here.unit + 1)
    lines = [f"**{name}**", f"$${report.z.latex}$$", f"$${report.a.latex}$$"]
    net = play.net
    mine = [p for p in net.parameters if (p.layer, p.unit) == (here.layer, here.unit)]
    return (
        "\n\n".join(lines),
        gr.update(choices=[p.name for p in net.parameters], value=mine[-1].name),
        round(net.get(mine[-1]), 4),
    )


@kit.handler
def on_unit(lang: str, here: pic.Here | None, x1: float, x2: float, spot: gr.EventData) -> tuple[Any, ...]:
    """A unit was pressed: put it under the magnifier. An input has nothing to compute."""
    layer, unit = int(kit.number(spot.layer, "layer")), int(kit.number(spot.unit, "unit"))
    if here is None or layer < 1:
        return (gr.skip(),) * 4
    here.play.node(layer, unit)  # tells if there is no such unit
    here = replace(here, layer=layer, unit=unit)
    return here, *shown(lang, here, x1, x2)


@kit.handler
def on_point(lang: str, here: pic.Here | None, x1: float, x2: float) -> Any:
    """The same unit at another point of the plane."""
    return shown(lang, here, x1, x2)[0] if here else gr.skip()


@kit.handler
def on_choose(lang: str, here: pic.Here | None, name: str) -> Any:
    """The present value of the number that was chosen."""
    return round(here.play.net.get(_parameter(here.play, name)), 4) if here else gr.skip()


@kit.handler
def on_edit(
    lang: str, here: pic.Here | None, x1: float, x2: float, spot: gr.EventData, *controls: Any
) -> tuple[Any, ...]:
    """A number was typed on a link, or on the little square of a bias."""
    from core.mlp.plain_net import Parameter

    source = int(kit.number(getattr(spot, "from"), "from"))
    target = Parameter(
        int(kit.number(spot.layer, "layer")) + 1, int(kit.number(spot.to, "to")), None if source < 0 else source
    )
    return _set(lang, here, target, kit.number(spot.value), x1, x2, controls)


@kit.handler
def on_number(
    lang: str, here: pic.Here | None, name: str, value: float, x1: float, x2: float, *controls: Any
) -> tuple[Any, ...]:
    """The same from the list: the weight or bias called ``name`` becomes ``value``."""
    here = pic.place(here, ctl.chosen(controls))
    return _set(lang, here, _parameter(here.play, name), kit.number(value), x1, x2, controls)


def _set(
    lang: str, here: pic.Here | None, target: Any, value: float, x1: float, x2: float, controls: tuple[Any, ...]
) -> tuple[Any, ...]:
    chosen = ctl.chosen(controls)
    here = pic.place(here, chosen)
    here.play.set_weight(target, value)
    here = replace(here, layer=target.layer, unit=target.unit)
    report, choice, _ = shown(lang, here, x1, x2)
    return *pic.shown(lang, here, chosen), report, choice | {"value": target.name}, value, ""


def _parameter(play: Any, name: str) -> Any:
    from core.errors import Check

    found = {p.name: p for p in play.net.parameters}
    check = Check()
    check.one_of("weight", name, found)
    check.done()
    return found[name]


@dataclass(frozen=True)
class Magnifier:
    """Its components."""

    x1: gr.Number
    x2: gr.Number
    report: gr.Markdown
    choice: gr.Dropdown
    value: gr.Number

    @property
    def outputs(self) -> list[Any]:
        return [self.report, self.choice, self.value]

    def connect(self, language: gr.State, here: gr.State, network: Any) -> None:
        """Everything that changes no weight."""
        quiet = kit.LIGHT | kit.PRIVATE
        where = [language, here, self.x1, self.x2]
        network.unit(on_unit, where, [here, *self.outputs], **quiet)
        for number in (self.x1, self.x2):
            number.change(on_point, where, self.report, **quiet)
        self.choice.input(on_choose, [language, here, self.choice], self.value, **quiet)


def build(t: text.Text) -> Magnifier:
    kit.markdown(t("inside_lead"))
    with gr.Row():
        x1 = gr.Number(1.0, label="x₁", min_width=80)
        x2 = gr.Number(2.0, label="x₂", min_width=80)
        choice = gr.Dropdown([], label=t("edit.choose"), min_width=130)
        value = gr.Number(0.0, label=t("edit.value"), info=t("edit.info"), min_width=130)
    report = kit.markdown("", min_height=120)
    return Magnifier(x1, x2, report, choice, value)

"""Lesson 5's pictures: where a learner stands, and a frame of core as the values of the views, each with its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from demos import kit, views
from demos.hidden_layers.controls import NAMES, SCREEN, Chosen
from demos.kit import text

MOST_POINTS = 1500  # that are drawn
SMALL = 50  # pixels of the boundary's side in a frame of a run


@dataclass(frozen=True)
class Here:
    """Where the learner stands: the net at work, whether it is running, the unit under the magnifier."""

    play: Any
    running: bool = False
    layer: int = 1
    unit: int = 0


def place(here: Here | None, chosen: Chosen, fresh: bool = False) -> Here:
    """The playground of these settings: the one at hand, one that goes on with its weights, or a new one."""
    from core.lessons.hidden_layers.playground import Playground

    play = here.play.changed(chosen.config) if here and not fresh else Playground(chosen.config)
    layer = min(here.layer if here else 1, len(chosen.config.hidden) + 1)
    unit = min(here.unit if here else 0, len(play.net.biases[layer - 1]) - 1)
    return Here(play, bool(here and here.running), layer, unit)


def shown(lang: str, here: Here, chosen: Chosen, frame: Any = None, points: Any = None) -> kit.Update:
    """State, shelf, network, plane, curve, bent grid, counters, the place in the run."""
    t, play = text.load("hidden_layers", lang), here.play
    frame = frame or play.frame(warp_layer=bent_layer(chosen))
    return SCREEN(
        here=here,
        model=play,
        network=network(t, play, frame, (here.layer, here.unit)),
        plane=plane(t, frame, points or marks(play, chosen.show_test), chosen),
        curve=curve(t, play),
        warp=warp(t, play, frame),
        counters=counters(t, frame),
        replay={"at": frame.iteration, "label": t("replay.at", epoch=play.history[-1].epoch)},
    )


def bent_layer(chosen: Chosen) -> int:
    """The hidden layer whose bent grid is drawn, from 1; 0 if there is none."""
    layers = len(chosen.config.hidden)
    return layers if chosen.layer == "last" else min(int(chosen.layer), layers)


def marks(play: Any, tested: bool) -> list[list[float]]:
    """Points to draw: (x1, x2, −1…1, ring), training points first, as core counts them."""
    parts = [(play.points.x_train, play.points.colours()[0], 0), (play.points.x_test, play.points.colours()[1], 1)]
    return [
        [round(x1, 3), round(x2, 3), round(value, 3), ring]
        for xs, values, ring in (parts if tested else parts[:1])
        for (x1, x2), value in zip(xs.tolist(), values.tolist(), strict=True)
    ][:MOST_POINTS]


def network(t: text.Text, play: Any, frame: Any, chosen_unit: tuple[int, int]) -> dict[str, Any]:
    """Features, hidden units with their heatmaps, and the output; links as thick as their weights."""
    inputs = [
        {"name": NAMES[name], "label": NAMES[name], "text": t(f"feature_text.{name}"), "thumb": views.packed(picture)}
        for name, picture in zip(play.config.features, play.feature_pictures, strict=True)
    ]
    layers: list[dict[str, Any]] = [{"title": t("inputs"), "units": inputs}]
    for i, ((units, f), _) in enumerate(zip(play.config.hidden, frame.units, strict=True), 1):
        names = [{"name": f"h{_sub(i)}{_sub(k)}"} for k in range(1, units + 1)]
        layers.append({"title": t("hidden", layer=i), "f": f, "units": names})
    end = "linear" if play.config.task == "regression" else "sigmoid"
    layers.append({"title": t("output"), "f": end, "units": [{"name": "ŷ", "label": "ŷ"}]})
    moving = [*frame.units, [frame.boundary[::2, ::2]]]
    small = (
        2 if len(frame.boundary) <= SMALL else 1
    )  # of a live frame every second pixel: it is drawn as large as a thumb
    return {
        "layers": layers,
        "thumbs": [[], *([views.packed(each[::small, ::small]) for each in layer] for layer in moving)],
        "weights": [w.round(3).tolist() for w in frame.weights],
        "biases": [b.round(3).tolist() for b in frame.biases],
        "chosen": {"layer": chosen_unit[0], "unit": chosen_unit[1]},
        "words": {name: t(f"edit.{name}") for name in ("weight", "bias", "set")},
        "caption": t("net_caption"),
        "alt": t("net_alt", layers=len(layers) - 2, units=", ".join(str(n) for n, _ in play.config.hidden))
        if play.config.hidden
        else t("net_alt_none"),
    }


def _sub(number: int) -> str:
    return "₀₁₂₃₄₅₆₇₈₉"[number]


def plane(t: text.Text, frame: Any, points: list[Any], chosen: Chosen) -> dict[str, Any]:
    """The net's answer all over the plane, with the points on it."""
    regression = chosen.config.task == "regression"
    names = {side: t(f"side.{side}{'_value' if regression else ''}") for side in ("high", "low")}
    told = {"train": frame.train.loss, "test": frame.test.loss}
    if not regression:
        told |= {"train_share": frame.train.accuracy, "test_share": frame.test.accuracy}
    return {
        "x": [-6, 6],
        "y": [-6, 6],
        "equal": True,
        "xlabel": "x₁",
        "ylabel": "x₂",
        "field": views.packed(frame.boundary, "split" if chosen.discrete else "class", not chosen.discrete),
        "points": points,
        "radius": 3.4 if len(points) > 60 else 5,
        "shades": regression,
        "mode": "erase" if chosen.click == "erase" else "place",
        "names": names | ({"ring": t("side.test")} if chosen.show_test else {}),
        "caption": t("plane_caption_regression" if regression else "plane_caption", **told),
    }


def curve(t: text.Text, play: Any) -> dict[str, Any]:
    """Training and test loss by epoch."""
    epochs = [round(mark.epoch, 3) for mark in play.history]
    rows = (("train", 1, False), ("test", 2, True))
    return {
        "series": [
            {
                "name": t(f"curve.{part}"),
                "x": epochs,
                "y": [round(getattr(mark, part).loss, 5) for mark in play.history],
                "colour": colour,
                "dash": dash,
            }
            for part, colour, dash in rows
        ],
        "xlabel": t("curve.x"),
        "ylabel": t(f"curve.y_{'mse' if play.config.task == 'regression' else play.config.loss}"),
        "caption": t(f"curve.{play.fit}"),
    }


def warp(t: text.Text, play: Any, frame: Any) -> dict[str, Any]:
    """The grid of the plane as the chosen hidden layer bends it, and the training points with it."""
    if frame.warp is None:
        return {"x": [-1, 1], "y": [-1, 1], "equal": True, "caption": t("warp.none")}
    shown = frame.warp.points[:500]
    key = "warp.caption" if frame.warp.axes.shape[0] <= 2 else "warp.caption_pca"
    return {
        "equal": True,
        "radius": 3,
        "shades": play.config.task == "regression",
        "warp": {
            "lines": views.floats(frame.warp.lines),
            "each": frame.warp.lines.shape[1],
            "cloud": views.floats(shown),
        },
        "values": [round(v, 3) for v in play.points.colours()[0][: len(shown)].tolist()],
        "caption": t(key, layer=frame.warp.layer, share=frame.warp.explained),
    }


def counters(t: text.Text, frame: Any) -> str:
    """Where the run stands, in one line."""
    told = {"epoch": frame.epoch, "iteration": frame.iteration, "train": frame.train.loss, "test": frame.test.loss}
    if frame.test.accuracy is None:
        return t("counters_regression", **told)
    return t("counters", share=frame.test.accuracy, **told)

"""Word vectors: words on a map, the learner's own among them, and a ring to drag from place to place."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.lessons.word_vectors import choices
from demos import kit, views
from demos.kit import text

FORM = kit.Form(own="", kinds=list(choices.KINDS), shown=None)
SCREEN = kit.Screen("plane", "place", "map")


def _words(own: Any) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in str(own or "").replace("\n", ",").split(",") if word.strip()))


@kit.handler
def on_map(lang: str, own: str, kinds: list[str], shown: list[str]) -> kit.Update:
    """Words of the chosen kinds, and own ones, on the two directions in which they differ most."""
    from core.lessons.word_vectors import space

    t = text.load("word_vectors", lang)
    found = space.placed(tuple(kinds or ()), tuple(shown or ()), _words(own))
    start = next((i for i, kind in enumerate(found.kinds) if not kind), 0)
    mark = {"x": float(found.at[start, 0]), "y": float(found.at[start, 1])}
    return SCREEN(map=found, plane=_plane(t, found, mark), place=_near(t, found, mark))


@kit.handler
def on_mark(lang: str, map: Any, spot: gr.EventData) -> str:
    """The ring was dragged: which words lie nearest there, on the map."""
    t = text.load("word_vectors", lang)
    if map is None:
        return ""
    return _near(t, map, {"x": kit.number(spot.x, "x"), "y": kit.number(spot.y, "y")})


def _plane(t: text.Text, found: Any, mark: dict[str, float]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(kind for kind in found.kinds if kind))
    colour = {kind: number for number, kind in enumerate(kinds, 1)}
    named = len(found.names) <= choices.MOST_NAMED
    points = []
    for (x, y), name, kind in zip(found.at.tolist(), found.names, found.kinds, strict=True):
        label = name if named or not kind else ""
        points.append([x, y, colour.get(kind), 0 if kind else 1, label])
    return {
        "points": points,
        "radius": 4,
        "kinds": True,
        "bare": True,
        "mark": mark,
        "caption": t("map.caption", words=len(found.names), kept=found.kept),
    }


def _near(t: text.Text, found: Any, mark: dict[str, float]) -> str:
    apart = [(x - mark["x"]) ** 2 + (y - mark["y"]) ** 2 for x, y in found.at.tolist()]
    rows = sorted(range(len(apart)), key=apart.__getitem__)[:5]
    return t("map.here", words=", ".join(kit.quote(found.names[row]) for row in rows))


def build(t: text.Text, language: gr.State, word: gr.Textbox) -> kit.Desk:
    from core.data import words

    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(f"### {t('map.title')}\n{t('map.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=300):
            desk.put(plane=views.plane(height=460, can=("mark",)), map=gr.State(None))
        with gr.Column(scale=2, min_width=260):
            own = t("example.own")
            desk.put(own=gr.Textbox(own, label=t("map.own"), info=t("map.own_info"), lines=2, max_length=400))
            kinds = t.choices("kinds", words.kinds())
            desk.put(kinds=gr.CheckboxGroup(kinds, value=list(choices.KINDS), label=t("map.kinds")))
            both = t.choices("texts_in", choices.TEXTS)
            desk.put(shown=gr.CheckboxGroup(both, value=[t.lang], label=t("map.shown")))
            desk.put(place=kit.markdown("", min_height=48))
    desk.on((desk.own.change, desk.kinds.change, desk.shown.change), on_map, api="word_vectors_map")
    desk.on(desk.plane.mark, on_mark, to="place")
    return desk

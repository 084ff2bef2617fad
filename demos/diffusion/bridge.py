"""Lesson 16, second half: one step with all its numbers beside diffusers, and the same noise laid over a picture."""

from __future__ import annotations

import base64
from typing import Any

import gradio as gr

from core.lessons.diffusion import choices
from demos import kit, views
from demos.kit import pictures, text

FORM = kit.Form(hand_step=choices.HAND_STEP, emoji=choices.EMOJI)
SCREEN = kit.Screen("table", "film")


def _opened(lang: str, picture: Any) -> dict[str, Any]:
    from core.files import images
    from core.lessons.diffusion.films import picture_film

    t = text.load("diffusion", lang)
    kept, frames = picture_film(picture)
    height, width, channels = frames.shape[1:]
    urls = ["data:image/png;base64," + base64.b64encode(images.to_png(frame)).decode() for frame in frames]
    return {
        "reels": [
            {"name": t("bridge.reel", height=height, width=width, numbers=height * width * channels), "frames": urls}
        ],
        "labels": [t("bridge.kept", kept=share) for share in kept],
        "words": {name: t(f"film.{name}") for name in ("play", "pause", "time")},
        "start": 7,
        "key": urls[0],
        "caption": t("bridge.caption"),
    }


@kit.handler
def on_open(lang: str, emoji: str) -> dict[str, Any]:
    """The same formula on one of the shipped pictures: 64 × 64 × 3 numbers instead of two."""
    from core.data import emoji as shipped

    found = shipped.load()
    return _opened(lang, found.pictures[found.find(choices.SIGNS.get(emoji, str(emoji)))])


@kit.handler
def on_shelf(lang: str, shelf: Any) -> dict[str, Any]:
    """The picture that another lesson left."""
    return _opened(lang, pictures.shelved(shelf).pixels)


@kit.handler
def on_hand(lang: str, model: Any, method: str, steps: float, seed: float, hand_step: float) -> str:
    """One denoising step of the first point, written out, with diffusers' own result and the difference."""
    from core.diffusion.point_diffusion import PointDiffusion
    from core.lessons.diffusion.films import by_hand

    t = text.load("diffusion", lang)
    steps, step = (kit.whole(kit.number(value, "steps")) for value in (steps, hand_step))
    found = by_hand(model or PointDiffusion(), min(step, steps), steps, method, kit.whole(seed))
    rows = [t("hand.head"), "|---|---|---|---|"]
    formulas = {
        "x": "$x_t$",
        "noise": r"$\hat\varepsilon(x_t, t)$",
        "clean": r"$\hat x_0 = (x_t - \sqrt{1-\bar\alpha_t}\,\hat\varepsilon) / \sqrt{\bar\alpha_t}$",
        "after": AFTER[method],
        "theirs": f"`{SCHEDULERS[method]}.step`",
    }
    for name, formula in formulas.items():
        x, y = getattr(found, name)
        rows.append(f"| {t(f'hand.{name}')} | {formula} | {x:.6f} | {y:.6f} |")
    said = t("hand.at", step=found.step, steps=found.steps, t=found.t, kept=found.kept, before=found.before)
    if abs(found.resumes - found.before) > 1e-6:
        said += " " + t("hand.jump", next=found.step + 1, resumes=found.resumes, steps=found.steps)
    end = t("hand.difference", difference=found.difference, worst=found.worst, steps=found.steps)
    return "\n\n".join([said, "\n".join(rows), end])


AFTER = {
    "ddim": r"$\sqrt{\bar\alpha'}\,\hat x_0 + \sqrt{1-\bar\alpha'}\,\hat\varepsilon$",
    "ddpm": r"$\tilde\mu(x_t, \hat x_0) + \tilde\sigma_t z$",
}
SCHEDULERS = {"ddim": "DDIMScheduler", "ddpm": "DDPMScheduler"}


def build(main: kit.Desk) -> kit.Desk:
    """``main``: the desk of the first half, whose model and settings one step is taken with."""
    t = main.t
    desk = kit.Desk(t, FORM, SCREEN, main.language)
    desk.put(model=main.model, method=main.method, steps=main.steps, seed=main.seed, shelf=kit.shelf("picture"))
    with gr.Accordion(t("hand_title"), open=False):
        with gr.Row(equal_height=True):
            desk.put(hand_step=kit.slider(choices.HAND_STEP, label=t("hand.step"), info=t("hand.step_info")))
            go = gr.Button(t("hand.go"), min_width=160, scale=0)
        desk.put(table=kit.markdown(t("hand.empty")))
    with gr.Accordion(t("bridge_title"), open=True):
        with gr.Row(equal_height=False):
            with gr.Column(min_width=280):
                kit.markdown(t("bridge.words"))
                desk.put(emoji=kit.radio(t, "emoji", choices.EMOJI, label=t("bridge.choose")))
                take = gr.Button(t("picture.take"), size="md")
            with gr.Column(min_width=280):
                desk.put(film=views.film(square=280))
    desk.on(go.click, on_hand, kit.RUN | {"show_progress": "minimal"}, to="table", api="diffusion_step")
    desk.on(desk.emoji.input, on_open, to="film")
    desk.on(take.click, on_shelf, to="film")
    return desk

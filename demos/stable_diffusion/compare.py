"""Lesson 17, comparisons: two prompts on a seed, guidance swept, a wall of seeds, half a long run beside a short one, a walk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import gradio as gr

from core.lessons.stable_diffusion import choices, frames
from demos import kit, views
from demos.kit import text
from demos.stable_diffusion import shown

FORM = kit.Form(**shown.BASE, other=shown.words("two.example"), walk_to=shown.words("walk.example"))
SCREEN = kit.Screen("two_film", "guidance_film", "guidance_tiles", "half_film", "walk_film", "wall_film")


@kit.handler
def on_two(lang: str, name: str, form: kit.Values) -> Iterator[dict[str, Any]]:
    """A second prompt from the very same noise."""
    t, first = text.load("stable_diffusion", lang), shown.settings(form, name)
    runs = [shown.Run(name, first), shown.Run(name, shown.settings(form, name, prompt=form.other))]
    for run in runs:
        for _ in kit.paced(shown.steps(t, run), 0):
            reels = [(each.settings.prompt, each.predicted, "") for each in runs]
            labels = max((each.labels for each in runs), key=len)
            caption = t("two.caption", seed=first.seed)
            wide = max(each.aspect for each in runs)
            yield shown.film(t, reels, labels, caption=caption, key=f"{first} {form.other}", aspect=wide)


@kit.handler
def on_guidance(lang: str, name: str, form: kit.Values) -> Iterator[kit.Update]:
    """Without words, with words, and the mix that goes beyond; then the same seed under five scales."""
    from core.diffusion.settings import DenoiseStep
    from core.lessons.stable_diffusion import studio

    t, settings = text.load("stable_diffusion", lang), shown.settings(form, name)
    run = shown.Run(name, replace(settings, guidance_scale=max(settings.guidance_scale, 1.5)))
    without: list[str] = []
    words: list[str] = []
    answers: list[float] = []  # how far the two differ, step by step
    for event in kit.paced(shown.steps(t, run, guides=True, side_by_side=True), 0):
        if isinstance(event, DenoiseStep) and event.guided:
            without.append(frames.data_url(event.guided[0]))
            words.append(frames.data_url(event.guided[1]))
            answers.append(studio.gap(*event.guided))
            mix = t("guidance.mix", scale=run.settings.guidance_scale)
            reels = [(t("guidance.without"), without, ""), (t("guidance.with"), words, ""), (mix, run.predicted, "")]
            look = {"key": str(run.settings), "aspect": run.aspect}
            film = shown.film(t, reels, run.labels, caption=t("guidance.caption"), **look)
            yield SCREEN(guidance_film=film)
    if without:  # back to where the two answers differ: at the end the picture is decided and all three are alike
        apart = max(range(len(answers)), key=lambda step: answers[step])
        yield SCREEN(guidance_film=film | {"start": apart, "key": f"{run.settings} done"})
    shots: list[Any] = []
    with closing(studio.sweep(shown.model(name), settings, choices.SCALES)) as events:  # type: ignore[type-var]
        for shot in events:
            if isinstance(shot, studio.Shot):
                shots.append((t("guidance.scale", scale=shot.value), [frames.data_url(shot.drawn.image)], ""))
                yield SCREEN(guidance_tiles=shown.film(t, shots, [], caption=t("guidance.sweep"), aspect=run.aspect))


@kit.handler
def on_wall(lang: str, name: str, form: kit.Values) -> Iterator[dict[str, Any]]:
    """The same words under several seeds (across) and guidance scales (down), and how far the pictures of a row differ."""
    from core.lessons.stable_diffusion import studio

    t, wish = text.load("stable_diffusion", lang), shown.settings(form, name)
    wish = replace(wish, num_inference_steps=min(wish.num_inference_steps, choices.WALL_STEPS))
    seeds = [(wish.seed + more) % (choices.SEED.high + 1) for more in range(choices.WALL_SEEDS)]
    shots: list[tuple[str, list[str], str]] = []
    said: list[str] = []
    with closing(studio.wall(shown.model(name), wish, choices.WALL_SCALES, seeds)) as events:  # type: ignore[type-var]
        for place in events:
            if isinstance(place, studio.Place):
                label = t("wall.label", scale=place.scale, seed=place.seed)
                shots.append((label, [frames.data_url(place.drawn.image)], ""))
                if place.spread is not None:
                    said.append(t("wall.row", scale=place.scale, spread=place.spread))
                caption = t("wall.caption", prompt=wish.prompt, steps=wish.num_inference_steps)
                look = {"columns": len(seeds), "aspect": place.drawn.image.width / place.drawn.image.height}
                yield shown.film(t, shots, [], caption=" ".join([caption, *said]), **look)


@kit.handler
def on_half(lang: str, name: str, form: kit.Values) -> Iterator[dict[str, Any]]:
    """A run of twice the steps beside this one: stopping half way is not the same as planning half the way."""
    t, short = text.load("stable_diffusion", lang), shown.settings(form, name)
    count = min(short.num_inference_steps, choices.LONGEST_HALF)
    runs = [shown.Run(name, replace(short, num_inference_steps=n)) for n in (2 * count, count)]
    names = [t("half.long", steps=2 * count), t("half.guess", steps=2 * count), t("half.short", steps=count)]
    for run in runs:
        for _ in kit.paced(shown.steps(t, run, side_by_side=True), 0):
            reels = list(zip(names, (runs[0].now, runs[0].predicted, runs[1].predicted), ("",) * 3, strict=True))
            done: dict[str, Any] = {"key": f"{short}", "aspect": run.aspect}
            done |= {"start": count - 1, "key": f"{short} done"} if runs[1].drawn else {}
            yield shown.film(t, reels, runs[0].labels, caption=t("half.caption", half=count, all=2 * count), **done)


@kit.handler
def on_walk(lang: str, name: str, form: kit.Values) -> Iterator[dict[str, Any]]:
    """Nine pictures on the way from one prompt's vectors to another's."""
    from core.lessons.stable_diffusion import studio

    t, settings, to = text.load("stable_diffusion", lang), shown.settings(form, name, windows=()), form.walk_to
    pictures: list[str] = []
    labels: list[str] = []
    with closing(studio.walk(shown.model(name), settings, to)) as events:  # type: ignore[type-var]
        for shot in events:
            if isinstance(shot, studio.Shot):
                pictures.append(frames.data_url(shot.drawn.image))
                labels.append(t("walk.label", blend=shot.value))
                reel = [(f"{settings.prompt} → {to}", pictures, "")]
                yield shown.film(t, reel, labels, caption=t("walk.caption"), key=f"{settings} {to}")


def build(main: kit.Desk) -> kit.Desk:
    t, desk = main.t, shown.part(main, FORM, SCREEN)
    kit.markdown(f"### {t('compare_title')}")
    with gr.Tabs(overflow_behavior="wrap"):
        with gr.Tab(t("two.title")):
            kit.markdown(t("two.words"))
            desk.put(other=gr.Textbox(t("two.example"), label=t("two.label"), max_length=2000))
            two = shown.panel(desk, "two")
        with gr.Tab(t("guidance.title")):
            kit.markdown(t("guidance.words"))
            go, stop = shown.buttons(t, "guidance")
            desk.put(guidance_film=views.film(square=260), guidance_tiles=views.film(square=200))
        with gr.Tab(t("wall.title")):
            kit.markdown(t("wall.words"))
            wall = shown.panel(desk, "wall", square=150)
        with gr.Tab(t("half.title")):
            kit.markdown(t("half.words"))
            half = shown.panel(desk, "half")
        with gr.Tab(t("walk.title")):
            kit.markdown(t("walk.words"))
            desk.put(walk_to=gr.Textbox(t("walk.example"), label=t("walk.label_to"), max_length=2000))
            walk = shown.panel(desk, "walk")
    shown.wire(desk, "two", on_two, *two)
    run = desk.on(
        go.click, on_guidance, kit.DRAW, to=("guidance_film", "guidance_tiles"), api="stable_diffusion_guidance"
    )
    stop.click(None, cancels=[run], **kit.PRIVATE)
    shown.wire(desk, "wall", on_wall, *wall)
    shown.wire(desk, "half", on_half, *half)
    shown.wire(desk, "walk", on_walk, *walk)
    return desk

"""Lesson 17, tools: rewind and branch, start from a picture, where the words were looked at, PNG settings, other models."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from core.lessons.stable_diffusion import choices, frames
from demos import kit
from demos.kit import pictures, text
from demos.stable_diffusion import shown

FORM = kit.Form(
    **shown.BASE,
    branch_at=choices.BRANCH_AT,
    branch_prompt=shown.words("branch.example"),
    strength=choices.STRENGTH,
)
START = ("start", "image_film")  # what a picture to start from changes
SCREEN = kit.Screen(*START, "image", "branch_film", "words_film", "png_said", "model_said", "name", *shown.BASE)


@kit.handler
def on_branch(lang: str, run: shown.Run | None, branch_at: float, branch_prompt: str) -> Iterator[dict[str, Any]]:
    """Back to a step of the last drawing, and on from there with other words."""
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    if run is None or not run.moments:
        raise studio.no_drawing()
    at = int(max(1, min(kit.number(branch_at, "step"), len(run.moments) - 1)))
    old, prompt = run.settings, branch_prompt
    new = shown.Run(
        run.model,
        replace(old, prompt=prompt, windows=_windows(run, prompt)),
        run.now[:at],
        run.predicted[:at],
        [],
        run.labels[:at],
    )
    for _ in kit.paced(shown.steps(t, new, start=run.moments[at - 1]), 0):
        reels = [(old.prompt, run.predicted, t("branch.old")), (prompt, new.predicted, t("branch.new", step=at))]
        caption = t("branch.caption", step=at, total=len(run.labels))
        look = {"key": f"{old} {at} {prompt}", "aspect": run.aspect}
        yield shown.film(t, reels, max(run.labels, new.labels, key=len), caption=caption, **look)


def _windows(run: shown.Run, prompt: str) -> tuple[str, ...]:
    """The canvas stays: as many windows as before, each with its thing if the new words name so many, else all with all words."""
    count, parts = len(run.settings.windows), shown.windows(run.model, prompt)
    return parts if len(parts) == count else (prompt,) * count


@kit.handler
def on_bring(lang: str, image: Any) -> kit.Update:
    """A picture of one's own to start from."""
    return SCREEN(image=None) | _begin(lang, pictures.opened(image).pixels)


@kit.handler
def on_snap(lang: str, shot: gr.EventData) -> kit.Update:
    """A photo from the webcam to start from."""
    return _begin(lang, pictures.photographed(getattr(shot, "photos", None))[0].pixels)


@kit.handler
def on_shelf(lang: str, shelf: Any) -> kit.Update:
    """The picture another lesson left, or the last one drawn here."""
    return _begin(lang, pictures.shelved(shelf).pixels)


def _begin(lang: str, pixels: Any) -> kit.Update:
    from core.diffusion.stable_diffusion import middle

    t, square = text.load("stable_diffusion", lang), middle(pixels)
    reel = [(t("image.start"), [frames.data_url(square)], "")]
    said = t("image.ready") if square.shape == pixels.shape else t("image.cropped")
    return SCREEN(start=square, image_film=shown.film(t, reel, [], caption=said))


@kit.handler
def on_image(lang: str, name: str, start: Any, form: kit.Values) -> Iterator[dict[str, Any]]:
    """Lay some noise over a picture and let the words clear it away."""
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    if start is None:
        raise studio.no_start()
    run = shown.Run(name, shown.settings(form, name, strength=form.strength, windows=()))
    begun, caption = [frames.data_url(start)], t("image.caption", strength=form.strength)
    for _ in kit.paced(shown.steps(t, run, image=start), 0):
        reels = [(t("image.start"), begun, ""), (t("now"), run.now, ""), (t("predicted"), run.predicted, "")]
        yield shown.film(t, reels, run.labels, caption=caption, key=str(run.settings))


@kit.handler
def on_words(lang: str, name: str, form: kit.Values) -> Iterator[dict[str, Any]]:
    """Draw once more and record the cross-attention: where each word was looked at."""
    from core.events import Done
    from core.lessons.stable_diffusion import studio

    t, run = text.load("stable_diffusion", lang), shown.Run(name, shown.settings(form, name))
    for event in kit.paced(shown.steps(t, run, maps=True), 0):
        match event:
            case Done(result=drawn):
                reels = [(t("words.picture"), [frames.data_url(drawn.image)], "")]
                for word, where in zip(drawn.words[:12], drawn.attention[:12], strict=True):
                    reels.append((word, [frames.data_url(studio.overlay(drawn.image, where))], ""))
                yield shown.film(t, reels, [], caption=t("words.caption"), key="words", aspect=run.aspect)
            case _:
                reels = [(t("words.picture"), run.predicted, "")]
                look = {"key": str(run.settings), "aspect": run.aspect}
                yield shown.film(t, reels, run.labels, caption=t("words.drawing"), **look)


@kit.handler
def on_png(lang: str, run: shown.Run | None) -> str:
    """The last picture as PNG in base64, its settings inside."""
    from core.lessons.stable_diffusion import studio

    if run is None or run.drawn is None:
        raise studio.no_drawing()
    return base64.b64encode(run.drawn.png()).decode()


@kit.handler
def on_reload(lang: str, png_file: str | None) -> kit.Update:
    """The settings inside a PNG that was saved here, back on the controls."""
    from core.diffusion.settings import settings_from_png

    if not png_file:
        return SCREEN()
    found = settings_from_png(Path(png_file).read_bytes())
    return SCREEN(
        prompt=found.prompt,
        negative=found.negative_prompt,
        steps=found.num_inference_steps,
        scale=found.guidance_scale,
        seed=found.seed,
        scheduler=found.scheduler or "own",
        apart=bool(found.windows) or not shown.windows(choices.MODEL, found.prompt),
        png_said=text.load("stable_diffusion", lang)("png.read"),
    )


@kit.handler
def on_plan(lang: str, wish: str) -> str:
    """Size, memory and time of a model, before anything is fetched."""
    from core.lessons.stable_diffusion import studio

    t, plan = text.load("stable_diffusion", lang), studio.plan(wish)
    key = "model.here" if plan.here else "model.away"
    return t(key, megabytes=plan.megabytes, minutes=plan.minutes, needed=plan.needed, free=plan.available)


@kit.handler
def on_model(lang: str, wish: str) -> Iterator[kit.Update]:
    """Fetch if need be, open, and draw with it from now on."""
    from core.events import Done
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    with closing(studio.opened(wish)) as events:  # type: ignore[type-var]
        for event in events:
            match event:
                case Done(result=sd, seconds=seconds):
                    said = t("model.ready", parameters=sd.parameters, size=sd.size, seconds=seconds)
                    known = t.choices("scheduler", ("own", *sd.schedulers))
                    yield SCREEN(name=wish, model_said=said, scheduler=gr.update(choices=known, value="own"))
                case _:
                    words = t(f"progress.{event.stage}", done=event.done / 1e6, total=event.total / 1e6)
                    yield SCREEN(model_said=words)


def build(main: kit.Desk, save: gr.Button) -> kit.Desk:
    """``save``: the button of the first screen that saves the last picture."""
    t, desk = main.t, shown.part(main, FORM, SCREEN)
    desk.put(start=gr.State(None), shelf=kit.shelf("picture"), png=gr.Textbox(visible=False))
    kit.markdown(f"### {t('tools_title')}")
    with gr.Tabs(overflow_behavior="wrap"):
        with gr.Tab(t("branch.title")):
            kit.markdown(t("branch.words"))
            with gr.Row():
                desk.put(branch_at=kit.slider(choices.BRANCH_AT, label=t("branch.at")))
                desk.put(branch_prompt=gr.Textbox(t("branch.example"), label=t("branch.prompt"), max_length=2000))
            branch = shown.panel(desk, "branch")
        with gr.Tab(t("words.title")):
            kit.markdown(t("words.words"))
            looked = shown.panel(desk, "words", square=200)
        with gr.Tab(t("image.title")):
            _image(desk)
        with gr.Tab(t("png.title")):
            kit.markdown(t("png.words"))
            desk.put(png_file=gr.File(label=t("png.label"), file_types=[".png"], height=110))
            desk.put(png_said=kit.markdown(""))
        with gr.Tab(t("model.title")):
            kit.markdown(t("model.words"))
            desk.put(wish=gr.Textbox(choices.MODEL, label=t("model.label"), max_length=250))
            with gr.Row(elem_classes="taste-buttons"):
                look = gr.Button(t("model.look"), min_width=140)
                load = gr.Button(t("model.load"), min_width=140)
                halt = gr.Button(t("stop"), variant="stop", min_width=80)
            desk.put(model_said=kit.markdown("", min_height=30))
    shown.wire(desk, "branch", on_branch, *branch)
    shown.wire(desk, "words", on_words, *looked)
    desk.on(desk.png_file.upload, on_reload, to=(*shown.BASE, "png_said"))
    desk.on(look.click, on_plan, to="model_said")
    opening = desk.on(load.click, on_model, kit.FETCH, to=("name", "model_said", "scheduler"))
    halt.click(None, cancels=[opening], **kit.PRIVATE)
    saved = desk.on(save.click, on_png, to="png", api="stable_diffusion_png")
    keep = "(data) => data && taste.savePng('stable_diffusion.png', data)"
    saved.then(None, desk.png, None, js=keep, **kit.PRIVATE)
    return desk


def _image(desk: kit.Desk) -> None:
    t = desk.t
    kit.markdown(t("image.words"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(image=pictures.intake(t))
            camera = pictures.snapshot(t)
            take = gr.Button(t("image.take"), size="md")
            desk.put(strength=kit.slider(choices.STRENGTH, label=t("image.strength"), info=t("image.info")))
        with gr.Column(scale=3, min_width=280):
            pressed = shown.panel(desk, "image", square=230)
    desk.on(desk.image.input, on_bring, kit.LIGHT | pictures.RAW, to=("image", *START))
    desk.on(camera.snap, on_snap, to=START)
    desk.on(take.click, on_shelf, to=START)
    shown.wire(desk, "image", on_image, *pressed)

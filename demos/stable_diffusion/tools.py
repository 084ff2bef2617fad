"""Lesson 16, tools: rewind and branch, start from a picture, where the words were looked at, PNG settings, other models."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import pictures, text
from demos.stable_diffusion import shown


@kit.handler
def on_branch(lang: str, run: shown.Run | None, at: float, prompt: str) -> Iterator[dict[str, Any]]:
    """Back to step ``at`` of the last drawing, and on from there with other words."""
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    if run is None or not run.moments:
        raise studio.no_drawing()
    at = int(max(1, min(kit.number(at, "step"), len(run.moments) - 1)))
    old = run.settings
    new = shown.Run(run.model, replace(old, prompt=prompt), run.now[:at], run.predicted[:at], [], run.labels[:at])
    for _ in kit.paced(shown.steps(t, new, start=run.moments[at - 1]), 0):
        reels = [(old.prompt, run.predicted, t("branch.old")), (prompt, new.predicted, t("branch.new", step=at))]
        caption = t("branch.caption", step=at, total=len(run.labels))
        yield shown.film(t, reels, max(run.labels, new.labels, key=len), caption=caption, key=f"{old} {at} {prompt}")


@kit.handler
def on_bring(lang: str, file: Any) -> tuple[Any, Any, Any]:
    """A picture of one's own to start from."""
    return None, *_begin(text.load("stable_diffusion", lang), pictures.opened(file).pixels)


@kit.handler
def on_snap(lang: str, shot: gr.EventData) -> tuple[Any, Any]:
    """A photo from the webcam to start from."""
    picture = pictures.photographed(getattr(shot, "photos", None))[0]
    return _begin(text.load("stable_diffusion", lang), picture.pixels)


@kit.handler
def on_shelf(lang: str, thing: Any) -> tuple[Any, Any]:
    """The picture another lesson left, or the last one drawn here."""
    return _begin(text.load("stable_diffusion", lang), pictures.shelved(thing).pixels)


def _begin(t: text.Text, pixels: Any) -> tuple[Any, Any]:
    from core.lessons.stable_diffusion import studio

    reel = [(t("image.start"), [studio.data_url(pixels)], "")]
    return pixels, shown.film(t, reel, [], caption=t("image.ready"))


@kit.handler
def on_image(
    lang: str, name: str, prompt: str, negative: str, steps: float, scale: float, seed: float, scheduler: str,
    picture: Any, strength: float,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Lay some noise over a picture and let the words clear it away."""
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    if picture is None:
        raise studio.no_start()
    run = shown.Run(name, shown.settings(prompt, negative, steps, scale, seed, scheduler, strength=strength))
    start = [studio.data_url(picture)]
    for _ in kit.paced(shown.steps(t, run, image=picture), 0):
        reels = [(t("image.start"), start, ""), (t("now"), run.now, ""), (t("predicted"), run.predicted, "")]
        yield shown.film(t, reels, run.labels, caption=t("image.caption", strength=strength), key=str(run.settings))


@kit.handler
def on_words(
    lang: str, name: str, prompt: str, negative: str, steps: float, scale: float, seed: float, scheduler: str
) -> Iterator[dict[str, Any]]:
    """Draw once more and record the cross-attention: where each word was looked at."""
    from core.events import Done
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    run = shown.Run(name, shown.settings(prompt, negative, steps, scale, seed, scheduler))
    for event in kit.paced(shown.steps(t, run, maps=True), 0):
        match event:
            case Done(result=drawn):
                reels = [(t("words.picture"), [studio.data_url(drawn.image)], "")]
                for word, where in zip(drawn.words[:12], drawn.attention[:12], strict=True):
                    reels.append((word, [studio.data_url(studio.overlay(drawn.image, where))], ""))
                yield shown.film(t, reels, [], caption=t("words.caption"), key="words")
            case _:
                reels = [(t("words.picture"), run.predicted, "")]
                yield shown.film(t, reels, run.labels, caption=t("words.drawing"), key=str(run.settings))


@kit.handler
def on_png(lang: str, run: shown.Run | None) -> str:
    """The last picture as PNG in base64, its settings inside."""
    from core.lessons.stable_diffusion import studio

    if run is None or run.drawn is None:
        raise studio.no_drawing()
    return base64.b64encode(run.drawn.png()).decode()


@kit.handler
def on_reload(lang: str, path: str | None) -> tuple[Any, ...]:
    """The settings inside a PNG that was saved here, back on the controls."""
    from core.diffusion.settings import settings_from_png

    if not path:
        return (gr.skip(),) * 7
    s = settings_from_png(Path(path).read_bytes())
    said = text.load("stable_diffusion", lang)("png.read")
    return s.prompt, s.negative_prompt, s.num_inference_steps, s.guidance_scale, s.seed, s.scheduler or "own", said


@kit.handler
def on_plan(lang: str, name: str) -> str:
    """Size, memory and time of a model, before anything is fetched."""
    from core.lessons.stable_diffusion import studio

    t, plan = text.load("stable_diffusion", lang), studio.plan(name)
    key = "model.here" if plan.here else "model.away"
    return t(key, megabytes=plan.megabytes, minutes=plan.minutes, needed=plan.needed, free=plan.available)


@kit.handler
def on_model(lang: str, name: str) -> Iterator[tuple[Any, str, Any]]:
    """Fetch if need be, open, and draw with it from now on."""
    from core.events import Done
    from core.lessons.stable_diffusion import studio

    t = text.load("stable_diffusion", lang)
    with closing(studio.opened(name)) as events:  # type: ignore[type-var]
        for event in events:
            match event:
                case Done(result=sd, seconds=seconds):
                    said = t("model.ready", parameters=sd.parameters, size=sd.size, seconds=seconds)
                    known = [("own" if not each else each) for each in ("", *sd.schedulers)]
                    yield name, said, gr.update(choices=t.choices("scheduler", known), value="own")
                case _:
                    words = t(f"progress.{event.stage}", done=event.done / 1e6, total=event.total / 1e6)
                    yield gr.skip(), words, gr.skip()


def build(t: text.Text, base: list[Any], settings: list[Any], run: gr.State, save: gr.Button) -> dict[str, Any]:
    """``settings``: model, prompt, negative, steps, scale, seed, scheduler."""
    language, quiet = base[0], kit.LIGHT | kit.PRIVATE
    kit.markdown(f"### {t('tools_title')}")
    with gr.Tabs(overflow_behavior="wrap"):
        with gr.Tab(t("branch.title")):
            kit.markdown(t("branch.words"))
            with gr.Row():
                at = gr.Slider(1, 99, value=8, step=1, label=t("branch.at"))
                prompt = gr.Textbox(t("branch.example"), label=t("branch.prompt"), max_length=2000)
            shown.panel(t, on_branch, [language, run, at, prompt], kit.api("stable_diffusion_branch"))
        with gr.Tab(t("words.title")):
            kit.markdown(t("words.words"))
            shown.panel(t, on_words, base, kit.api("stable_diffusion_words"), square=200)
        with gr.Tab(t("image.title")):
            strength = _image(t, base)
        with gr.Tab(t("png.title")):
            kit.markdown(t("png.words"))
            file, said = gr.File(label=t("png.label"), file_types=[".png"], height=110), kit.markdown("")
            file.upload(on_reload, [language, file], [*settings[1:], said], **quiet)
        with gr.Tab(t("model.title")):
            kit.markdown(t("model.words"))
            wish = gr.Textbox("emoji", label=t("model.label"), max_length=250)
            with gr.Row(elem_classes="taste-buttons"):
                look = gr.Button(t("model.look"), min_width=140)
                load = gr.Button(t("model.load"), min_width=140)
                halt = gr.Button(t("stop"), variant="stop", min_width=80)
            words = kit.markdown("", min_height=30)
            look.click(on_plan, [language, wish], words, **quiet)
            opening = load.click(
                on_model, [language, wish], [settings[0], words, settings[6]], **kit.RUN, **kit.PRIVATE
            )
            halt.click(None, cancels=[opening], **kit.PRIVATE)
    png = gr.Textbox(visible=False)
    save.click(on_png, [language, run], png, **kit.LIGHT, **kit.api("stable_diffusion_png")).then(
        None, png, None, js="(data) => data && taste.savePng('stable_diffusion.png', data)", **kit.PRIVATE
    )
    return {"branch_at": at, "branch_prompt": prompt, "strength": strength}


def _image(t: text.Text, base: list[Any]) -> gr.Slider:
    language, quiet, start = base[0], kit.LIGHT | kit.PRIVATE, gr.State(None)
    kit.markdown(t("image.words"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            file, camera = pictures.intake(t), pictures.snapshot(t)
            take = gr.Button(t("image.take"), size="md")
            strength = gr.Slider(0.05, 1, value=0.6, step=0.05, label=t("image.strength"), info=t("image.info"))
        with gr.Column(scale=3, min_width=280):
            go, stop = shown.buttons(t)
            film = views.film(square=230)
    file.input(on_bring, [language, file], [file, start, film], **quiet, **pictures.RAW)
    camera.snap(on_snap, [language], [start, film], **quiet)
    take.click(on_shelf, [language, kit.shelf("picture")], [start, film], **quiet)
    named = kit.api("stable_diffusion_image")
    run = go.click(on_image, [*base, start, strength], film, **kit.RUN, **named)
    stop.click(None, cancels=[run], **kit.PRIVATE)
    return strength

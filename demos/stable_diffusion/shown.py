"""Lesson 17, what its panels share: controls → settings, steps → films, a run to come back to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from core.diffusion import choices as library
from core.lessons.stable_diffusion import choices, frames
from demos import kit, views
from demos.kit import text


def words(key: str) -> Callable[[], str]:
    """The words a text box begins with: on the page in its language, without a page in Korean."""
    return lambda: text.load("stable_diffusion", "ko")(key)


BASE: dict[str, Any] = {  # the controls of the first screen, which every panel draws with
    "prompt": words(f"example.{choices.EXAMPLES[0]}"),
    "negative": "",
    "steps": choices.STEPS,
    "scale": choices.SCALE,
    "seed": choices.SEED,
    "scheduler": choices.SCHEDULER,
    "apart": True,  # a window for each thing of a prompt
}


@dataclass
class Run:
    """A drawing, finished or stopped: frames for the slider, moments to branch from."""

    model: str
    settings: Any
    now: list[str] = field(default_factory=list)  # data URLs, one a step
    predicted: list[str] = field(default_factory=list)
    moments: list[Any] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    drawn: Any = None
    aspect: float = 1.0  # width by height of its pictures, known from its first step on


def settings(form: kit.Values, name: str, **more: Any) -> Any:
    """The controls as checked settings, for the model ``name``. Raises one sentence about everything that is wrong."""
    from core.diffusion.settings import Settings

    given: dict[str, Any] = {
        "negative_prompt": form.negative or "",
        "num_inference_steps": kit.whole(form.steps),
        "guidance_scale": form.scale,
        "scheduler": "" if form.scheduler == "own" else form.scheduler,
        "strength": library.STRENGTH.default,
        "windows": windows(name, more.get("prompt", form.prompt)) if form.apart else (),
    }
    return form.read(Settings, **(given | more))


def windows(name: str, prompt: Any) -> tuple[str, ...]:
    """What gets a window of its own; () where one is enough, also for what is no prompt at all."""
    from core.diffusion.settings import LONGEST_PROMPT
    from core.lessons.stable_diffusion import studio

    readable = isinstance(prompt, str) and len(prompt) <= LONGEST_PROMPT
    return studio.things(name, prompt) if readable else ()


def model(name: str) -> Any:
    from core.lessons.stable_diffusion import studio

    return studio.shared(name)


def steps(t: text.Text, run: Run, *, side_by_side: bool = False, **how: Any) -> Iterator[Any]:
    """Draw into ``run``: every event of core, after its frames were kept.

    ``side_by_side``: frames stand beside finished pictures, so a small model's autoencoder itself decodes them all.
    """
    from core.events import Done

    sd = model(run.model)
    preview = "quick" if sd.size > frames.PLAIN or (sd.sketches and not side_by_side) else "decode"
    with closing(sd.draw(run.settings, deadline=kit.RUN_SECONDS, preview=preview, **how)) as events:
        for event in events:
            if isinstance(event, Done):
                run.drawn = event.result
                whole = [frames.data_url(event.result.image)]  # what the autoencoder itself makes of the last step
                run.now[-1:] = whole
                run.predicted[-1:] = whole if event.stopped is None else run.predicted[-1:]
            else:
                run.now.append(frames.data_url(event.image))
                run.predicted.append(frames.data_url(event.predicted))
                run.moments.append(event.moment)
                run.labels.append(t("step_label", step=event.step, total=event.total))
                run.aspect = event.image.shape[1] / event.image.shape[0]
            yield event


def film(t: text.Text, reels: list[tuple[str, list[str], str]], labels: list[str], **more: Any) -> dict[str, Any]:
    """``reels``: name, frames, a word below."""
    return {
        "reels": [{"name": name, "frames": list(frames), "text": words} for name, frames, words in reels],
        "labels": list(labels),
        "smooth": True,
        "start": "last",
        "words": {name: t(f"film.{name}") for name in ("play", "pause", "time")},
        **more,
    }


def both(t: text.Text, run: Run, caption: str) -> dict[str, Any]:
    """The two reels of a run: what the loop holds, and the clean picture it predicts."""
    reels = [(t("now"), run.now, t("now_words")), (t("predicted"), run.predicted, t("predicted_words"))]
    return film(t, reels, run.labels, caption=caption, key=str(run.settings), aspect=run.aspect)


def recorded(t: text.Text) -> dict[str, Any]:
    """Both reels of the drawing that ships, played once: the first screen while the model opens, said to be recorded."""
    from core.data import first_drawing

    kept = first_drawing.load(t.lang)
    prompt, total = t(f"example.{choices.EXAMPLES[0]}"), len(kept.now)
    run = Run(choices.MODEL, f"recorded {prompt}")
    run.now, run.predicted = (
        [frames.data_url(each, exact=False) for each in reel] for reel in (kept.now, kept.predicted)
    )
    run.labels = [t("step_label", step=step, total=total) for step in range(1, total + 1)]
    return both(t, run, t("recorded", prompt=prompt, seed=choices.SEED.default)) | {"play": "recorded"}


def noise(t: text.Text, seed: int = choices.SEED.default, pixels: Any = None) -> dict[str, Any]:
    """What a seed stands for; without ``pixels`` that of the recorded drawing."""
    from core.data import first_drawing

    pixels = first_drawing.load(t.lang).noise if pixels is None else pixels
    reels = [(t("noise.name", seed=seed), [frames.data_url(pixels)], "")]
    return film(t, reels, [], caption=t("noise.caption"), aspect=pixels.shape[1] / pixels.shape[0])


def label(t: text.Text, run: Run, seconds: float | None = None, why: str | None = None) -> str:
    """The honest label: whose weights, how large, where, how long (once it is done), how many pixels."""
    from core import runtime
    from core.pretrained.shipped import card

    sd = model(run.model)
    words = kit.badge_text(
        t,
        source="shipped" if card(run.model) else "fetched",
        parameters=sd.parameters,
        seconds=seconds,
        device=runtime.describe(),
    )
    width, height = sd.canvas(len(run.settings.texts))
    words += " · " + t("pixels_badge", width=width, height=height)
    return words + (" · " + t("deadline") if why else "")


def part(main: kit.Desk, form: kit.Form, screen: kit.Screen) -> kit.Desk:
    """A desk for a part of the lesson; the controls of the first screen, the model and the last run stand on it too."""
    desk = kit.Desk(main.t, form, screen, main.language)
    desk.put(name=main.name, run=main.run, **main.controls)
    return desk


def buttons(t: text.Text, key: str) -> tuple[gr.Button, gr.Button]:
    with gr.Row(elem_classes="taste-buttons"):
        go = gr.Button(t(f"{key}.go"), variant="primary", min_width=120)
        return go, gr.Button(t("stop"), variant="stop", min_width=80)


def panel(desk: kit.Desk, key: str, square: int = 280) -> tuple[gr.Button, gr.Button]:
    """Go, Stop, and the film ``<key>_film``; ``wire`` connects them once every control stands on the desk."""
    pressed = buttons(desk.t, key)
    desk.put(**{f"{key}_film": views.film(square=square)})
    return pressed


def wire(desk: kit.Desk, key: str, fn: Any, go: gr.Button, stop: gr.Button) -> None:
    """Let ``go`` draw into the film of this panel, with what ``fn`` answers."""
    run = desk.on(go.click, fn, kit.DRAW, to=f"{key}_film", api=f"stable_diffusion_{key}")
    stop.click(None, cancels=[run], **kit.PRIVATE)

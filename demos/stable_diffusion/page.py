"""Lesson 16: the learner's own words become a picture, step by step, and every stage in between is there to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room
from demos.stable_diffusion import compare, shown, tools
from demos.stable_diffusion.tasks import TASKS

EXAMPLES = ("heart", "apple", "cat", "sunflower", "rocket", "new")
SCHEDULERS = ("own", "ddim", "euler", "euler-a", "dpm++2m")


@kit.handler
def on_draw(
    lang: str, name: str, prompt: str, negative: str, steps: float, scale: float, seed: float, scheduler: str
) -> Iterator[tuple[Any, ...]]:
    """Draw a picture from words, every step shown: the noisy picture, and the clean one predicted in it."""
    from core.events import Done

    t = text.load("stable_diffusion", lang)
    run = shown.Run(name, shown.settings(prompt, negative, steps, scale, seed, scheduler))
    sd = shown.model(name)
    yield run, gr.skip(), *_stages(t, sd, run), shown.label(t, run), gr.skip(), gr.skip()
    for event in kit.paced(shown.steps(t, run), 0):
        match event:
            case Done(result=drawn, seconds=seconds, stopped=why):
                said = t("flagged") if drawn.flagged else t("film_done", steps=len(run.now))
                yield (
                    run,
                    shown.both(t, run, said),
                    *[gr.skip()] * 3,
                    shown.label(t, run, seconds, why),
                    run.settings.prompt,
                    _pixels(drawn),
                )
            case _:
                said = t("film_step", step=event.step, total=event.total, t=event.t)
                yield gr.skip(), shown.both(t, run, said), *[gr.skip()] * 6


def _pixels(drawn: Any) -> Any:
    from core.files import images

    return images.read(drawn.image).pixels


def _stages(t: text.Text, sd: Any, run: shown.Run) -> tuple[Any, Any, Any]:
    """Prompt → tokens → vectors, and the noise the seed stands for."""
    from core.lessons.stable_diffusion import studio

    prompt, tokens = run.settings.prompt, sd.tokens(run.settings.prompt)
    items = [
        {
            "text": f"{token.text} {token.part}/{token.parts}" if token.parts > 1 else token.text or t("mark"),
            "sub": str(token.id),
            "group": token.word,
            "off": not token.read,
        }
        for token in tokens
    ]
    cut = sum(not token.read for token in tokens)
    said = t("tokens_caption", count=len(tokens)) + (" " + t("tokens_cut", cut=cut) if cut else "")
    chips = {"items": items[:120], "caption": said + " " + _honest(t, sd, run)}
    vectors = sd.vectors(prompt)
    length, width = vectors.shape
    heat = studio.heat(vectors)
    field = {
        "x": [0, heat.shape[1]],
        "y": [0, length],
        "bare": True,
        "field": views.packed(heat, smooth=False),
        "caption": t("vectors.caption", length=length, width=width),
    }
    noise = shown.film(
        t,
        [(t("noise.name", seed=run.settings.seed), [studio.data_url(sd.noise(run.settings.seed))], "")],
        [],
        caption=t("noise.caption"),
    )
    return chips, field, noise


def _honest(t: text.Text, sd: Any, run: shown.Run) -> str:
    """Which words the small model never met. Nothing is claimed about fetched models."""
    from core.lessons.stable_diffusion import studio
    from core.pretrained.shipped import card

    if not card(run.model):
        return ""
    words = studio.familiar(sd, run.settings.prompt)
    new = [word for word in words if not word.names]
    if not new:
        return t("known", words=", ".join(f"‘{word.text}’ ({word.names})" for word in words[:8]))
    return t("unknown", words=", ".join(f"‘{word.text}’" for word in new[:8]), pieces=max(w.pieces for w in new))


@kit.handler
def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The first screen: one picture, really drawn."""
    return kit.settled(on_draw(lang, *controls))


@kit.handler
def on_reset(lang: str) -> tuple[Any, ...]:
    """The settings of the first screen, and its picture."""
    t = text.load("stable_diffusion", lang)
    start = ("emoji", t("example.heart"), "", 20, 4.0, 0, "own")
    return *start, *on_open(lang, *start)


@kit.handler
def on_take(lang: str, prompt: Any) -> str:
    """The prompt another lesson left."""
    from core.errors import InvalidInput

    if not isinstance(prompt, str) or not prompt.strip():
        raise InvalidInput("empty", name="prompt", least=1)
    return prompt


@kit.handler
def on_code(lang: str, name: str, *controls: Any) -> str:
    from core.lessons.stable_diffusion import studio

    return studio.script(name, shown.settings(*controls))


def build(lang: str) -> Room:
    from core.pretrained.shipped import card

    t = text.load("stable_diffusion", lang)
    language, run, few = kit.header(t), gr.State(None), card("emoji")["few_steps"]
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            prompt = gr.Textbox(t("example.heart"), label=t("prompt"), lines=2, max_lines=4, max_length=2000)
            with gr.Row(elem_classes="taste-buttons"):
                examples = [gr.Button(t(f"example.{name}"), size="sm", min_width=90) for name in EXAMPLES]
            buttons = kit.buttons(t, "run")
            badge = kit.markdown(t("opening"), elem_classes="taste-badge")
            with gr.Row(elem_classes="taste-buttons"):
                take = gr.Button(t("take_prompt"), size="md", min_width=150)
                save = gr.Button(t("save_png"), size="md", min_width=150)
        with gr.Column(scale=3, min_width=300):
            film = views.film(square=360)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            steps = gr.Slider(1, 100, value=20, step=1, label=t("steps"))
        with gr.Column(min_width=280):
            scale = gr.Slider(0, 30, value=4, step=0.5, label=t("scale"), info=t("scale_info"))
        with gr.Column(min_width=280):
            with gr.Row():
                seed = gr.Number(0, precision=0, minimum=0, maximum=2**31, label=t("seed"), min_width=90)
                scheduler = gr.Dropdown(
                    t.choices("scheduler", SCHEDULERS), value="own", label=t("scheduler_label"), min_width=150
                )
        with gr.Column(min_width=280):
            negative = gr.Textbox("", label=t("negative"), info=t("negative_info"), max_length=2000)
    with gr.Row(equal_height=False):
        quick = gr.Button(t("quick", **few), size="md", scale=1, min_width=200)
        with gr.Column(scale=4, min_width=280):
            kit.markdown(t("quick_words", **few), elem_classes="taste-badge")
    with gr.Accordion(t("stages_title"), open=True):
        with gr.Row(equal_height=False):
            with gr.Column(min_width=280):
                kit.markdown(t("stage.tokens"))
                chips = views.chips()
            with gr.Column(min_width=280):
                kit.markdown(t("stage.vectors"))
                vectors = views.plane(height=230)
            with gr.Column(min_width=200):
                kit.markdown(t("stage.noise"))
                noise = views.film(square=230)
        kit.markdown(t("stage.rest"))
    name = gr.State("emoji")
    controls: dict[str, Any] = {"prompt": prompt, "negative": negative, "steps": steps, "scale": scale}
    controls |= {"seed": seed, "scheduler": scheduler}
    base = [language, name, *controls.values()]
    outputs = [run, film, chips, vectors, noise, badge, kit.shelf("prompt"), kit.shelf("picture")]
    quiet = kit.LIGHT | kit.PRIVATE
    drawing = [
        buttons.run.click(on_draw, base, outputs, **kit.RUN, **kit.api("stable_diffusion_draw")),
        prompt.submit(on_draw, base, outputs, **kit.RUN, **kit.PRIVATE),
    ]
    for each, button in zip(EXAMPLES, examples, strict=True):
        chosen = button.click(None, None, prompt, js=f"() => {json.dumps(t(f'example.{each}'))}", **kit.PRIVATE)
        drawing.append(chosen.then(on_draw, base, outputs, **kit.RUN, **kit.PRIVATE))
    chosen = quick.click(
        None, None, [steps, scheduler], js=f"() => {json.dumps([few['steps'], few['scheduler']])}", **kit.PRIVATE
    )
    drawing.append(chosen.then(on_draw, base, outputs, **kit.RUN, **kit.PRIVATE))
    buttons.stop.click(None, cancels=drawing, **kit.PRIVATE)
    buttons.reset.click(
        on_reset, language, [name, *controls.values(), *outputs], cancels=drawing, **kit.RUN, **kit.PRIVATE
    )
    take.click(on_take, [language, kit.shelf("prompt")], prompt, **quiet)
    controls |= compare.build(t, base)
    controls |= tools.build(t, base, [name, prompt, negative, steps, scale, seed, scheduler], run, save)
    kit.tasks(t, TASKS)
    kit.code_panel(t, "stable_diffusion.py", on_code, base)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, base, outputs))


LESSON = Lesson("stable_diffusion", build)

"""Lesson 17: the learner's own words become a picture, step by step, and every stage in between is there to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.stable_diffusion import choices
from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Room
from demos.stable_diffusion import compare, shown, spacings, tools
from demos.stable_diffusion.tasks import TASKS

FORM = kit.Form(**shown.BASE)
DRAWN = ("run", "film", "chips", "vectors", "noise", "badge", "prompt_shelf", "picture_shelf")
SCREEN = kit.Screen(*DRAWN, "name", *FORM.names)


@kit.gpu
@kit.handler
def on_draw(lang: str, name: str, form: kit.Values) -> Iterator[kit.Update]:
    """Draw a picture from words, every step shown: the noisy picture, and the clean one predicted in it."""
    from core.events import Done

    t = text.load("stable_diffusion", lang)
    run = shown.Run(name, shown.settings(form, name))
    sd = shown.model(name)
    yield SCREEN(run=run, badge=shown.label(t, run)) | _stages(t, sd, run)
    for event in kit.paced(shown.steps(t, run), 0):
        match event:
            case Done(result=drawn, seconds=seconds, stopped=why):
                said = (
                    t("flagged")
                    if drawn.flagged
                    else " ".join([t("film_done", steps=len(run.now)), _windows(t, sd, run)])
                )
                label = shown.label(t, run, seconds, why)
                left = SCREEN(prompt_shelf=run.settings.prompt, picture_shelf=_pixels(drawn))
                yield SCREEN(run=run, film=shown.both(t, run, said), badge=label) | left
            case _:
                said = t("film_step", step=event.step, total=event.total, t=event.t)
                yield SCREEN(film=shown.both(t, run, said))


def _pixels(drawn: Any) -> Any:
    from core.files import images

    return images.read(drawn.image).pixels


def _stages(t: text.Text, sd: Any, run: shown.Run) -> kit.Update:
    """Prompt → tokens → vectors, and the noise the seed stands for."""
    from core.lessons.stable_diffusion import studio

    texts = [sd.understood(each) for each in run.settings.texts]
    items: list[dict[str, Any]] = []
    words = cut = 0  # before this window
    for each in texts:
        tokens = sd.tokens(each)
        items += [
            {
                "text": f"{token.text} {token.part}/{token.parts}" if token.parts > 1 else token.text or t("mark"),
                "sub": str(token.id),
                "group": None if token.word is None else words + token.word,
                "off": not token.read,
            }
            for token in tokens
        ]
        words, cut = words + len(each.split()), cut + sum(not token.read for token in tokens)
    said = t("tokens_caption", count=len(items)) + (" " + t("tokens_cut", cut=cut) if cut else "")
    chips = {"items": items[:120], "caption": said + " " + _honest(t, sd, run)}
    vectors = sd.vectors(*texts)
    length, width = vectors.shape
    heat = studio.heat(vectors)
    field = {
        "x": [0, heat.shape[1]],
        "y": [0, length],
        "bare": True,
        "field": views.packed(heat, smooth=False),
        "caption": t("vectors.caption", length=length, width=width),
    }
    noise = shown.noise(t, run.settings.seed, sd.noise(run.settings.seed, len(texts)))
    return SCREEN(chips=chips, vectors=field, noise=noise)


def _honest(t: text.Text, sd: Any, run: shown.Run) -> str:
    """What the small model takes the prompt for. Nothing is claimed about fetched models."""
    from core.pretrained.shipped import card

    if not card(run.model):
        return ""
    typed = run.settings.prompt
    if run.settings.windows:
        return _windows(t, sd, run)
    if parts := shown.windows(run.model, typed):
        return t("one_vector", parts=", ".join(f"‘{part}’" for part in parts)) + " " + _read_as(t, sd, typed)
    return _read_as(t, sd, typed)


def _windows(t: text.Text, sd: Any, run: shown.Run) -> str:
    """That the picture has windows, and what is drawn in each; nothing where it has one."""
    typed = run.settings.windows
    if not typed:
        return ""
    parts = ", ".join(t("window_part", typed=each[:60], name=sd.understood(each)) for each in typed)
    return t("windows", count=len(typed), parts=parts)


def _read_as(t: text.Text, sd: Any, typed: str) -> str:
    """The name a prompt is drawn as, and how often such a reading is right; the emoji with its words, where it is a name."""
    from core.lessons.stable_diffusion import studio
    from core.pretrained.shipped import card

    read = sd.understood(typed)
    if read.lower() != " ".join(typed.lower().split()):
        found = studio.meaning(typed)
        key = "unknown" if found.share >= choices.SURE else "unsure"
        (second, two), (third, three) = found.others
        names = {"typed": typed[:60], "name": found.name, "second": second, "third": third}
        right = card(choices.MODEL)["metrics"]["sureness"]["right_above" if key == "unknown" else "right_below"]
        return t(key, **names, share=found.share, two=two, three=three, right=right)
    words = studio.familiar(sd, read)
    return t("known", words=", ".join(f"‘{word.text}’ ({word.names})" for word in words[:8]))


@kit.handler
def on_open(lang: str, name: str, form: kit.Values) -> kit.Update:
    """The first screen: one picture, really drawn."""
    return SCREEN(**kit.settled(on_draw(lang, name, form)))


@kit.handler
def on_reset(lang: str) -> kit.Update:
    """The settings of the first screen, and its picture."""
    prompt = text.load("stable_diffusion", lang)(f"example.{choices.EXAMPLES[0]}")
    start = FORM.values(prompt=prompt)
    return SCREEN(name=choices.MODEL, **start) | on_open(lang, choices.MODEL, start)


@kit.handler
def on_take(lang: str, prompt_shelf: Any) -> str:
    """The prompt another lesson left."""
    from core.errors import InvalidInput

    if not isinstance(prompt_shelf, str) or not prompt_shelf.strip():
        raise InvalidInput("empty_prompt")
    return prompt_shelf


@kit.handler
def on_code(lang: str, name: str, form: kit.Values) -> str:
    from core.lessons.stable_diffusion import studio

    return studio.script(name, shown.settings(form, name))


def build(lang: str) -> Room:
    from core.pretrained.shipped import card

    t = text.load("stable_diffusion", lang)
    desk, few = kit.Desk(t, FORM, SCREEN, kit.header(t)), card(choices.MODEL)["few_steps"]
    desk.put(name=gr.State(choices.MODEL), run=gr.State(None))
    desk.put(prompt_shelf=kit.shelf("prompt"), picture_shelf=kit.shelf("picture"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            first = t(f"example.{choices.EXAMPLES[0]}")
            desk.put(prompt=gr.Textbox(first, label=t("prompt"), lines=2, max_lines=4, max_length=2000))
            desk.put(apart=gr.Checkbox(True, label=t("apart"), info=t("apart_info")))
            with gr.Row(elem_classes="taste-buttons"):
                examples = {each: gr.Button(t(f"example.{each}"), size="sm", min_width=90) for each in choices.EXAMPLES}
            buttons = kit.buttons(t, "run")
            desk.put(badge=kit.markdown(t("opening"), elem_classes="taste-badge"))
            with gr.Row(elem_classes="taste-buttons"):
                take = gr.Button(t("take_prompt"), size="md", min_width=150)
                save = gr.Button(t("save_png"), size="md", min_width=150)
        with gr.Column(scale=3, min_width=300, elem_classes="taste-early"):
            desk.put(film=views.film(shown.recorded(t), square=360))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            desk.put(steps=kit.slider(choices.STEPS, label=t("steps")))
        with gr.Column(min_width=280):
            desk.put(scale=kit.slider(choices.SCALE, label=t("scale"), info=t("scale_info")))
        with gr.Column(min_width=280):
            with gr.Row():
                desk.put(seed=kit.number_box(choices.SEED, precision=0, label=t("seed"), min_width=90))
                named = {"label": t("scheduler_label"), "min_width": 150}
                desk.put(scheduler=kit.dropdown(t, "scheduler", choices.SCHEDULER, **named))
        with gr.Column(min_width=280):
            desk.put(negative=gr.Textbox("", label=t("negative"), info=t("negative_info"), max_length=2000))
    with gr.Row(equal_height=False):
        quick = gr.Button(t("quick", **few), size="md", scale=1, min_width=200)
        with gr.Column(scale=4, min_width=280):
            kit.markdown(t("quick_words", **few), elem_classes="taste-badge")
    with gr.Accordion(t("stages_title"), open=True):
        with gr.Row(equal_height=False):
            with gr.Column(min_width=280):
                kit.markdown(t("stage.tokens"))
                desk.put(chips=views.chips())
            with gr.Column(min_width=280):
                kit.markdown(t("stage.vectors"))
                desk.put(vectors=views.plane(height=230))
            with gr.Column(min_width=200):
                kit.markdown(t("stage.noise"))
                desk.put(noise=views.film(shown.noise(t), square=230))
        kit.markdown(t("stage.rest"))
    spacings.build(desk)
    drawing = [
        desk.on(buttons.run.click, on_draw, kit.DRAW, to=DRAWN, api="stable_diffusion_draw"),
        desk.on(desk.prompt.submit, on_draw, kit.DRAW, to=DRAWN),
    ]
    for each, button in examples.items():
        chosen = button.click(None, None, desk.prompt, js=f"() => {json.dumps(t(f'example.{each}'))}", **kit.PRIVATE)
        drawing.append(desk.on(chosen.then, on_draw, kit.DRAW, to=DRAWN))
    set_few = f"() => {json.dumps([few['steps'], few['scheduler']])}"
    chosen = quick.click(None, None, [desk.steps, desk.scheduler], js=set_few, **kit.PRIVATE)
    drawing.append(desk.on(chosen.then, on_draw, kit.DRAW, to=DRAWN))
    buttons.stop.click(None, cancels=drawing, **kit.PRIVATE)
    desk.on(buttons.reset.click, on_reset, kit.DRAW, cancels=drawing)
    desk.on(take.click, on_take, to="prompt")
    compared, tooled = compare.build(desk), tools.build(desk, save)
    controls = desk.controls | compared.controls | tooled.controls
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "stable_diffusion.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, desk.opening(on_open, DRAWN))


LESSON = Lesson("stable_diffusion", build)

"""Lesson 11: a sentence goes through one attention head, every number of every step can be opened; a GPT is trained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.attention import choices
from demos import kit, views
from demos.attention import gpt, real, shown, wall
from demos.attention.tasks import TASKS
from demos.kit import downloads, text
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(
    sentence="",
    cut=choices.CUT,
    stage=choices.STAGE,
    positions=True,
    causal=True,
    width=choices.WIDTH,
    seed=choices.SEED,
)
HEAD = ("spot", "chips", "matrix", "said")  # what is shown of one stage
SCREEN = kit.Screen(*HEAD, "badge", "took", *FORM.names)
WALK_SECONDS = 1.6  # each step stays on the screen


def _head(form: kit.Values) -> Any:
    from core.language.attention import ToyConfig
    from core.lessons.attention import head

    config = form.read(ToyConfig, positions=bool(form.positions), causal=bool(form.causal))
    return head.toy(head.cut(form.sentence, form.cut), config)


def _shown(lang: str, head: Any, stage: str, spot: Any = None) -> kit.Update:
    t = text.load("attention", lang)
    row, column = shown.place(head, stage, spot)
    return SCREEN(
        spot=[row, column],
        chips=shown.chips(t, head, row),
        matrix=shown.matrix(t, head, stage, row, column),
        said=shown.derived(t, head, stage, row, column),
    )


@kit.handler
def on_steps(lang: str, form: kit.Values) -> kit.Update:
    """A sentence through one attention head (at most 24 tokens): the numbers of one stage, and how one of them arose."""
    import core.lessons.attention.head  # noqa: F401  (heavy to open the first time: not part of the time told)
    from core.errors import CoreError

    begun = time.perf_counter()
    try:
        head = _head(form)
    except CoreError as error:
        return SCREEN(said=kit.empty_box(lang, error))
    badge = shown.compared(text.load("attention", lang), head, time.perf_counter() - begun)
    return _shown(lang, head, form.stage) | SCREEN(badge=badge)


@kit.handler
def on_walk(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """All stages one after the other, as a film."""
    head = _head(form)
    *first, last = choices.STAGE
    for stage in first:
        yield SCREEN(stage=stage) | _shown(lang, head, stage)
        time.sleep(WALK_SECONDS)
    yield SCREEN(stage=last) | _shown(lang, head, last)


@kit.handler
def on_pick(lang: str, form: kit.Values, cell: gr.EventData) -> kit.Update:
    """Where one number of the matrix comes from."""
    return _shown(lang, _head(form), form.stage, [kit.number(cell.row, "row"), kit.number(cell.col, "column")])


@kit.handler
def on_token(lang: str, spot: Any, form: kit.Values, chip: gr.EventData) -> kit.Update:
    """A token was chosen: colour the others by how much it looks at them."""
    column = spot[1] if isinstance(spot, list) and len(spot) == 2 else 0
    return _shown(lang, _head(form), form.stage, [kit.number(chip.index, "row"), column])


@kit.handler
def on_reset(lang: str) -> kit.Update:
    """The sentence and the settings of the first screen, and what they give."""
    form = FORM.values(sentence=text.load("attention", lang)("example.sentence"))
    return SCREEN(**form) | on_steps(lang, form)


@kit.handler
def on_csv(lang: str, form: kit.Values) -> str:
    """Who looks at whom, as CSV."""
    from core.lessons.attention.sentence import weights_csv

    return weights_csv(_head(form))


@kit.handler
def on_take(lang: str, prompt: Any) -> kit.Update:
    """The sentence that another lesson put aside."""
    if not isinstance(prompt, str) or not prompt.strip():
        return SCREEN(took=text.load("attention", lang)("take_nothing"))
    return SCREEN(sentence=prompt.strip()[: choices.MOST_PROMPT], took="")


@kit.handler
def on_code(lang: str, form: kit.Values, run: Any, texts: str, source: str, own: str) -> str:
    """The head in plain PyTorch with its very numbers, then the tiny GPT as far as it has been trained here."""
    from core.lessons.attention.head import script

    return script(_head(form)) + gpt.code(run, texts, source, own)


def build(lang: str) -> Room:
    t = text.load("attention", lang)
    language = kit.header(t)
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(spot=gr.State(None), prompt=kit.shelf("prompt"))
    wall.build(t, language)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            example, most = t("example.sentence"), choices.MOST_LETTERS
            desk.put(sentence=gr.Textbox(example, label=t("sentence"), info=t("sentence_info"), max_length=most))
            desk.put(cut=kit.radio(t, "cuts", choices.CUT, label=t("cut_label")))
            buttons = kit.buttons(t, "walk")
            with gr.Row():
                desk.put(causal=gr.Checkbox(True, label=t("causal"), info=t("causal_info"), min_width=130))
                desk.put(positions=gr.Checkbox(True, label=t("positions"), info=t("positions_info"), min_width=130))
            with gr.Accordion(t("more"), open=False):
                desk.put(width=kit.slider(choices.WIDTH, label=t("width")))
                desk.put(seed=kit.number_box(choices.SEED, label=t("seed"), info=t("seed_info")))
                take = gr.Button(t("take"), size="md")
                desk.put(took=kit.markdown(""))
                save = downloads.button(t)
            desk.put(badge=kit.badge())
        with gr.Column(scale=3, min_width=300):
            desk.put(chips=views.tokens(can=("pick",)))
            desk.put(stage=kit.radio(t, "stages", choices.STAGE, label=t("stage_label")))
            desk.put(said=kit.markdown("", min_height=52, elem_classes="taste-answer"))
            desk.put(matrix=views.matrix(can=("pick",)))
    real.build_tokens(t, language, desk.sentence)
    learning = gpt.build(t, language)
    real.build_maps(t, language, desk.sentence)
    desk.put(**{name: getattr(learning, name) for name in ("run", "texts", "source", "own")})
    walk = desk.on(buttons.run.click, on_walk, kit.RUN, to=(*HEAD, "stage"))
    buttons.stop.click(None, cancels=[walk], **kit.PRIVATE)
    changed = (desk.sentence.change, desk.cut.input, desk.stage.input, desk.positions.input, desk.causal.input)
    sized = (desk.width.change, desk.seed.change)
    desk.on((*changed, *sized), on_steps, to=(*HEAD, "badge"), api="attention_steps", cancels=[walk])
    desk.on(buttons.reset.click, on_reset, to=(*FORM.names, *HEAD, "badge"), cancels=[walk])
    desk.on(desk.matrix.pick, on_pick, to=HEAD)
    desk.on(desk.chips.pick, on_token, to=HEAD)
    desk.on(take.click, on_take, to=("sentence", "took"))
    downloads.save(desk, save, "attention.csv", on_csv)
    controls = desk.controls | {name: control for name, control in learning.controls.items() if name in gpt.LINKED}
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "attention.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, desk.opening(on_steps, (*HEAD, "badge")))


LESSON = Lesson("attention", build)

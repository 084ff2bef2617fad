"""Lesson 10: a sentence goes through one attention head, every number of every step can be opened; a GPT is trained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.attention import gpt, real, shown
from demos.attention.tasks import TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room

CUTS = ("words", "morphemes", "letters")
STAGES = ("x", "q", "k", "v", "scores", "scaled", "masked", "weights", "output")
WALK_SECONDS = 1.6  # each step stays on the screen


def _head(sentence: str, cut: str, positions: Any, causal: Any, width: Any, seed: Any) -> Any:
    from core.language.attention import ToyConfig
    from core.lessons.attention import head as steps

    config = ToyConfig(kit.whole(width), bool(positions), bool(causal), kit.whole(seed))
    return steps.toy(steps.cut(sentence, cut), config)


def _screen(lang: str, head: Any, stage: str, spot: Any = None) -> tuple[Any, ...]:
    t = text.load("attention", lang)
    row, column = shown.place(head, stage, spot)
    chips = shown.chips(t, head, row)
    return [row, column], chips, shown.matrix(t, head, stage, row, column), shown.derived(t, head, stage, row, column)


@kit.handler
def on_steps(
    lang: str, sentence: str, cut: str, stage: str, positions: bool, causal: bool, width: float, seed: float
) -> tuple[Any, ...]:
    """A sentence through one attention head (at most 24 tokens): the numbers of one stage, and how one of them arose."""
    import core.lessons.attention.head  # noqa: F401  (heavy to open the first time: not part of the time told)

    begun = time.perf_counter()
    head = _head(sentence, cut, positions, causal, width, seed)
    seconds = time.perf_counter() - begun
    screen = _screen(lang, head, stage)
    return *screen, shown.compared(text.load("attention", lang), head, seconds)


@kit.handler
def on_walk(
    lang: str, sentence: str, cut: str, positions: bool, causal: bool, width: float, seed: float
) -> Iterator[tuple[Any, ...]]:
    """All stages one after the other, as a film."""
    head = _head(sentence, cut, positions, causal, width, seed)
    for stage in STAGES:
        yield stage, *_screen(lang, head, stage)
        time.sleep(WALK_SECONDS if stage != STAGES[-1] else 0)


@kit.handler
def on_pick(
    lang: str,
    sentence: str,
    cut: str,
    stage: str,
    positions: bool,
    causal: bool,
    width: float,
    seed: float,
    spot: gr.EventData,
) -> tuple[Any, ...]:
    """Where one number of the matrix comes from."""
    where = [kit.number(spot.row, "row"), kit.number(spot.col, "column")]
    return _screen(lang, _head(sentence, cut, positions, causal, width, seed), stage, where)


@kit.handler
def on_token(
    lang: str,
    spot: Any,
    sentence: str,
    cut: str,
    stage: str,
    positions: bool,
    causal: bool,
    width: float,
    seed: float,
    chip: gr.EventData,
) -> tuple[Any, ...]:
    """A token was chosen: colour the others by how much it looks at them."""
    where = [kit.number(chip.index, "row"), spot[1] if isinstance(spot, list) and len(spot) == 2 else 0]
    return _screen(lang, _head(sentence, cut, positions, causal, width, seed), stage, where)


@kit.handler
def on_csv(lang: str, sentence: str, cut: str, positions: bool, causal: bool, width: float, seed: float) -> str:
    """Who looks at whom, as CSV."""
    from core.lessons.attention.sentence import weights_csv

    return weights_csv(_head(sentence, cut, positions, causal, width, seed))


@kit.handler
def on_take(lang: str, prompt: Any) -> tuple[Any, str]:
    """The sentence that another lesson put aside."""
    if not isinstance(prompt, str) or not prompt.strip():
        return gr.skip(), text.load("attention", lang)("take_nothing")
    return prompt.strip()[:200], ""


@kit.handler
def on_code(
    lang: str,
    sentence: str,
    cut: str,
    positions: bool,
    causal: bool,
    width: float,
    seed: float,
    run: Any,
    texts: str,
    source: str,
    own: str,
) -> str:
    """The head in plain PyTorch with its very numbers, then the tiny GPT as far as it has been trained here."""
    from core.lessons.attention.head import script

    return script(_head(sentence, cut, positions, causal, width, seed)) + gpt.code(run, texts, source, own)


def build(lang: str) -> Room:
    t = text.load("attention", lang)
    language, spot = kit.header(t), gr.State(None)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            sentence = gr.Textbox(t("example.sentence"), label=t("sentence"), info=t("sentence_info"), max_length=400)
            cut = gr.Radio(t.choices("cuts", CUTS), value="words", label=t("cut_label"))
            buttons = kit.buttons(t, "walk")
            with gr.Row():
                causal = gr.Checkbox(True, label=t("causal"), info=t("causal_info"), min_width=130)
                positions = gr.Checkbox(True, label=t("positions"), info=t("positions_info"), min_width=130)
            with gr.Accordion(t("more"), open=False):
                width = gr.Slider(2, 16, 4, step=1, label=t("width"))
                seed = gr.Number(0, precision=0, minimum=0, maximum=2**31 - 1, label=t("seed"), info=t("seed_info"))
                take = gr.Button(t("take"), size="md")
                took = kit.markdown("")
                save, table = gr.Button(t("download_csv"), size="md"), gr.Textbox(visible=False)
            badge = kit.badge()
        with gr.Column(scale=3, min_width=300):
            chips = views.tokens(can=("pick",))
            stage = gr.Radio(t.choices("stages", STAGES), value="weights", label=t("stage_label"))
            said = kit.markdown("", min_height=52, elem_classes="taste-answer")
            matrix = views.matrix(can=("pick",))
    head = [sentence, cut, positions, causal, width, seed]
    inputs, outputs = [language, sentence, cut, stage, *head[2:]], [spot, chips, matrix, said, badge]
    quiet = kit.LIGHT | kit.PRIVATE
    walk = buttons.run.click(on_walk, [language, *head], [stage, *outputs[:-1]], **kit.RUN, **kit.PRIVATE)
    buttons.stop.click(None, cancels=[walk], **kit.PRIVATE)
    for listen in (sentence.change, cut.input, stage.input, positions.input, causal.input, width.change, seed.change):
        public = kit.api("attention_steps") if listen == sentence.change else kit.PRIVATE
        listen(on_steps, inputs, outputs, cancels=[walk], **kit.LIGHT, **public)
    fresh = (t("example.sentence"), "words", "weights", True, True, 4, 0)
    back = buttons.reset.click(lambda: fresh, None, [sentence, cut, stage, *head[2:]], cancels=[walk], **quiet)
    back.then(on_steps, inputs, outputs, **quiet)
    matrix.pick(on_pick, inputs, outputs[:-1], **quiet)
    chips.pick(on_token, [language, spot, *inputs[1:]], outputs[:-1], **quiet)
    take.click(on_take, [language, kit.shelf("prompt")], [sentence, took], **quiet)
    save.click(on_csv, [language, *head], table, **quiet).then(
        None, table, None, js="(text) => taste.save('attention.csv', text)", **kit.PRIVATE
    )
    real.build_tokens(t, language, sentence)
    learning = gpt.build(t, language)
    real.build_maps(t, language, sentence)
    kit.tasks(t, TASKS)
    kit.code_panel(
        t, "attention.py", on_code, [language, *head, learning.run, learning.texts, learning.source, learning.own]
    )
    controls = {"sentence": sentence, "cut": cut, "stage": stage, "positions": positions, "causal": causal}
    controls |= {"width": width, "seed": seed, **learning.controls}
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_steps, inputs, outputs))


LESSON = Lesson("attention", build)

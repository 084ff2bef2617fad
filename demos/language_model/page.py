"""Lesson 11: what comes next? Bars under the sliders, token by token, branch by branch; then a chat with a real LLM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room
from demos.language_model import chat, hood, shown, tools
from demos.language_model.tasks import TASKS

WHO = ("counts", "tiny", "llm")
DEFAULT = "smollm2-135m-instruct"
START = (0.8, 0, 1.0, 0.0, 1.0)  # the sliders


@kit.handler
def on_look(lang: str, who: str, name: str, prompt: str, *weights: float) -> Iterator[tuple[Any, ...]]:
    """A new prompt, or another speaker: which tokens may come next? Sliders re-weigh them without asking again."""
    from core.lessons.language_model import story as speakers

    t = text.load("language_model", lang)
    for model in shown.opened(t, who, name):
        if isinstance(model, str):
            yield *shown.WAIT, model, gr.skip()
            continue
        yield shown.screen(t, model, speakers.begin(model, who, lang, name, prompt), weights)


@kit.handler
def on_open(lang: str, *controls: Any) -> tuple[Any, ...]:
    """The first screen: a prompt and what may come next."""
    return kit.settled(on_look(lang, *controls))


@kit.handler
def on_weigh(lang: str, story: Any, *weights: float) -> tuple[Any, str]:
    """A slider moved: the kept logits are weighed again. No forward pass."""
    if story is None:
        return gr.skip(), gr.skip()
    return shown.bars(text.load("language_model", lang), story, weights)


@kit.handler
def on_write(
    lang: str, story: Any, length: float, seed: float, who: str, name: str, prompt: str, *weights: float
) -> Iterator[tuple[Any, ...]]:
    """Draw token after token, each shown with the probability the model itself gave it."""
    from core.events import Done
    from core.lessons.language_model import story as speakers
    from core.llm.decoding import Token
    from demos.kit.waiting_line import Waiting

    t = text.load("language_model", lang)
    for model in shown.opened(t, who, name):
        if isinstance(model, str):
            yield *shown.WAIT, model, gr.skip()
    asked = (who, lang, name, prompt)
    if story is None or (story.who, story.language, story.model, story.prompt) != asked:
        story = speakers.begin(model, who, lang, name, prompt)
    begun, shares = list(story.begun), list(story.shares)
    settings = shown.sampling(weights)
    events = speakers.writing(story, kit.whole(length), kit.whole(seed), **settings)
    for event in kit.LLM.served(events) if who == "llm" else kit.paced(events, 0.05):
        match event:
            case Waiting(ahead=ahead):
                part = speakers.under_way(story, begun, shares)
                yield part, gr.skip(), gr.skip(), t("waiting", ahead=ahead), gr.skip()
            case Token():
                begun.append(event.id)
                shares.append(event.probability)
                now = shown.chips(t, model, story, begun, shares)
                part, said = speakers.under_way(story, begun, shares), t("writing", count=len(begun))
                yield part, now, shown.live_bars(t, event), said, gr.skip()
            case Done(result=made, stopped=why):
                story = speakers.told(story, tuple(begun), tuple(shares))
                *rest, said, label = shown.screen(t, model, story, weights)
                ended = t(f"ended.{why or 'own'}", count=len(made.ids))
                speed = t("speed", speed=made.tokens_per_second, engine=t(f"engine.{made.engine}"))
                yield *rest, f"{ended} {speed} {said}", label
            case _:
                pass


@kit.handler
def on_stop(lang: str, story: Any, *weights: float) -> tuple[Any, ...]:
    """After Stop: what could come next at the place where it stopped. Nothing, if it had ended by itself."""
    return (gr.skip(),) * 5 if story is None or story.settled else _redrawn(lang, story, weights)


@kit.handler
def on_step(lang: str, story: Any, length: float, *rest: Any) -> Iterator[tuple[Any, ...]]:
    """One token more: the same one that a whole run with this seed would draw."""
    yield from on_write(lang, story, 1, *rest)


@kit.handler
def on_pick(lang: str, story: Any, spot: gr.EventData, *weights: Any) -> tuple[Any, ...]:
    """The learner, not chance, chooses the next token from the bars."""
    from core.lessons.language_model import story as speakers

    if story is None:
        return (gr.skip(),) * 5
    index = kit.whole(kit.number(spot.index, "index"))
    items = story.choices.candidates
    token = items[index].id if isinstance(index, int) and 0 <= index < len(items) else -1
    return _redrawn(lang, speakers.grow(story, token), weights)


@kit.handler
def on_branch(lang: str, story: Any, spot: gr.EventData, *weights: Any) -> tuple[Any, ...]:
    """Back to the place of a chip: what else could have stood there?"""
    from core.lessons.language_model import story as speakers

    if story is None:
        return (gr.skip(),) * 5
    return _redrawn(lang, speakers.cut(story, shown.answer_index(story, spot.index)), weights)


def _redrawn(lang: str, story: Any, weights: Any) -> tuple[Any, ...]:
    from core.lessons.language_model import story as speakers

    model = speakers.speaker(story.who, story.language, story.model)
    return shown.screen(text.load("language_model", lang), model, story, weights)


@kit.handler
def on_who(lang: str, who: str, prompt: str) -> str:
    """Another speaker brings the example it can go on with; own words stay."""
    t = text.load("language_model", lang)
    examples = [t(f"example.{each}") for each in WHO]
    return t(f"example.{who}") if who in WHO and prompt in examples else prompt


@kit.handler
def on_code(lang: str, who: str, name: str, prompt: str, length: float, seed: float, *weights: float) -> str:
    """The same choices and the same text as a script."""
    model = {
        "counts": f"from core.llm.letter_models import counted\n\nmodel = counted({lang!r})",
        "tiny": f"from core.events import drain\nfrom core.llm.letter_models import trained\n\nmodel = drain(trained({lang!r}))",
    }.get(who, f"from core import LanguageModel\n\nmodel = LanguageModel.load({name!r})")
    settings = ", ".join(f"{key}={value!r}" for key, value in shown.sampling(weights).items())
    values = {"prompt": prompt, "length": kit.whole(length), "seed": kit.whole(seed), "settings": settings}
    return CODE.format(model=model, **values)


CODE = """{model}

prompt = {prompt!r}
settings = dict({settings})
for choice in model.next_token(prompt, top=12).reweigh(**settings):
    print(f"{{choice.text!r:14}} own {{choice.probability:7.2%}}   drawn with {{choice.share:7.2%}}")
print(prompt + model.generate(prompt, {length!r}, seed={seed!r}, **settings))
"""


def _sliders(t: text.Text) -> list[gr.Slider]:
    ranges = ((0, 2, 0.05), (0, 50, 1), (0, 1, 0.01), (0, 0.5, 0.01), (1, 2, 0.05))
    return [
        gr.Slider(low, high, value=start, step=step, label=t(f"weights.{key}"), info=t(f"info.{key}"), min_width=170)
        for key, (low, high, step), start in zip(shown.WEIGHTS, ranges, START, strict=True)
    ]


def build(lang: str) -> Room:
    from core.lessons.language_model import offers

    t = text.load("language_model", lang)
    language, story, name = kit.header(t), gr.State(None), gr.State(DEFAULT)
    here = offers.here(DEFAULT)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=290):
            first = "llm" if here else "counts"
            who = gr.Radio(t.choices("who", WHO), value=first, label=t("who_label"))
            get = gr.Button(t("get"), size="md", visible=not here)
            prompt = gr.Textbox(t(f"example.{first}"), label=t("prompt"), lines=2, max_lines=5, max_length=4000)
            buttons = kit.buttons(t, "write", "step")
            with gr.Row():
                length = gr.Slider(1, 200, value=40, step=1, label=t("length"), min_width=120)
                seed = gr.Number(0, precision=0, minimum=0, maximum=2**31, label=t("seed"), min_width=90)
        with gr.Column(scale=3, min_width=300):
            chips = views.tokens(can=("pick",))
            bars = views.bars(can=("pick",))
            said, badge = kit.markdown("", min_height=52), kit.badge()
            with gr.Row(elem_classes="taste-buttons"):
                take = gr.Button(t("take"), size="md", min_width=150)
                keep = gr.Button(t("keep"), size="md", min_width=150)
    with gr.Row(equal_height=True):
        weights = _sliders(t)
    base = [who, name, prompt, *weights]
    outputs, quiet = [story, chips, bars, said, badge], kit.LIGHT | kit.PRIVATE
    looking = kit.RUN | {"trigger_mode": "always_last"}
    writing, inputs = [], [language, story, length, seed, *base]
    for button, fn in ((buttons.run, on_write), (buttons.step, on_step)):
        named = kit.api("language_model_write") if fn is on_write else kit.PRIVATE
        kit.hold(button)
        writing.append(button.click(fn, inputs, outputs, **kit.TALK, **named))
        kit.free(button, writing[-1])
        writing[-1].then(on_stop, [language, story, *weights], outputs, **kit.RUN, **kit.PRIVATE)
    prompt.change(on_look, [language, *base], outputs, **looking, **kit.api("language_model_next"))
    who.input(on_who, [language, who, prompt], prompt, **quiet).success(
        on_look, [language, *base], outputs, **looking, **kit.PRIVATE
    )
    for slider in weights:
        slider.change(on_weigh, [language, story, *weights], [bars, said], **quiet)
    bars.pick(on_pick, [language, story, *weights], outputs, **kit.RUN, **kit.PRIVATE)
    chips.pick(on_branch, [language, story, *weights], outputs, **kit.RUN, **kit.PRIVATE)
    start = json.dumps(list(START))
    reset = {"cancels": writing, "js": f"() => {start}", **kit.PRIVATE}
    buttons.reset.click(None, None, weights, **reset).then(
        on_look, [language, *base], outputs, **looking, **kit.PRIVATE
    )
    take.click(tools.on_take, [language, kit.shelf("prompt")], prompt, **quiet).success(
        on_look, [language, *base], outputs, **looking, **kit.PRIVATE
    )
    keep.click(tools.on_keep, [language, story], [kit.shelf("prompt"), said], **quiet)
    fetching = get.click(tools.on_get, [language, name], [name, who, prompt, get, said], **kit.RUN, **kit.PRIVATE)
    fetching.then(None, None, said, js="() => ''", **kit.PRIVATE)  # stopped or failed: no progress any more
    fetching.success(on_look, [language, *base], outputs, **looking, **kit.PRIVATE)
    buttons.stop.click(None, cancels=[*writing, fetching], **kit.PRIVATE)
    with gr.Tabs():
        with gr.Tab(t("chat.title")):
            chat.build(t, language, name, weights, seed)
        with gr.Tab(t("hood.title")):
            hood.build(t, language, story)
        with gr.Tab(t("three.title")):
            sentence = tools.build_three(t, language, name, seed)
        with gr.Tab(t("models.title")):
            tools.build_models(t, language, [name, who, prompt, get], on_look, [language, *base], outputs)
    controls = {"who": who, "prompt": prompt, "length": length, "seed": seed, "sentence": sentence}
    controls |= dict(zip(shown.WEIGHTS, weights, strict=True))
    kit.tasks(t, TASKS)
    kit.code_panel(t, "language_model.py", on_code, [language, who, name, prompt, length, seed, *weights])
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, [language, *base], outputs))


LESSON = Lesson("language_model", build)

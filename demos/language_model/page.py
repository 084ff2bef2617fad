"""Lesson 12: what comes next? Bars under the sliders, token by token, branch by branch; then a chat with a real LLM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.language_model import choices
from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Room
from demos.language_model import chat, hood, order, shown, tools
from demos.language_model.shown import SCREEN, STORY
from demos.language_model.tasks import TASKS

FORM = kit.Form(who=choices.WHO, prompt="", length=choices.LENGTH, seed=choices.SEED, **choices.SAMPLING)


@kit.handler
def on_look(lang: str, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """A new prompt, or another model: which tokens may come next? Sliders re-weigh them without asking again."""
    from core.errors import CoreError
    from core.lessons.language_model.story import begin

    t = text.load("language_model", lang)
    for model in shown.opened(t, form.who, name):
        if isinstance(model, str):
            yield SCREEN(said=model)
            continue
        try:
            here = begin(model, form.who, lang, name, form.prompt)
        except CoreError as error:
            yield SCREEN(said=kit.empty_box(lang, error))
        else:
            yield shown.screen(t, here, form)


@kit.handler
def on_open(lang: str, form: kit.Values, name: str) -> kit.Update:
    """The first screen: a prompt and what may come next."""
    return SCREEN(**kit.settled(on_look(lang, form, name)))


@kit.handler
def on_prelude(lang: str, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """The first seconds: the temperature falls and rises to where it stands, the kept logits are weighed again."""
    from core.lessons.language_model.story import begin

    t = text.load("language_model", lang)
    *_, model = shown.opened(t, form.who, name)
    here = begin(model, form.who, lang, name, form.prompt)
    high, low = choices.SAMPLING["temperature"].high, 0.2
    down = [high + (low - high) * k / 12 for k in range(12)]
    up = [low + (form.temperature - low) * k / 11 for k in range(12)]
    for temperature in down + up:
        yield shown.bars(t, here, form.changed(temperature=temperature))


@kit.handler
def on_weigh(lang: str, here: Any, form: kit.Values) -> kit.Update:
    """A slider moved: the kept logits are weighed again. No forward pass."""
    return SCREEN() if here is None else shown.bars(text.load("language_model", lang), here, form)


@kit.handler
def on_write(lang: str, here: Any, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """Draw token after token, each shown with the probability the model itself gave it."""
    from core.events import Done
    from core.lessons.language_model.story import begin, told, under_way, writing
    from core.llm.decoding import Token
    from demos.kit.waiting_line import Waiting

    t = text.load("language_model", lang)
    if here is None or here.about != (form.who, lang, name, form.prompt):
        for model in shown.opened(t, form.who, name):
            if isinstance(model, str):
                yield SCREEN(said=model)
        here = begin(model, form.who, lang, name, form.prompt)
    events = writing(here, kit.whole(form.length), kit.whole(form.seed), **shown.sampling(form))
    for event in kit.LLM.served(events) if here.who == "llm" else kit.paced(events, 0.05):
        match event:
            case Waiting(ahead=ahead):
                yield SCREEN(here=under_way(here, here.prefix, here.probabilities), said=t("waiting", ahead=ahead))
            case Token():
                here = under_way(here, (*here.prefix, event.id), (*here.probabilities, event.probability))
                said = t("writing", count=len(here.prefix))
                yield SCREEN(here=here, chips=shown.chips(t, here), bars=shown.live_bars(t, event), said=said)
            case Done(result=made, stopped=why):
                ended = shown.screen(t, told(here, here.prefix, here.probabilities), form)
                why = t(f"ended.{why or 'own'}", count=len(made.ids))
                yield ended | SCREEN(said=f"{why} {shown.speed(t, made)} {ended['said']}")
            case _:
                pass


@kit.handler
def on_stop(lang: str, here: Any, form: kit.Values) -> kit.Update:
    """After Stop: what could come next at the place where it stopped. Nothing, if it had ended by itself."""
    return SCREEN() if here is None or here.settled else shown.screen(text.load("language_model", lang), here, form)


@kit.handler
def on_step(lang: str, here: Any, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """One token more: the same one that a whole run with this seed would draw."""
    yield from on_write(lang, here, form.changed(length=1), name)


@kit.handler
def on_pick(lang: str, here: Any, form: kit.Values, spot: gr.EventData) -> kit.Update:
    """The learner, not chance, chooses the next token from the bars."""
    from core.lessons.language_model.story import grow

    if here is None:
        return SCREEN()
    index, items = kit.whole(kit.number(spot.index, "index")), here.choices.candidates
    token = items[index].id if isinstance(index, int) and 0 <= index < len(items) else -1
    return shown.screen(text.load("language_model", lang), grow(here, token), form)


@kit.handler
def on_branch(lang: str, here: Any, form: kit.Values, spot: gr.EventData) -> kit.Update:
    """Back to the place of a chip: what else could have stood there?"""
    from core.lessons.language_model.story import cut

    if here is None:
        return SCREEN()
    return shown.screen(text.load("language_model", lang), cut(here, shown.answer_index(here, spot.index)), form)


@kit.handler
def on_who(lang: str, who: str, prompt: str) -> str:
    """Another model brings the example it can go on with; own words stay."""
    t = text.load("language_model", lang)
    examples = [t(f"example.{each}") for each in (*choices.WHO, "english")]
    return t(f"example.{who}") if who in choices.WHO and prompt in examples else prompt


@kit.handler
def on_reset(lang: str, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """The sliders as they were, and the prompt without what was added."""
    sliders = {key: allowed.default for key, allowed in choices.SAMPLING.items()}
    yield SCREEN(**sliders)
    yield from on_look(lang, form.changed(**sliders), name)


@kit.handler
def on_code(lang: str, form: kit.Values, name: str) -> str:
    """The same choices and the same text as a script."""
    model = {
        "counts": f"from core.llm.letter_models import counted\n\nmodel = counted({lang!r})",
        "tiny": f"from core.events import drain\nfrom core.llm.letter_models import trained\n\nmodel = drain(trained({lang!r}))",
    }.get(form.who, f"from core import LanguageModel\n\nmodel = LanguageModel.load({name!r})")
    settings = ", ".join(f"{key}={value!r}" for key, value in shown.sampling(form).items())
    values = {"prompt": form.prompt, "length": kit.whole(form.length), "seed": kit.whole(form.seed)}
    return CODE.format(model=model, settings=settings, **values)


CODE = """{model}

prompt = {prompt!r}
settings = dict({settings})
for choice in model.next_token(prompt, top=12).reweigh(**settings):
    print(f"{{choice.text!r:14}} raw {{choice.probability:7.2%}}   drawn with {{choice.share:7.2%}}")
print(prompt + model.generate(prompt, {length!r}, seed={seed!r}, **settings))
"""


def build(lang: str) -> Room:
    from core.lessons.language_model import offers

    t, own = text.load("language_model", lang), offers.first_choice(lang)
    language, here = kit.header(t), offers.here(own)
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(here=gr.State(None), name=gr.State(own), shelf=kit.shelf("prompt"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=290):
            first, most = "llm" if here else choices.WHO.default, choices.MOST_PROMPT
            desk.put(who=gr.Radio(t.choices("who", choices.WHO), value=first, label=t("who_label")))
            with gr.Column(visible=not here) as got:
                offer = offers.offer(own)
                ask = offer.terms if offer else ""
                kit.markdown(t("terms.text", terms=ask) if ask else "")
                desk.put(agreed=gr.Checkbox(False, label=t("terms.agree"), visible=bool(ask), container=False))
                get = gr.Button(t("get"), size="md")
            desk.put(got=got, wish=gr.State(own))
            box = {"label": t("prompt"), "lines": 2, "max_lines": 5, "max_length": most}
            desk.put(prompt=gr.Textbox(t(f"example.{first}"), **box))
            buttons = kit.buttons(t, "write", "step")
            with gr.Row():
                desk.put(length=kit.slider(choices.LENGTH, label=t("length"), min_width=120))
                desk.put(seed=kit.number_box(choices.SEED, label=t("seed"), min_width=90))
        with gr.Column(scale=3, min_width=300, elem_classes="taste-early"):
            chips, bars = shown.skeleton(t)
            desk.put(chips=views.tokens(chips, can=("pick",)), bars=views.bars(bars, can=("pick",)))
            desk.put(said=kit.markdown("", min_height=52), badge=kit.badge())
            with gr.Row(elem_classes="taste-buttons"):
                take = gr.Button(t("take"), size="md", min_width=150)
                keep = gr.Button(t("keep"), size="md", min_width=150)
    with gr.Row(equal_height=True):
        for key, allowed in choices.SAMPLING.items():
            words = {"label": t(f"weights.{key}"), "info": t(f"info.{key}")}
            desk.put(**{key: kit.slider(allowed, min_width=170, **words)})
    look, inputs, outputs = desk.bound(on_look, STORY, kit.CPU)
    looking = kit.RUN | {"trigger_mode": "always_last"}
    writing = []
    for button, fn in ((buttons.run, on_write), (buttons.step, on_step)):
        kit.hold(button)
        api = "language_model_write" if fn is on_write else None
        writing.append(desk.on(button.click, fn, kit.TALK, to=STORY, api=api))
        kit.free(button, writing[-1])
        desk.on(writing[-1].then, on_stop, kit.RUN, to=STORY)
    desk.on(desk.prompt.change, on_look, looking, to=STORY, api="language_model_next")
    chosen = desk.on(desk.who.input, on_who, to="prompt")
    desk.on([getattr(desk, key).change for key in choices.SAMPLING], on_weigh, to=("bars", "said"))
    desk.on(desk.bars.pick, on_pick, kit.RUN, to=STORY)
    desk.on(desk.chips.pick, on_branch, kit.RUN, to=STORY)
    desk.on(buttons.reset.click, on_reset, looking, to=(*STORY, *choices.SAMPLING), cancels=writing)
    taken = desk.on(take.click, tools.on_take, to="prompt")
    desk.on(keep.click, tools.on_keep, to=("shelf", "said"))
    fetching = desk.on(get.click, tools.on_get, kit.FETCH, to=tools.GOT)
    fetching.then(None, None, desk.said, js="() => ''", **kit.PRIVATE)  # stopped or failed: no progress any more
    buttons.stop.click(None, cancels=[*writing, fetching], **kit.PRIVATE)
    with gr.Tabs() as tabs:
        with gr.Tab(t("chat.title")):
            wanted = chat.build(desk, tabs)
        with gr.Tab(t("hood.title")):
            hood.build(desk)
        with gr.Tab(t("three.title")):
            three = tools.build_three(desk)
        with gr.Tab(t("models.title"), id="models"):
            got = tools.build_models(desk)
    for step in (chosen, taken, fetching, got, wanted):
        step.success(look, inputs, outputs, **looking, **kit.PRIVATE)
    controls = desk.controls | three.controls
    order.build(desk)
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "language_model.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, desk.opening(on_open, STORY), prelude=desk.prelude(on_prelude, "bars"))


LESSON = Lesson("language_model", build)

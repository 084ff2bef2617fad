"""Part of lesson 12: a chat with the LLM on this machine, token by token, its speed measured."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.language_model import choices
from demos import kit
from demos.kit import text
from demos.language_model import shown
from demos.language_model.tools import GOT, on_get

FORM = kit.Form(words="", length=choices.ANSWER, seed=choices.SEED, **choices.SAMPLING, shots="")
SCREEN = kit.Screen("talk", "words", "said", "base", "shots", "offers")


@kit.gpu
@kit.handler
def on_chat(lang: str, talk: Any, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """Answer the last message; the whole conversation is read again each time.

    A base model does not answer: it continues the examples, the last turns and the question, up to the end of the line.
    """
    from core.events import Done, Progress
    from core.lessons.language_model import few_shot, story
    from core.lessons.language_model.offers import foreign
    from core.llm import remote
    from core.llm.decoding import Token, Truncated
    from demos.kit.waiting_line import Waiting

    t, answer, cut = text.load("language_model", lang), "", ""
    strange = foreign(name, form.words)
    warned = t("chat.foreign") + " " if strange else ""  # before the answer, and beside it
    turns = [*_plain(talk)[-choices.MOST_TURNS :], {"role": "user", "content": form.words}]
    model = story.talker(name)
    how = {"alternatives": 0, "engine": "fastest", "deadline": kit.RUN_SECONDS} | shown.sampling(form)
    asked: Any = turns
    if not getattr(model, "chats", True):
        asked, how = few_shot.prompt(str(form.shots or ""), turns, lang), how | {"stop": few_shot.STOP}
    events = model.steps(asked, kit.whole(form.length), seed=kit.whole(form.seed), **how)
    yield SCREEN(talk=_safe(turns), words="", said=warned + t("chat.reading"), offers=gr.update(visible=strange))
    for event in events if remote.is_address(name) else kit.LLM.served(events):
        match event:
            case Waiting(ahead=ahead):
                yield SCREEN(said=warned + t("waiting", ahead=ahead))
            case Token():
                answer = (answer + event.text).lstrip()
                yield SCREEN(talk=_safe([*turns, {"role": "assistant", "content": answer}]))
            case Truncated():
                cut = t("chat.truncated", dropped=event.dropped, limit=event.limit) + " "
            case Progress():
                yield SCREEN(said=warned + t("progress.read", step=event.done, steps=event.total))
            case Done(result=made, stopped=why):
                ended = t(f"ended.{why or 'own'}", count=len(made.ids))
                read = t("chat.read", count=made.prompt_tokens) + " " if made.prompt_tokens else ""
                first = t("chat.first_token", seconds=made.first_token_seconds)
                whole = _safe([*turns, {"role": "assistant", "content": answer}])  # once more, for callers of the API
                yield SCREEN(talk=whole, said=f"{warned}{cut}{ended} {read}{first} {shown.speed(t, made)}")


@kit.handler
def on_model(lang: str, name: str) -> kit.Update:
    """Another model: does it chat or only continue a text, and does it speak the language of the page?"""
    from core.lessons.language_model import offers

    return SCREEN(
        base=gr.update(visible=not offers.chats(name)), offers=gr.update(visible=not offers.speaks(name, lang))
    )


@kit.handler
def on_english(lang: str) -> kit.Update:
    """An example in the language that the model has learnt."""
    return SCREEN(words=text.load("language_model", lang)("chat.english"))


def _said(turn: dict[str, str]) -> bool:
    """Whether a message says anything. An answer stopped before its first letter does not, nor do refused blanks."""
    from core.errors import InvalidInput
    from core.llm import prompts

    try:
        return bool(prompts.readable(turn["content"]))
    except InvalidInput:
        return False


def _plain(history: Any) -> list[dict[str, str]]:
    """The conversation as roles and words, whatever the browser sent along."""
    from core.llm import prompts

    sent = history if isinstance(history, list) else []
    *turns, _ = prompts.conversation([*sent, {"role": "user", "content": "last"}])  # the last one must not be blank
    return [turn | {"content": html.unescape(turn["content"])} for turn in turns if _said(turn)]


def _safe(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """The conversation for the chat box, which would take tags for tags: they are shown as they were typed."""
    return [turn | {"content": html.escape(turn["content"], quote=False)} for turn in turns]


def build(page: kit.Desk, tabs: gr.Tabs) -> Any:
    """Returns the event of getting the model that speaks the language of the page."""
    from core.lessons.language_model import offers

    t, desk, own = page.t, kit.Desk(page.t, FORM, SCREEN, page.language), offers.first_choice(page.t.lang)
    desk.put(**{name: getattr(page, name) for name in ("name", "seed", *choices.SAMPLING)})
    kit.markdown(t("chat.hint"))
    with gr.Column(visible=not offers.speaks(own, t.lang)) as strange:
        kit.markdown(t("chat.offers"))
        with gr.Row(elem_classes="taste-buttons"):
            korean = gr.Button(t("chat.korean"), size="md", min_width=180)
            english = gr.Button(t("chat.example_english"), size="md", min_width=150)
            others = gr.Button(t("chat.others"), size="md", min_width=150)
    with gr.Accordion(t("chat.base"), open=True, visible=not offers.chats(own)) as base:
        kit.markdown(t("chat.base_hint"))
        box = {"label": t("chat.shots"), "lines": 5, "max_lines": 12, "max_length": choices.MOST_EXAMPLES}
        desk.put(shots=gr.Textbox(t("chat.examples"), **box))
    desk.put(offers=strange, base=base)
    desk.put(
        talk=gr.Chatbot(
            label=t("chat.label"),
            height=360,
            render_markdown=False,
            allow_tags=False,
            latex_delimiters=[],
            feedback_options=None,
            placeholder=t("chat.placeholder"),
            buttons=["copy_all"],
        )
    )
    with gr.Row(equal_height=True):
        box = {"lines": 1, "max_lines": 4, "max_length": choices.MOST_MESSAGE, "scale": 5, "min_width": 220}
        desk.put(words=gr.Textbox(t("chat.example"), label=t("chat.words"), **box))
        send = gr.Button(t("chat.send"), scale=1, min_width=90)
    with gr.Row(elem_classes="taste-buttons"):
        desk.put(length=kit.slider(choices.ANSWER, label=t("chat.length"), min_width=200))
        stop = gr.Button(t("stop"), size="md", min_width=80)
        clear = gr.Button(t("chat.clear"), size="md", min_width=80)
    desk.put(said=kit.markdown("", min_height=28))
    asked = (send.click, desk.words.submit)
    talking = desk.on(asked, on_chat, kit.TALK, to=("talk", "words", "said", "offers"), api="language_model_chat")
    stopped = f"() => {json.dumps(t('chat.stopped'))}"
    stop.click(None, None, desk.said, cancels=talking, js=stopped, **kit.PRIVATE)
    clear.click(None, None, [desk.talk, desk.said], cancels=talking, js="() => [[], '']", **kit.PRIVATE)
    desk.on(page.name.change, on_model, to=("base", "offers"))
    desk.on(english.click, on_english, to="words")
    others.click(lambda: gr.Tabs(selected="models"), None, tabs, **kit.PRIVATE)
    getting = kit.Desk(t, screen=page.screen, language=page.language)
    getting.put(wish=gr.State(own), agreed=page.agreed, **{name: getattr(page, name) for name in GOT})
    return getting.on(korean.click, on_get, kit.FETCH, to=GOT)

"""Part of lesson 11: a chat with the LLM on this machine, token by token, its speed measured."""

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

FORM = kit.Form(words="", length=choices.ANSWER, seed=choices.SEED, **choices.SAMPLING)
SCREEN = kit.Screen("talk", "words", "said")


@kit.gpu
@kit.handler
def on_chat(lang: str, talk: Any, form: kit.Values, name: str) -> Iterator[kit.Update]:
    """Answer the last message; the whole conversation is read again each time."""
    from core.events import Done, Progress
    from core.lessons.language_model import story
    from core.lessons.language_model.offers import foreign
    from core.llm import remote
    from core.llm.decoding import Token, Truncated
    from demos.kit.waiting_line import Waiting

    t, answer, cut = text.load("language_model", lang), "", ""
    warned = t("chat.foreign") + " " if foreign(name, form.words) else ""  # before the answer, and beside it
    turns = [*_plain(talk)[-choices.MOST_TURNS :], {"role": "user", "content": form.words}]
    model = story.talker(name)
    how = {"alternatives": 0, "engine": "fastest", "deadline": kit.RUN_SECONDS} | shown.sampling(form)
    events = model.steps(turns, kit.whole(form.length), seed=kit.whole(form.seed), **how)
    yield SCREEN(talk=_safe(turns), words="", said=warned + t("chat.reading"))
    for event in events if remote.is_address(name) else kit.LLM.served(events):
        match event:
            case Waiting(ahead=ahead):
                yield SCREEN(said=warned + t("waiting", ahead=ahead))
            case Token():
                answer += event.text
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


def build(page: kit.Desk) -> None:
    t, desk = page.t, kit.Desk(page.t, FORM, SCREEN, page.language)
    desk.put(**{name: getattr(page, name) for name in ("name", "seed", *choices.SAMPLING)})
    kit.markdown(t("chat.hint"))
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
    talking = desk.on((send.click, desk.words.submit), on_chat, kit.TALK, api="language_model_chat")
    stopped = f"() => {json.dumps(t('chat.stopped'))}"
    stop.click(None, None, desk.said, cancels=talking, js=stopped, **kit.PRIVATE)
    clear.click(None, None, [desk.talk, desk.said], cancels=talking, js="() => [[], '']", **kit.PRIVATE)

"""Part of lesson 11: a chat with the LLM on this machine, token by token, its speed measured."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import text
from demos.language_model import shown

MOST_TURNS = 40


@kit.handler
def on_chat(
    lang: str, history: Any, words: str, name: str, length: float, seed: float, *weights: float
) -> Iterator[tuple[Any, ...]]:
    """Answer the last message; the whole conversation is read again each time."""
    from core.events import Done, Progress
    from core.lessons.language_model import story
    from core.llm import remote
    from core.llm.decoding import Token, Truncated
    from demos.kit.waiting_line import Waiting

    t, said, cut = text.load("language_model", lang), "", ""
    turns = [*_plain(history)[-MOST_TURNS:], {"role": "user", "content": words}]
    model = story.talker(name)
    how = {"alternatives": 0, "engine": "fastest", "deadline": kit.RUN_SECONDS} | shown.sampling(weights)
    events = model.steps(turns, kit.whole(length), seed=kit.whole(seed), **how)
    yield _safe(turns), "", t("chat.reading")
    for event in events if remote.is_address(name) else kit.LLM.served(events):
        match event:
            case Waiting(ahead=ahead):
                yield gr.skip(), gr.skip(), t("waiting", ahead=ahead)
            case Token():
                said += event.text
                yield _safe([*turns, {"role": "assistant", "content": said}]), gr.skip(), gr.skip()
            case Truncated():
                cut = t("chat.truncated", dropped=event.dropped, limit=event.limit) + " "
            case Progress():
                yield gr.skip(), gr.skip(), t("progress.read", step=event.done, steps=event.total)
            case Done(result=made, stopped=why):
                ended = t(f"ended.{why or 'own'}", count=len(made.ids))
                speed = t("speed", speed=made.tokens_per_second, engine=t(f"engine.{made.engine}"))
                read = t("chat.read", count=made.prompt_tokens) + " " if made.prompt_tokens else ""
                first = t("chat.first_token", seconds=made.first_token_seconds)
                talk = _safe([*turns, {"role": "assistant", "content": said}])  # once more, for those who call the API
                yield talk, gr.skip(), f"{cut}{ended} {read}{first} {speed}"


def _plain(history: Any) -> list[dict[str, str]]:
    """The conversation as roles and words, whatever the browser sent along."""
    from core.llm import prompts

    turns = prompts.conversation(history) if isinstance(history, list) and history else []
    return [turn | {"content": html.unescape(turn["content"])} for turn in turns]


def _safe(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """The conversation for the chat box, which would take tags for tags: they are shown as they were typed."""
    return [turn | {"content": html.escape(turn["content"], quote=False)} for turn in turns]


def build(t: text.Text, language: gr.State, name: gr.State, weights: list[Any], seed: Any) -> None:
    kit.markdown(t("chat.hint"))
    talk = gr.Chatbot(
        label=t("chat.label"),
        height=360,
        render_markdown=False,
        allow_tags=False,
        latex_delimiters=[],
        feedback_options=None,
        placeholder=t("chat.placeholder"),
        buttons=["copy_all"],
    )
    with gr.Row(equal_height=True):
        words = gr.Textbox(
            t("chat.example"), label=t("chat.words"), lines=1, max_lines=4, max_length=100_000, scale=5, min_width=220
        )
        send = gr.Button(t("chat.send"), scale=1, min_width=90)
    with gr.Row(elem_classes="taste-buttons"):
        length = gr.Slider(10, 400, value=120, step=10, label=t("chat.length"), min_width=200)
        stop = gr.Button(t("stop"), size="md", min_width=80)
        clear = gr.Button(t("chat.clear"), size="md", min_width=80)
    said = kit.markdown("", min_height=28)
    inputs, outputs = [language, talk, words, name, length, seed, *weights], [talk, words, said]
    talking = [
        listen(on_chat, inputs, outputs, **kit.TALK, **named)
        for listen, named in ((send.click, kit.api("language_model_chat")), (words.submit, kit.PRIVATE))
    ]
    stop.click(None, None, said, cancels=talking, js=f"() => {json.dumps(t('chat.stopped'))}", **kit.PRIVATE)
    clear.click(None, None, [talk, said], cancels=talking, js="() => [[], '']", **kit.PRIVATE)

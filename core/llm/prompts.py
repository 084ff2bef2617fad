"""Prompts → token ids: plain text or a conversation, fitted into the model's context.

What a visitor types is always text: "<|im_end|>" in a message is tokenized letter by letter and controls nothing,
although the chat template around it uses the same word as a control token. When a prompt is too long, its oldest part
goes. A template that takes no system's turn (Gemma 2), or only turns that alternate (Mistral), gets them joined.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, register, shown

register(
    {
        "empty_prompt": "The prompt is empty. Write at least one word.",
        "too_long": "The prompt has {received} characters; at most {most} are read. Shorten it.",
        "bad_message": "A message needs a role (system, user, assistant) and a content of text. Received: {received}.",
        "template_refuses": "The chat template of {name} refuses these messages: {reason}",
        "no_chat_template": "{name} was not trained to chat. Give it a text to continue instead of messages.",
    }
)

Messages = Sequence[Mapping[str, Any]]
MOST_CHARACTERS = 400_000
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Prompt:
    ids: tuple[int, ...]
    dropped: int = 0  # tokens left out to fit


def encode(tokenizer: Any, prompt: str | Messages, room: int, name: str = "The model") -> Prompt:
    """At most ``room`` token ids of a text to continue, or of a conversation that the model is to answer.

    Raises InvalidInput for an empty prompt, unknown roles, or messages to a model without a chat template.
    """
    if isinstance(prompt, str):
        return _continue(tokenizer, readable(prompt), room)
    return _answer(tokenizer, conversation(prompt), room, name)


def readable(text: str) -> str:
    """The text if it can be read: not blank, not endless, no half of a surrogate pair."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidInput("too_long", received=len(text), most=MOST_CHARACTERS)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not re.sub("[\\s\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+", "", text):
        raise InvalidInput("empty_prompt")
    return text


def conversation(messages: Messages) -> list[dict[str, str]]:
    """Messages as {"role", "content"} of plain text; a content of OpenAI-style text parts is joined."""
    checked = []
    for message in messages:
        role, content = (message.get("role"), message.get("content")) if isinstance(message, Mapping) else (None, None)
        if isinstance(content, Sequence) and not isinstance(content, str):
            parts = [part.get("text") if isinstance(part, Mapping) else None for part in content]
            content = (
                "".join(map(str, parts)) if None not in parts else None
            )  # a picture is not left out without a word
        if role not in ROLES or not isinstance(content, str):
            raise InvalidInput("bad_message", received=shown(message))
        checked.append({"role": str(role), "content": content})
    if not checked:
        raise InvalidInput("empty_prompt")
    checked[-1]["content"] = readable(checked[-1]["content"])
    return checked


def _continue(tokenizer: Any, text: str, room: int) -> Prompt:
    ids = tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"]
    if not ids:
        raise InvalidInput("empty_prompt")
    opening = ids[:1] if ids[0] == tokenizer.bos_token_id else []
    over = max(0, len(ids) - room)
    return Prompt(tuple(ids if not over else opening + ids[over + len(opening) :]), over)


def _answer(tokenizer: Any, messages: list[dict[str, str]], room: int, name: str) -> Prompt:
    """Oldest turns go first (the system's stays), then the beginning of the last message."""
    if not tokenizer.chat_template:
        raise InvalidInput("no_chat_template", name=name)
    ids = whole = _render(tokenizer, messages, name)
    first = 1 if messages[0]["role"] == "system" and len(messages) > 1 else 0
    while len(ids) > room and len(messages) > first + 1:
        del messages[first : first + 2 if len(messages) > first + 2 else first + 1]
        ids = _render(tokenizer, messages, name)
    while len(ids) > room:
        last = messages[-1]["content"]
        share = room / len(ids)
        keep = min(len(last) - 1, int(len(last) * share * 0.95))
        if keep < 1:
            raise InvalidInput("too_long", received=len(last), most=room)
        messages[-1]["content"] = last[-keep:]
        ids = _render(tokenizer, messages, name)
    return Prompt(tuple(ids), len(whole) - len(ids))


def _render(tokenizer: Any, messages: list[dict[str, str]], name: str) -> list[int]:
    """The chat template filled in; control words inside a content become marks first, then ordinary letters."""
    controls = sorted({token for token in tokenizer.all_special_tokens if token}, key=len, reverse=True)
    controls += [str(token) for token in tokenizer.added_tokens_decoder.values() if str(token) not in controls]
    pattern = re.compile("|".join(map(re.escape, controls)) or "(?!)")
    marked, typed = [], list[str]()

    def mark(found: re.Match[str]) -> str:
        typed.append(found[0])
        return f"\ue000{len(typed) - 1}\ue001"

    for message in messages:
        content = re.sub("[\ue000\ue001]", "", message["content"])
        marked.append(message | {"content": pattern.sub(mark, content)})
    text = _filled(tokenizer, marked, name)
    ids: list[int] = []
    for number, part in enumerate(re.split("\ue000(\\d+)\ue001", text)):
        typed_here = number % 2 == 1
        words = typed[int(part)] if typed_here else part
        ids += tokenizer(words, add_special_tokens=False, split_special_tokens=typed_here, verbose=False)["input_ids"]
    return ids


def _filled(tokenizer: Any, messages: list[dict[str, str]], name: str) -> str:
    """The template with the messages as they are; where it refuses them, with neighbours of one role joined; at last,
    with what stands before the first user's turn at the head of that turn."""
    from jinja2 import TemplateError

    reason = ""
    for turns in (messages, _joined(messages), _joined(_user_first(messages))):
        try:
            return str(
                tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, enable_thinking=False)
            )
        except TemplateError as error:
            reason = str(error)
    raise InvalidInput("template_refuses", name=name, reason=shown(reason))


def _joined(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    turns: list[dict[str, str]] = []
    for message in messages:
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1] = message | {"content": f"{turns[-1]['content']}\n\n{message['content']}"}
        else:
            turns.append(message)
    return turns


def _user_first(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    first = next((i for i, message in enumerate(messages) if message["role"] == "user"), len(messages))
    opening = [message | {"role": "user"} for message in messages[:first]]
    later = [message | {"role": "user"} if message["role"] == "system" else message for message in messages[first:]]
    return [*opening, *later]

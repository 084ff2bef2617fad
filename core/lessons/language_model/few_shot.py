"""How a base model is made to answer: examples of question and answer are written before the question.

A base model continues a text and does nothing else. After a few pairs the likeliest continuation is one more answer
(Brown et al. 2020, "Language models are few-shot learners"). Left out: teaching it to chat (instruction tuning).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.errors import InvalidInput
from core.lessons.language_model import choices
from core.llm.prompts import conversation, readable

MARKS = {"ko": ("질문: ", "답: "), "en": ("Question: ", "Answer: ")}
KEPT = 4  # pairs of the conversation that are written as examples, too
STOP = "\n"  # an answer is one line


def prompt(examples: str, turns: Sequence[Mapping[str, str]], language: str) -> str:
    """The text that the model continues: the examples, the last pairs of the talk, the question, an open answer.

    Args:
        examples: as the learner left them; may be empty (the model then has nothing to go by).
        turns: {"role", "content"}; the last one is the question.

    Raises InvalidInput for an empty question, or examples of more than ``choices.MOST_EXAMPLES`` letters.

    >>> print(prompt("", [{"role": "user", "content": "Why?"}], "en"))
    Question: Why?
    Answer:
    """
    if len(examples) > choices.MOST_EXAMPLES:
        raise InvalidInput("too_long", received=len(examples), most=choices.MOST_EXAMPLES)
    asks, says = MARKS["ko" if language == "ko" else "en"]
    talk = conversation(turns)
    lines = [asks + line(readable(talk[-1]["content"])), says.rstrip()]
    pairs = [
        asks + line(first["content"]) + "\n" + says + line(second["content"])
        for first, second in zip(talk, talk[1:], strict=False)
        if (first["role"], second["role"]) == ("user", "assistant") and second["content"].strip()
    ]
    return "\n\n".join([*filter(None, [examples.strip()]), *pairs[-KEPT:], "\n".join(lines)])


def line(text: str) -> str:
    """A message on one line: a line end is what ends an answer."""
    return re.sub(r"\s+", " ", text).strip()

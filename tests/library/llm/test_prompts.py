"""Chat templates that refuse what people write: a system turn, two user turns, a greeting first. Oracle: the template."""

from __future__ import annotations

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from core.errors import InvalidInput
from core.llm import prompts

ALTERNATE = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
)
MISTRAL = (
    ALTERNATE + "{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ m['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    + ALTERNATE
    + "{{ '<start>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' + m['content'] | trim + '<end>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start>model\n' }}{% endif %}"
)
TALKS = [
    (("system", "Be brief."), ("user", "hi")),
    (("user", "hi"), ("user", "there?")),
    (("assistant", "Hello!"), ("user", "hi")),
    (
        ("system", "Be brief."),
        ("assistant", "Hello!"),
        ("user", "hi"),
        ("assistant", "yes?"),
        ("user", "one"),
        ("user", "two"),
    ),
    (("user", "hi"), ("assistant", "yes?"), ("system", "Be brief."), ("user", "one")),
    (("system", "Be brief."),),
]


def tokenizer(template: str) -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.add_special_tokens([AddedToken("</s>", special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="</s>", chat_template=template)


@pytest.mark.parametrize("template", [MISTRAL, GEMMA])
@pytest.mark.parametrize("talk", TALKS)
def test_turns_are_joined_where_a_template_takes_no_others(template: str, talk: tuple[tuple[str, str], ...]) -> None:
    made = tokenizer(template)
    text = made.decode(prompts.encode(made, [{"role": r, "content": c} for r, c in talk], 1000).ids)
    places = [text.find(content) for _, content in talk]
    assert -1 not in places and places == sorted(places), "every word is there, in its order"


def test_a_template_that_takes_the_turns_gets_them_as_they_are() -> None:
    made = tokenizer(MISTRAL)
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    assert made.decode(prompts.encode(made, talk, 1000).ids) == "[INST] a [/INST]b</s>[INST] c [/INST]"
    joined = [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}]
    assert made.decode(prompts.encode(made, joined, 1000).ids) == "[INST] s\n\na [/INST]"


def test_a_template_that_takes_nothing_is_told() -> None:
    with pytest.raises(InvalidInput, match="of tiny refuses these messages: no such talk"):
        prompts.encode(
            tokenizer("{{ raise_exception('no such talk') }}"), [{"role": "user", "content": "a"}], 99, "tiny"
        )

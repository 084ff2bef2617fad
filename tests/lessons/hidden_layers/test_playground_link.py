"""The page reads and writes links of TensorFlow Playground; the core's reading has tests of its own beside this."""

from __future__ import annotations

import re

import pytest

from core.lessons.hidden_layers import tensorflow_playground as theirs
from demos.hidden_layers import controls as ctl
from demos.hidden_layers import playground_link
from demos.hidden_layers.controls import FORM

LINK = theirs.ADDRESS + "#dataset=xor&networkShape=3,2&learningRate=0.1&activation=relu&xTimesY=true&seed=0.00007"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_pasted_link_sets_the_page_and_comes_back(lang: str) -> None:
    answer = playground_link.on_link(lang, LINK, 1.0, 2.0, FORM.values(dropout=0.5))
    form = FORM.values(**{name: answer[name] for name in ctl.SETTINGS.names if name in answer})
    config = ctl.chosen(form).config
    assert config == theirs.read(LINK).config and config.dropout == 0
    assert answer["here"].play.config == config and answer["box2"]["visible"] and not answer["box3"]["visible"]
    made = playground_link.on_make(lang, form)
    assert theirs.read(made["link"]).config == config and made["link"] in made["link_said"]


def test_what_the_page_cannot_say_is_told() -> None:
    link = LINK + "&regularization=L2&regularizationRate=0.003&discretize=true&cosX=true"
    answer = playground_link.on_link("en", link, 1.0, 2.0, FORM.values())
    assert answer["l2"] == 0.001 and "0.0015 is not on this page; the nearest, 0.001, is set" in answer["link_said"]
    assert len(re.findall("^- ", answer["link_said"], re.MULTILINE)) == 4  # two notes, the rate, the other dice


@pytest.mark.parametrize("link", ["", "hello", "https://playground.tensorflow.org/", LINK + "&networkShape=99"])
def test_another_text_is_told_in_a_sentence(link: str) -> None:
    import gradio as gr

    with pytest.raises(gr.Error):
        playground_link.on_link("ko", link, 1.0, 2.0, FORM.values())

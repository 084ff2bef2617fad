"""Links of TensorFlow Playground: read as their keys say (its state.ts), written back, told where they differ."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlparse

import pytest

from core.errors import InvalidInput
from core.lessons.hidden_layers import tensorflow_playground as theirs
from core.lessons.hidden_layers.config import PlaygroundConfig
from core.lessons.hidden_layers.playground import PRESETS, Playground

COPIED = (  # as its address bar shows it
    "https://playground.tensorflow.org/#activation=relu&regularization=L2&batchSize=17&dataset=spiral&regDataset=reg-gauss"
    "&learningRate=0.01&regularizationRate=0.003&noise=15&networkShape=8,6,2&seed=0.59857&showTestData=true&discretize=true"
    "&percTrainData=70&x=true&y=false&xTimesY=true&xSquared=false&ySquared=true&cosX=true&sinX=true&cosY=false&sinY=false"
    "&collectStats=false&problem=classification&initZero=false&hideText=false"
)


def test_every_setting_of_a_copied_link_arrives() -> None:
    found = theirs.read(COPIED)
    assert found.config == PlaygroundConfig(
        data="spiral", noise=15, train_ratio=70, features=("x1", "x2²", "x1·x2", "sin x1"),
        hidden=((8, "relu"), (6, "relu"), (2, "relu")), l2=0.0015, batch_size=17, learning_rate=0.01, optimizer="sgd",
        loss="mse", seed=59857,
    )  # fmt: skip
    assert found.notes == ("cos_features", "discretised")
    Playground(found.config).train(1)


def test_a_bare_link_is_playgrounds_own_first_page() -> None:
    config = theirs.read(theirs.ADDRESS + "#problem=classification").config
    assert (config.data, config.hidden, config.features) == ("circle", ((4, "tanh"), (2, "tanh")), ("x1", "x2"))
    field = theirs.read(theirs.ADDRESS + "#problem=regression&regDataset=reg-gauss&networkShape=").config
    assert (field.data, field.task, field.hidden) == ("gauss_field", "regression", ())


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_written_is_read_back(name: str) -> None:
    config = replace(PRESETS[name], optimizer="sgd", loss="mse", samples=500, epochs=300, seed=12345)
    written = theirs.write(config)
    assert theirs.read(written.link).config == config and written.notes == ()
    keys = parse_qs(urlparse(written.link).fragment)
    assert set(keys) <= {part.partition("=")[0] for part in COPIED.partition("#")[2].split("&")}


def test_what_a_link_cannot_say_is_noted() -> None:
    config = PlaygroundConfig(
        data="moons", hidden=((4, "gelu"), (2, "relu")), l1=0.1, l2=0.1, dropout=0.5, optimizer="adam", samples=200
    )
    assert theirs.write(config).notes == (
        "optimizer", "activations", "activation", "dropout", "cross_entropy", "both_penalties", "data", "samples",
    )  # fmt: skip
    own = PlaygroundConfig(points=((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    assert "own_points" in theirs.write(own).notes


@pytest.mark.parametrize(
    "link",
    [
        "", "https://playground.tensorflow.org/", "https://example.com/#a=b", "#" + "x" * 3000, None,
        COPIED.replace("batchSize=17", "batchSize=many"), COPIED.replace("8,6,2", "8,x"), COPIED.replace("8,6,2", "99"),
        COPIED.replace("spiral", "<b>"), COPIED.replace("relu", "maxout"), COPIED.replace("0.01", "1e999"),
    ],
)  # fmt: skip
def test_garbage_is_one_sentence(link: str) -> None:
    with pytest.raises(InvalidInput):
        theirs.read(link)

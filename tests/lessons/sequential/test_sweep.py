"""A sample of benchmarks/keras_sweep.py: programs of the code panel, run against real Keras and as plain PyTorch."""

import itertools
from collections.abc import Iterator

import pytest

from benchmarks import keras_sweep
from core.lessons.sequential.lab import Lab

SAMPLE = (
    37,
    1480,
    3811,
    8991,
    11285,
    14097,
)  # regression, flat targets, one and two outputs, ties at the end, many classes


@pytest.fixture
def in_float64() -> Iterator[None]:
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


@pytest.mark.parametrize("number", SAMPLE)
def test_a_program_gives_the_lessons_numbers(number: int, in_float64: None) -> None:
    lab = next(
        found for spec in itertools.islice(keras_sweep.specs(), number, None) if (found := keras_sweep.allowed(spec))
    )
    assert isinstance(lab, Lab) and (keras_sweep.differences(lab) == [] or keras_sweep.clips(lab))

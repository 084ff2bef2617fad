"""The tiny GPT: nothing looks ahead, torch's own block agrees, it can learn by heart, and a seed repeats a run."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.errors import CoreError
from core.events import Done, drain
from core.language.alphabet import UNKNOWN, Alphabet, GPTConfig, clean
from core.language.attention import attend
from core.language.tiny_gpt import Block, TinyGPT
from core.language.tiny_gpt_training import GPTRun, GPTSample, GPTStep, windows

SMALL = GPTConfig(layers=2, heads=2, width=16, context=8, batch=8)
TEXT = "동해 물과 백두산이 마르고 닳도록\n" * 30


@pytest.fixture
def model() -> TinyGPT:
    return TinyGPT(Alphabet(TEXT), SMALL).eval()


def test_a_later_letter_never_changes_an_earlier_logit(model: TinyGPT) -> None:
    one = torch.tensor([model.alphabet.encode("동해 물과 백두")])
    for place in range(1, one.shape[1]):
        other = one.clone()
        other[0, place] = (one[0, place] + 1) % len(model.alphabet.letters)
        same = model(one)[0] == model(other)[0]
        assert same[:place].all() and not same[place:].all(dim=1).any()


def test_a_block_equals_torchs_own_encoder_layer() -> None:
    torch.manual_seed(0)
    ours = Block(16, 4)
    theirs = torch.nn.TransformerEncoderLayer(
        16, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    pairs = {
        "self_attn.in_proj_weight": ours.qkv.weight,
        "self_attn.in_proj_bias": ours.qkv.bias,
        "self_attn.out_proj.weight": ours.out.weight,
        "self_attn.out_proj.bias": ours.out.bias,
        **{f"linear1.{n}": w for n, w in ours.up.named_parameters()},
        **{f"linear2.{n}": w for n, w in ours.down.named_parameters()},
        **{f"norm1.{n}": w for n, w in ours.norm1.named_parameters()},
        **{f"norm2.{n}": w for n, w in ours.norm2.named_parameters()},
    }
    theirs.load_state_dict(pairs)
    x = torch.randn(3, 7, 16)
    future = torch.ones(7, 7, dtype=torch.bool).triu(1)
    torch.testing.assert_close(ours(x), theirs(x, src_mask=future), atol=1e-5, rtol=1e-4)


def test_it_starts_knowing_nothing_and_can_learn_a_text_by_heart() -> None:
    run = GPTRun(TEXT, GPTConfig(layers=2, heads=4, width=32, context=24, batch=16))
    events = list(run.steps(250, every=0.0, sample_every=1e9, prompt="동해", temperature=0.0))
    steps = [event for event in events if isinstance(event, GPTStep)]
    assert steps[0].loss == pytest.approx(math.log(len(run.model.alphabet.letters)), abs=0.3)
    assert steps[-1].loss < 0.1
    assert "".join(x.text for x in run.model.write("동해 물", 14, temperature=0.0)) == "과 백두산이 마르고 닳도록"


def test_the_stream_keeps_its_contract_and_goes_on_after_a_stop() -> None:
    run = GPTRun(TEXT, SMALL)
    events = list(run.steps(12, every=0.0))
    assert isinstance(events[0], GPTSample) and events[0].update == 0
    assert sum(isinstance(event, Done) for event in events) == 1 and isinstance(events[-1], Done)
    assert isinstance(events[-2], GPTSample) and events[-2].update == 12
    again = list(run.steps(5, every=0.0))
    assert run.update == 17 and not isinstance(again[0], GPTSample)
    whole = GPTRun(TEXT, SMALL)
    drain(whole.steps(17, every=0.0, sample_every=1e9))
    assert [loss for _, loss in whole.losses] == [loss for _, loss in run.losses], "a stop changes nothing"


def test_a_deadline_stops_and_says_so() -> None:
    *_, done = GPTRun(TEXT, SMALL).steps(100_000, deadline=0.05)
    assert done.stopped == "deadline" and 0 < done.result.update < 100_000


def test_global_seeds_are_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.get_rng_state()
    drain(GPTRun(TEXT, SMALL).steps(3))
    assert torch.equal(torch.get_rng_state(), expected)


def test_the_maps_are_those_of_attention_by_hand(model: TinyGPT) -> None:
    inside = model.look("백두산이")
    assert inside.letters == ("백", "두", "산", "이") and inside.maps.shape == (2, 2, 4, 4)
    for layer in range(2):
        for head in range(2):
            q, k, v = (part[layer, head] for part in (inside.q, inside.k, inside.v))
            trace = attend(q, k, v, causal=True)
            np.testing.assert_allclose(trace.weights, inside.maps[layer, head], atol=1e-6)
            assert trace.difference < 1e-6
    assert sum(p for _, p in inside.following) <= 1 + 1e-5


def test_letters_are_whole_and_strangers_are_told() -> None:
    alphabet = Alphabet("가나다\n")
    assert alphabet.encode(clean("가")) == alphabet.encode("가"), "a syllable in pieces is the same letter"
    assert alphabet.encode("가😀") == [2, 0] and alphabet.decode([0]) == UNKNOWN
    assert clean("a\r\nb\x00\ud800c\td") == "a\nbc d"
    model = TinyGPT(alphabet, SMALL)
    assert UNKNOWN not in "".join(letter.text for letter in model.write("😀", 200, temperature=10.0))


def test_writing_repeats_with_its_seed_and_obeys_the_temperature(model: TinyGPT) -> None:
    def write(**how: float) -> str:
        return "".join(letter.text for letter in model.write("동해", 40, **how))  # type: ignore[arg-type]

    assert write(seed=1) == write(seed=1) != write(seed=2)
    assert write(temperature=0.0, seed=1) == write(temperature=0.0, seed=2)
    letter = next(model.write("동해", 1))
    assert letter.alternatives[0][1] >= letter.probability >= 0


def test_windows_are_shifted_by_one_letter() -> None:
    x, y = windows(torch.arange(100), SMALL, torch.Generator().manual_seed(0))
    assert x.shape == (8, 8) and torch.equal(x + 1, y)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: GPTConfig(width=65), "not_one_of"),
        (lambda: GPTConfig(layers=99, learning_rate=float("nan")), "several"),
        (lambda: GPTRun("", SMALL), "text_too_short"),
        (lambda: GPTRun(" \n" * 500, SMALL), "text_too_short"),
        (lambda: GPTRun("가" * 400_001, SMALL), "too_many"),
        (lambda: next(GPTRun(TEXT, SMALL).steps(0)), "out_of_range"),
        (lambda: next(GPTRun(TEXT, SMALL).steps(5, temperature=float("inf"))), "not_finite"),
        (
            lambda: drain(GPTRun(TEXT, GPTConfig(1, 1, 8, 8, learning_rate=1.0)).steps(1, prompt="x" * 500)) and 1 / 0,
            None,
        ),
        (lambda: TinyGPT(Alphabet(TEXT), SMALL).look(""), "empty"),
    ],
)
def test_wrong_use_is_explained(make: object, code: str | None) -> None:
    with pytest.raises(CoreError if code else ZeroDivisionError) as caught:
        make()  # type: ignore[operator]
    assert code is None or caught.value.code == code  # type: ignore[attr-defined]

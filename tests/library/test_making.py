"""While one visitor opens a checkpoint, another's new network has its own weights all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core import runtime
from core.diffusion.point_diffusion import PointDiffusion
from core.language.alphabet import Alphabet, GPTConfig
from core.language.tiny_gpt import TinyGPT
from core.lessons.activations.side_by_side import NetsConfig, SmallNet
from core.lessons.backpropagation.vanishing import DeepConfig, DeepNet
from core.lessons.epochs.run import EpochsConfig, _network
from core.mlp.activations import ACTIVATIONS
from core.mlp.sequential import Dense, Sequential
from core.speech.word_net import WordNet
from core.vision.layers import CnnConfig, build
from core.vision.own_classes import _head
from core.vision.torchvision_models import empty


def dense() -> Any:
    model = Sequential([Dense(3, activation="relu"), Dense(1)], seed=0)
    model.build((None, 2))
    return model.module


MAKERS: dict[str, Callable[[], nn.Module]] = {
    "activations": lambda: SmallNet(next(iter(ACTIVATIONS.values())), NetsConfig()),
    "cnn": lambda: build(CnnConfig(num_classes=3, filters=(4, 4)), (1, 8, 8), torch.zeros(1), torch.ones(1)),
    "epochs": lambda: _network(EpochsConfig(hidden=4)),
    "own head": lambda: _head(4, 2),
    "points": lambda: PointDiffusion().module,
    "sequential": dense,
    "tiny gpt": lambda: TinyGPT(Alphabet("abc"), GPTConfig()),
    "torchvision": lambda: empty("squeezenet1_1").module,
    "vanishing": lambda: DeepNet(DeepConfig(depth=3)),
    "words": lambda: WordNet(3),
}


@contextmanager
def a_checkpoint_is_opened(seconds: float = 0.4) -> Iterator[None]:
    """What diffusers does in another thread: new layers stay unfilled and go to the meta device, for all threads."""
    from accelerate import init_empty_weights
    from diffusers.models.modeling_utils import no_init_weights

    begun = threading.Event()

    def opening() -> None:
        with runtime.MAKING, no_init_weights(), init_empty_weights():
            begun.set()
            threading.Event().wait(seconds)

    thread = threading.Thread(target=opening)
    thread.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("name", MAKERS)
def test_a_new_network_is_whole_while_a_checkpoint_is_opened(name: str) -> None:
    torch.manual_seed(0)
    expected = MAKERS[name]().state_dict()
    with a_checkpoint_is_opened():
        torch.manual_seed(0)
        made = MAKERS[name]().state_dict()
    assert made
    for key, value in made.items():
        assert value.device.type == "cpu", key
        torch.testing.assert_close(value, expected[key], rtol=0, atol=0, msg=key)


class Opened(Exception):
    pass


@pytest.mark.parametrize("kind", ["emoji pipeline", "emoji clip", "llm"])
def test_whoever_opens_a_checkpoint_keeps_others_from_making(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import diffusers
    import transformers

    def opens(*args: Any, **kwargs: Any) -> None:
        free: list[bool] = []
        other = threading.Thread(target=lambda: free.append(runtime.MAKING.acquire(blocking=False)))
        other.start()
        other.join()
        assert free == [False]
        raise Opened

    models = (transformers.AutoModel, transformers.AutoModelForCausalLM, transformers.CLIPVisionModel)
    for owner in (diffusers.StableDiffusionPipeline, *models):
        monkeypatch.setattr(owner, "from_pretrained", opens)
    with pytest.raises(Opened):
        if kind == "llm":
            from core.llm import language_model
            from core.pretrained import resolve

            sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
            config = transformers.LlamaConfig(**sizes, vocab_size=9)
            config.save_pretrained(tmp_path)
            (tmp_path / "tokenizer.json").write_text("{}")
            monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *a, **k: None)
            language_model._open(resolve.Located("tiny", tmp_path, "folder", "folder"), None)
        elif kind == "emoji clip":
            from core.multimodal.clip import ImageText

            ImageText.load("emoji")
        else:
            from core.diffusion import loading
            from core.pretrained import shipped

            loading.load(shipped.FOLDER / "emoji")

"""Teaches the word encoder to speak to the denoiser of `emoji`: the text encoder of its Stable Diffusion.

    nice -n 19 python -m recipes.emoji_text --folder DATA --old FOLDER     # after recipes.emoji_clip (its head)
    python -m recipes.emoji_text --folder DATA --export         # → core/weights/emoji/text_encoder and tokenizer

The denoiser had learnt to read an encoder that knew names only (FOLDER: text_encoder and tokenizer of an earlier
release). Training it anew costs hours; teaching a copy of the word encoder to say what the old one said costs minutes.
A text means an emoji (recipes.emoji_meanings; for words that no list names, the head's first answer), and the target is
what the old encoder said of the emoji's name in that language, state by state. Colour phrases aim at the old states of
the long colour word ("노란 사과" → "노란색 사과"). The token table stays, so both encoders share one. A linear layer takes
the 384 numbers of a state to the denoiser's 192: ``encoder_hid_proj``.
"""

from __future__ import annotations

import argparse
import json
import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertModel, CLIPTextModel, CLIPTokenizer

from core.multimodal.word_clip import Head
from recipes.emoji_clip import SPACE, WIDE
from recipes.emoji_meanings import meanings
from recipes.emoji_run import WEIGHTS, Run
from recipes.words import packed, short, trained, write
from recipes.words_corpus import coloured
from recipes.words_pieces import LONGEST

BATCH, LEARNING_RATE, STEPS = 96, 1e-3, 400
LONG = {
    "빨간": "빨간색", "빨강": "빨간색", "붉은": "빨간색", "새빨간": "빨간색", "주황": "주황색", "오렌지색": "주황색",
    "노란": "노란색", "노랑": "노란색", "샛노란": "노란색", "초록": "초록색", "녹색": "초록색", "파란": "파란색",
    "파랑": "파란색", "보라": "보라색", "자주색": "보라색", "밤색": "갈색", "검은": "검은색", "까만": "검은색", "검정": "검은색",
    "검정색": "검은색", "까만색": "검은색", "하얀": "흰색", "흰": "흰색", "하얀색": "흰색", "분홍": "분홍색", "핑크": "분홍색",
    "핑크색": "분홍색", "crimson": "red", "scarlet": "red", "golden": "yellow", "navy": "blue", "violet": "purple",
    "gray": "grey",
}  # fmt: skip


class Speaker(nn.Module):
    def __init__(self, reader: BertModel) -> None:
        super().__init__()
        self.reader, self.out = reader, nn.Linear(reader.config.hidden_size, 192)
        self.reader.embeddings.word_embeddings.weight.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        return self.out(self.reader(input_ids=ids, attention_mask=(ids != 1).long()).last_hidden_state)


def long_form(text: str) -> str:
    first, *rest = text.removeprefix("a ").split()
    return " ".join([LONG.get(first, first), *rest])


def korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def padded(ids: list[list[int]]) -> Tensor:
    return torch.tensor([row + [1] * (LONGEST - len(row)) for row in ids])


@torch.no_grad()
def said(old: Path, texts: list[str]) -> Tensor:
    """The old encoder's states, (N, LONGEST, 192)."""
    reader = CLIPTextModel.from_pretrained(old / "text_encoder", dtype=torch.float32).eval()
    cut = CLIPTokenizer.from_pretrained(old / "tokenizer")
    ids = cut(texts, padding="max_length", max_length=24, truncation=True, return_tensors="pt").input_ids
    return torch.cat([reader(part).last_hidden_state[:, :LONGEST] for part in ids.split(128)])


def train(folder: Path, old: Path, options: Namespace) -> Speaker:
    m, captions = meanings(folder), json.loads((folder / "captions.json").read_text("utf-8"))
    state = load_file(folder / "clip_head.safetensors")
    places, scale = state.pop("places"), state.pop("logit_scale")
    head = Head(m.vectors.shape[1], SPACE, WIDE)
    head.load_state_dict(state)
    with torch.no_grad():
        guess = (scale.exp() * F.normalize(head(m.vectors[m.named :]), dim=-1) @ places.T).softmax(-1)
    best, which = guess.max(1)
    emoji = torch.cat([m.means[: m.named].argmax(1), which]).numpy()
    sharp = m.means[: m.named].max(1).values.numpy()
    weight = np.concatenate([0.3 + 0.7 * sharp, 0.8 * m.often[m.named :] * (0.2 + 0.8 * best.numpy())])
    weight[: m.named] = np.where(m.often[: m.named] == 2, 2.0, weight[: m.named])
    weight[m.labels] = 6.0
    weight = np.where(weight > 0.1, weight, 0) / weight[weight > 0.1].sum()
    names = [said(old, [row[language]["label"] for row in captions]) for language in ("en", "ko")]
    phrases = [text for language in ("ko", "en") for text in coloured(language) if text not in set(m.texts[: m.named])]
    shades, nothing = said(old, [long_form(text) for text in phrases]), said(old, [""])
    spread = torch.cat(names).var(0).mean()
    tongue = np.array([korean(text) for text in m.texts], int)
    ids, colour_ids = short(m.tokens, m.texts), short(m.tokens, phrases)
    model = Speaker(trained(folder))
    inner = lambda name: "layer." in name and "LayerNorm" not in name  # noqa: E731
    run = Run("text", model, options, LEARNING_RATE, weight_decay=0.0, average=0.98, warmup=20, matrices=inner)
    random, both = np.random.default_rng(run.step), torch.stack(names)
    for _ in run:
        a, b = random.choice(len(ids), BATCH, p=weight), random.choice(len(colour_ids), BATCH // 6)
        x = padded([*(ids[k] for k in a), *(colour_ids[k] for k in b), [0, 2], [0, 2]])
        y = torch.cat([both[tongue[a], emoji[a]], shades[b], nothing.expand(2, -1, -1)])
        run.update((model(x) - y).square().mean() / spread)
    return run.averaged


def export(folder: Path) -> None:
    model = Speaker(trained(folder))
    model.load_state_dict(load_file(folder / "checkpoint_text" / "averaged.safetensors"))
    write(packed(model.reader), WEIGHTS / "text_encoder", with_table=True)
    shutil.copytree(folder / "tokenizer", WEIGHTS / "tokenizer", dirs_exist_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--old", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--export", action="store_true")
    options = parser.parse_args()
    options.smoke = False
    torch.set_num_threads(options.threads)
    if options.export:
        export(options.folder)
    else:
        train(options.folder, options.old, options)


if __name__ == "__main__":
    main()

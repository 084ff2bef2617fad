"""Trains the tokenizer and the small CLIP of `emoji`: two towers, contrastive. The text tower then conditions the UNet.

    nice -n 19 python -m recipes.emoji_clip --folder DATA        # after recipes.emoji_data; see LOG.md for costs

Byte-level BPE of 4,000 pieces over the captions of both languages; at most 24 tokens (the longest label has 12).
Pictures are mirrored, shifted, and shown on a slightly changed white, so that the image tower reads drawings, too.
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from core import runtime
from core.multimodal.clip import contrastive_loss
from recipes.emoji_run import Data, Run, arguments, caption, continue_from, load_data, to_tensor

PIECES, LONGEST = 4000, 24
WIDTH, LAYERS, HEADS, SPACE = 192, 3, 4, 128
BATCH, LEARNING_RATE, STEPS = 192, 1e-3, 1000
LEAST_FOUND = 0.9  # share of labels that find their own picture among all, first 5


def tokenizer(data: Data) -> CLIPTokenizer:
    """CLIP's own kind (lower case, byte-level BPE, word ends marked), learnt on these captions."""
    empty = CLIPTokenizer().backend_tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    learner.normalizer, learner.pre_tokenizer = empty.normalizer, empty.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        special_tokens=["<|startoftext|>", "<|endoftext|>"],
        show_progress=False,
    )
    words = (row[language] for row in data.captions for language in ("ko", "en"))
    learner.train_from_iterator((text for word in words for text in [word["label"]] * 3 + word["tags"]), trainer)
    learnt = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learnt["merges"]]
    return CLIPTokenizer(vocab=learnt["vocab"], merges=merges, model_max_length=LONGEST)


def clip(pieces: int) -> CLIPModel:
    tower = {"hidden_size": WIDTH, "intermediate_size": 4 * WIDTH, "num_attention_heads": HEADS}
    text = {
        **tower, "num_hidden_layers": LAYERS, "vocab_size": pieces, "max_position_embeddings": LONGEST,
        "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1,
    }  # fmt: skip
    vision = {**tower, "num_hidden_layers": LAYERS + 1, "image_size": 64, "patch_size": 16}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=SPACE))


def processor() -> CLIPImageProcessor:
    size = {"height": 64, "width": 64}
    half = [0.5] * 3
    return CLIPImageProcessor(do_center_crop=False, size=size, image_mean=half, image_std=half)


def augment(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror half of the pictures; move and scale each a little; change contrast and add a little noise."""
    count = len(x)
    theta = torch.zeros(count, 2, 3)
    scale = 1 + 0.25 * torch.rand(count, generator=generator)
    theta[:, 0, 0] = scale * torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    theta[:, 1, 1] = scale
    theta[:, :, 2] = 0.2 * torch.rand(count, 2, generator=generator) - 0.1
    grid = torch.nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(x - 1, grid, align_corners=False) + 1  # what comes in from outside is white
    contrast = 1 - 0.15 * torch.rand(count, 1, 1, 1, generator=generator)
    return moved * contrast + 0.03 * torch.randn(x.shape, generator=generator)


@torch.no_grad()
def found(model: CLIPModel, x: torch.Tensor, sentences: dict[str, torch.Tensor]) -> float:
    """Share of sentences whose own picture is among the five nearest of all."""
    model.eval()
    images = torch.cat([model.get_image_features(part).pooler_output for part in x.split(128)])
    texts = model.get_text_features(**sentences).pooler_output
    nearest = (texts @ torch.nn.functional.normalize(images, dim=-1).T).topk(min(5, len(x))).indices
    model.train()
    return float((nearest == torch.arange(len(x))[:, None]).any(1).float().mean())


def train(folder: Path, options: Namespace) -> CLIPModel:
    data = load_data(folder, options.smoke)
    x = to_tensor(data.pictures)
    place = folder / "clip"
    tokens = CLIPTokenizer.from_pretrained(place) if (place / "tokenizer.json").exists() else tokenizer(data)
    if not options.smoke:
        tokens.save_pretrained(place)
    torch.manual_seed(0)
    model = clip(len(tokens))
    model.set_attn_implementation("eager")  # half the time: the backward of torch's flash attention is slow on CPUs
    continue_from(model, "clip", folder / "checkpoint_clip")
    run = Run("clip", model, options, LEARNING_RATE, weight_decay=0.1, average=0.99, warmup=50, save_minutes=2)
    random, generator = np.random.default_rng(run.step), runtime.generator(run.step)
    batch = min(BATCH, len(x))
    for _ in run:
        rows = random.choice(len(x), batch, replace=False)
        words = [data.captions[row][("ko", "en")[random.integers(2)]] for row in rows]
        ids = tokens([caption(word, random) for word in words], padding=True, truncation=True, return_tensors="pt")
        with runtime.autocast():
            out = model(input_ids=ids.input_ids, pixel_values=augment(x[rows], generator))
        run.update(contrastive_loss(out.image_embeds.float(), out.text_embeds.float(), model.logit_scale.exp()))
        with torch.no_grad():
            model.logit_scale.clamp_(max=4.6)
    for language in ("ko", "en"):
        labels = [row[language]["label"] for row in data.captions]
        ids = tokens(labels, padding=True, truncation=True, return_tensors="pt")
        share = found(run.averaged, x, {"input_ids": ids.input_ids})
        print(f"{language}: {share:.1%} of labels find their picture in the first 5 of {len(x)}", flush=True)
    return run.averaged


def main() -> None:
    options = arguments(__doc__, STEPS)
    model = train(options.folder, options)
    if not options.smoke:
        place = options.folder / "clip"
        model.save_pretrained(place, max_shard_size="9MB")
        processor().save_pretrained(place)
        model.text_model.save_pretrained(options.folder / "text_encoder", max_shard_size="9MB")


if __name__ == "__main__":
    main()

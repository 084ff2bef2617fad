"""Trains the denoiser of `emoji` and puts all parts together as one Stable Diffusion in diffusers' folder layout.

    nice -n 19 python -m recipes.emoji_unet --folder DATA        # after emoji_vae and emoji_clip; see LOG.md for costs
    python -m recipes.emoji_unet --folder DATA --export     # the averaged weights so far → DATA/emoji, half precision

UNet2DConditionModel on 8x8 latents of 16 numbers, v-prediction, Stable Diffusion's noise schedule rescaled to end in
pure noise (Lin et al. 2024, arXiv:2305.08891), one caption in ten left out for guidance. Times of a batch are spread evenly.
"""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from core import runtime
from core.diffusion.point_diffusion import noised, velocity
from core.diffusion.preview import FILE
from recipes.emoji_run import WEIGHTS, Run, arguments, caption, continue_from, load_data, to_tensor
from recipes.emoji_vae import autoencoder

WIDTHS, HEADS = (128, 256), 4
BATCH, LEARNING_RATE, STEPS = 48, 6e-4, 20_000
UNCONDITIONAL = 0.1
EARLY = 0.5  # below 1: more of the noisy times, which decide what the picture shows


def unet(latent: int, text: int) -> UNet2DConditionModel:
    model = UNet2DConditionModel(
        sample_size=8,
        in_channels=latent,
        out_channels=latent,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=text,
        attention_head_dim=HEADS,  # in this class: the number of heads
        resnet_time_scale_shift="scale_shift",
        use_linear_projection=True,
    )
    model.set_attn_processor(AttnProcessor())  # the backward of torch's flash attention is slow on CPUs
    return model.to(memory_format=torch.channels_last)


def inside(name: str) -> bool:
    return not name.startswith(("conv_in", "conv_out"))


def scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        steps_offset=1,
        set_alpha_to_one=True,
    )


def parts(folder: Path, smoke: bool) -> tuple[AutoencoderTiny, CLIPTextModel, CLIPTokenizer]:
    """The autoencoder in training; text encoder and tokenizer as they ship: trained with an earlier CLIP, see LOG.md."""
    vae = autoencoder() if smoke else AutoencoderTiny.from_pretrained(folder / "vae")
    reader = CLIPTextModel.from_pretrained(WEIGHTS / "text_encoder", dtype=torch.float32)
    return vae, reader.eval(), CLIPTokenizer.from_pretrained(WEIGHTS / "tokenizer")


@torch.no_grad()
def encode(vae: AutoencoderTiny, x: torch.Tensor) -> torch.Tensor:
    return torch.cat([vae.encode(part).latents for part in x.split(64)])  # (N, 16, 8, 8)


def train(folder: Path, options: Namespace) -> UNet2DConditionModel:
    data = load_data(folder, options.smoke)
    vae, reader, tokens = parts(folder, data, options.smoke)
    latents = encode(vae, to_tensor(data.pictures))
    latents /= latents.std()
    kept = scheduler().alphas_cumprod  # (1000,)
    torch.manual_seed(0)
    model = unet(latents.shape[1], reader.config.hidden_size)
    continue_from(model, "unet", folder / "checkpoint_unet")
    run = Run("unet", model, options, LEARNING_RATE, average=0.998, warmup=100, matrices=inside)
    random, generator = np.random.default_rng(run.step), runtime.generator(run.step)
    order = np.empty(0, dtype=int)
    for _ in run:
        if len(order) < BATCH:
            order = np.concatenate([order, random.permutation(len(latents))])
        rows, order = order[:BATCH], order[BATCH:]
        words = [data.captions[row][("ko", "en")[random.integers(2)]] for row in rows]
        texts = ["" if random.random() < UNCONDITIONAL else caption(word, random, label=0.7) for word in words]
        ids = tokens(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        x = latents[rows].contiguous(memory_format=torch.channels_last)  # (B, 16, 8, 8)
        spread = torch.rand(1, generator=generator) + torch.arange(len(x)) / len(x)
        times = ((spread % 1) ** EARLY * len(kept)).long()
        noise = torch.randn(x.shape, generator=generator)
        with runtime.autocast():
            with torch.no_grad():
                meaning = reader(ids).last_hidden_state  # (B, 24, 192)
            answer = model(noised(x, noise, kept[times]), times, meaning).sample
        run.update((answer.float() - velocity(x, noise, kept[times])).square().mean())
    return run.averaged


def plain(config: Path) -> None:
    """Leave out where the part lay on this machine, and a word AutoencoderTiny writes but does not read."""
    values = json.loads(config.read_text())
    kept = {key: value for key, value in values.items() if key != "_name_or_path"}
    if values.get("_class_name") == "AutoencoderTiny":
        kept.pop("block_out_channels", None)
    config.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def export(folder: Path) -> None:
    """The averaged weights of all parts → ``DATA/emoji``, a folder StableDiffusionPipeline loads."""
    data, out = load_data(folder, smoke=False), folder / "emoji"
    vae, reader, tokens = parts(folder, data, smoke=False)
    model = unet(vae.config.latent_channels, reader.config.hidden_size)
    model.load_state_dict(load_file(folder / "checkpoint_unet" / "averaged.safetensors"))
    vae.register_to_config(scaling_factor=float(1 / encode(vae, to_tensor(data.pictures)).std()))
    pipeline = StableDiffusionPipeline(
        vae,
        reader,
        tokens,
        model,
        scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).to(dtype=torch.float16)
    shutil.rmtree(out, ignore_errors=True)
    pipeline.save_pretrained(out, max_shard_size="9MB")
    for config in out.glob("*/config.json"):
        plain(config)
    if (WEIGHTS / FILE).is_file():  # fits as long as the autoencoder is the same; see emoji_preview
        shutil.copy(WEIGHTS / FILE, out)
    print(json.loads((folder / "checkpoint_unet" / "state.json").read_text()))
    print(f"{sum(file.stat().st_size for file in out.rglob('*.*')) / 1e6:.1f} MB in {out}")


def main() -> None:
    options = arguments(__doc__, STEPS)
    if options.export:
        export(options.folder)
    else:
        train(options.folder, options)


if __name__ == "__main__":
    main()

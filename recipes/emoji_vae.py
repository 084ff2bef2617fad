"""Trains the autoencoder of `emoji`: 64x64 pictures ↔ 8x8 latents of 16 numbers (AutoencoderTiny, as in TAESD).

    nice -n 19 python -m recipes.emoji_vae --folder DATA        # after recipes.emoji_data; see LOG.md for costs

Loss: L1 + L1 of horizontal and vertical differences (edges) + a pull of each latent channel to mean 0, deviation 1.
The decoder sees latents with noise of deviation 0.1 added, for the denoiser's answers will not be exact either.
Full resolution is linear (no blocks there): four fifths of the arithmetic would go to it and buy little.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import torch
from diffusers import AutoencoderTiny

from core import runtime
from recipes.emoji_run import Run, arguments, continue_from, load_data, to_tensor

WIDTH, LATENT, BATCH = 48, 16, 32
LEARNING_RATE, STEPS = 1e-3, 2400
NOISE = 0.1
LEAST_PSNR = 27.0  # dB; below it the weights are not worth shipping


def autoencoder() -> AutoencoderTiny:
    return AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 4,
        decoder_block_out_channels=(WIDTH,) * 4,
        num_encoder_blocks=(0, 2, 3, 3),
        num_decoder_blocks=(3, 3, 2, 0),
        latent_channels=LATENT,
    )


def edges(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    error = x - y
    return error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


@torch.no_grad()
def psnr(model: AutoencoderTiny, x: torch.Tensor) -> float:
    """Mean peak signal-to-noise ratio over the pictures, dB."""
    errors = [(model(part).sample.clamp(-1, 1) - part).square().mean((1, 2, 3)) for part in x.split(64)]
    return float((10 * torch.log10(4 / torch.cat(errors))).mean())


def train(folder: Path, options: Namespace) -> AutoencoderTiny:
    x = to_tensor(load_data(folder, options.smoke).pictures)  # (N, 3, 64, 64)
    torch.manual_seed(0)
    model = autoencoder().to(memory_format=torch.channels_last)
    continue_from(model, "vae", folder / "checkpoint_vae")
    run = Run("vae", model, options, LEARNING_RATE, average=0.999)
    generator = runtime.generator(run.step)
    for _ in run:
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        mirrored = torch.rand(BATCH, 1, 1, 1, generator=generator) < 0.5
        batch = torch.where(mirrored, batch.flip(-1), batch).contiguous(memory_format=torch.channels_last)
        with runtime.autocast():
            z = model.encode(batch).latents  # (B, 16, 8, 8)
            y = model.decode(z + NOISE * torch.randn(z.shape, generator=generator)).sample
        z, y = z.float(), y.float()
        mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3))
        pull = mean.square().mean() + (deviation - 1).square().mean()
        absolute = (y - batch).abs().mean()
        run.update(absolute + edges(y, batch) + 0.01 * pull, l1=absolute.item(), pull=pull.item())
    print(f"PSNR {psnr(run.averaged, x):.2f} dB after {run.step} steps, {run.seconds / 60:.1f} CPU minutes", flush=True)
    return run.averaged


def main() -> None:
    options = arguments(__doc__, STEPS)
    model = train(options.folder, options)
    if not options.smoke:
        model.save_pretrained(options.folder / "vae", max_shard_size="9MB")


if __name__ == "__main__":
    main()

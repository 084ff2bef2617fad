"""Trains the sketch of `emoji`: three small convolutions that turn latents into nearly the picture the decoder makes.

    python -m recipes.emoji_preview --folder DATA            # after emoji_vae; writes DATA/preview.safetensors
    python -m recipes.emoji_preview --folder DATA --export   # the same file → core/weights/emoji

The denoise loop shows a picture at every step; through the autoencoder that costs almost half as much as drawing
itself. Targets are the shipped decoder's answers, for latents of real pictures, for mixes of two (a denoiser's first guesses
are blends) and for both under noise. Train again whenever the autoencoder changes (the file is checked by a test).
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file
from torch import Tensor

from core import runtime
from core.diffusion.point_diffusion import noised
from core.diffusion.preview import FILE, Sketch
from recipes.emoji_run import WEIGHTS, arguments, load_data, to_tensor
from recipes.emoji_unet import encode, scheduler
from recipes.emoji_vae import autoencoder

WIDTH, BATCH, LEARNING_RATE, STEPS = 96, 64, 4e-3, 1500
LEAST_PSNR = 23.0  # dB to the decoder's own answers; below it the sketch looks like another picture


def shown(z: Tensor, generator: torch.Generator) -> Tensor:
    """What the loop will show, three for each picture: clean, mixed with another, under noise. (3 N, 16, 8, 8)"""
    share = 0.5 * torch.rand(len(z), 1, 1, 1, generator=generator)
    kept = scheduler().alphas_cumprod[torch.randint(1000, (len(z),), generator=generator)]
    mixed = torch.lerp(z, z[torch.randperm(len(z), generator=generator)], share)
    return torch.cat([z, mixed, noised(mixed, torch.randn(z.shape, generator=generator), kept)])


@torch.no_grad()
def decode(vae: AutoencoderTiny, x: Tensor) -> Tensor:
    return torch.cat([vae.decode(part / vae.config.scaling_factor).sample for part in x.split(64)]).clamp(-1, 1)


def psnr(sketch: Sketch, x: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio to the decoder's answers, dB."""
    with torch.no_grad():
        return float(10 * torch.log10(4 / (sketch(x).clamp(-1, 1) - truth).square().mean()))


def train(folder: Path, steps: int, smoke: bool) -> Sketch:
    started = time.process_time()
    vae = autoencoder() if smoke else AutoencoderTiny.from_pretrained(WEIGHTS / "vae", dtype=torch.float32)
    z = encode(vae, to_tensor(load_data(folder, smoke).pictures)) * vae.config.scaling_factor  # (N, 16, 8, 8)
    generator = runtime.generator(0)
    x, held = shown(z, generator), shown(z, runtime.generator(1))[len(z) :: 20]  # other mixes, other noise
    truth = decode(vae, x)
    torch.manual_seed(0)
    sketch = Sketch(z.shape[1], WIDTH, 8).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(sketch.parameters(), LEARNING_RATE, weight_decay=1e-4)
    fall = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
    for _ in range(steps):
        rows = torch.randint(len(x), (BATCH,), generator=generator)
        with runtime.autocast():
            answer = sketch(x[rows].contiguous(memory_format=torch.channels_last))
        optimizer.zero_grad()
        (answer.float() - truth[rows]).square().mean().backward()
        optimizer.step()
        fall.step()
    near = psnr(sketch, held, decode(vae, held))
    print(f"{near:.2f} dB to the decoder after {steps} steps, {(time.process_time() - started) / 60:.1f} CPU minutes")
    if not smoke and near < LEAST_PSNR:
        raise SystemExit(f"not kept: below {LEAST_PSNR} dB")
    return sketch


def main() -> None:
    options = arguments(__doc__, STEPS)
    if options.export:
        shutil.copy(options.folder / FILE, WEIGHTS / FILE)
        return
    sketch = train(options.folder, 3 if options.smoke else options.steps, options.smoke)
    if not options.smoke:
        save_file(
            {name: value.half().contiguous() for name, value in sketch.state_dict().items()}, options.folder / FILE
        )


if __name__ == "__main__":
    main()

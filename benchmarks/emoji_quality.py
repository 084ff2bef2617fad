"""How well does `emoji` draw what it is asked for? A judge that saw only the real pictures looks at drawn ones.

    python -m benchmarks.emoji_quality --data DATA [--model emoji] [--seed 0] [--scheduler dpm++2m] [--bf16] [--sheet sheet.png]

DATA comes from recipes.emoji_data. The judge is a small CNN trained here on moved, scaled, blurred and recoloured real
pictures (once, some minutes; kept in DATA/judge.safetensors), never used to train the denoiser. Measured: of 100 Korean
and 100 English labels drawn at random, in how many pictures the judge has the right emoji among its first five of all;
and for 50 prompts with a colour word, and 110 with one in short or long form, in how many the drawn thing's median
colour is nearest to that of the heart of that colour. Real pictures are given for comparison, as a bound. This measures
known captions; everyday_words.py others.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core import runtime
from core.diffusion import samplers
from core.diffusion.stable_diffusion import StableDiffusion

COUNT, STEPS, GUIDANCE, BATCH = 100, 25, 4.0, 25
COLOURS = {
    "red": "빨간", "orange": "주황색", "yellow": "노란", "green": "초록", "blue": "파란",
    "purple": "보라색", "brown": "갈색", "black": "검은", "pink": "분홍색",
}  # fmt: skip
THINGS = {  # thing → (Korean, colours it comes in)
    "heart": ("하트", tuple(COLOURS)),
    "circle": ("원", ("red", "orange", "yellow", "green", "blue", "purple", "brown", "black")),
    "apple": ("사과", ("red", "green")),
    "book": ("책", ("green", "blue", "orange")),
    "square": ("사각형", ("purple", "yellow")),
    "cat": ("고양이", ("black",)),
}

FORMS = {  # short and long forms that people type
    "red": "빨간 빨강 빨간색 새빨간", "orange": "주황 주황색 오렌지색", "yellow": "노란 노랑 노란색 샛노란",
    "green": "초록 초록색 녹색", "blue": "파란 파랑 파란색 새파란", "purple": "보라 보라색 자주색", "brown": "갈색 밤색",
    "black": "검은 까만 검정 검은색", "pink": "분홍 분홍색 핑크 핑크색",
}  # fmt: skip


class Judge(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = (3, 32, 64, 128, 192)
        pairs = zip(widths, widths[1:], strict=False)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:])
        self.out = nn.Linear(192 * 4, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 2)  # (B, 3, 32, 32)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.max_pool2d(F.relu(norm(layer(x))), 2)
        return self.out(F.dropout(x.flatten(1), 0.3, self.training))


def changed(x: Tensor, generator: torch.Generator) -> Tensor:
    """Moved, scaled, turned a little, blurred or not, its contrast and colours a little off, noisy."""
    count = len(x)

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    angle, scale = between(-0.15, 0.15), between(0.9, 1.2)
    theta = torch.stack([scale * angle.cos(), -angle.sin(), between(-0.12, 0.12), angle.sin(), scale * angle.cos()], 1)
    theta = torch.cat([theta, between(-0.12, 0.12)[:, None]], 1).reshape(-1, 2, 3)
    x = F.grid_sample(x - 1, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False) + 1
    blurred = F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), 5, 1)
    x = torch.lerp(x, blurred, between(0, 1, 1, 1, 1))
    x = 1 - (1 - x) * between(0.8, 1.2, 3, 1, 1)
    return x + 0.05 * torch.randn(x.shape, generator=generator)


def to_tensor(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def judge(data: Path, x: Tensor, epochs: int) -> tuple[Judge, float]:
    """The judge and its own top-5 accuracy on changed real pictures it was not trained on."""
    model, file = Judge(len(x)), data / "judge.safetensors"
    if file.exists():
        model.load_state_dict(load_file(file))
    else:
        train(model, x, epochs)
        save_file(model.state_dict(), file)
    model.eval()
    return model, found(model, changed(x, runtime.generator(999)), torch.arange(len(x)))


def train(model: Judge, x: Tensor, epochs: int) -> None:
    torch.manual_seed(0)
    generator, batch = runtime.generator(0), 128
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.05)
    fall = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, epochs * (len(x) // batch))
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(batch)[: len(x) // batch]:
            with runtime.autocast():
                answer = model(changed(x[rows], generator))
            optimizer.zero_grad()
            F.cross_entropy(answer.float(), rows, label_smoothing=0.05).backward()
            optimizer.step()
            fall.step()


@torch.no_grad()
def found(model: Judge, x: Tensor, labels: Tensor, most: int = 5) -> float:
    best = torch.cat([model(part).topk(most).indices for part in x.split(128)])
    return float((best == labels[:, None]).any(1).float().mean())


def draw(sd: StableDiffusion, prompts: list[str], seed: int, steps: int, guidance: float) -> np.ndarray:
    """diffusers' own pipeline, several at once; our loop gives the same (a test compares). (N, H, W, 3)"""
    pictures, prompts = [], [sd.understood(prompt) for prompt in prompts]
    for start in range(0, len(prompts), BATCH):
        part = prompts[start : start + BATCH]
        generators = [runtime.generator(seed + start + place) for place in range(len(part))]
        out = sd.pipeline(part, num_inference_steps=steps, guidance_scale=guidance, generator=generators)
        pictures += [np.asarray(image) for image in out.images]
    return np.stack(pictures)


def lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB 0..255 → CIELAB (D65), any shape ending in 3."""
    linear = np.where(rgb <= 10.31, rgb / 3294.6, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def colour(picture: np.ndarray) -> np.ndarray:
    """Median colour of what is not white background, in CIELAB."""
    drawn = picture[picture.min(-1) < 200]
    return np.median(lab(drawn.astype(float)), 0) if len(drawn) > 20 else np.array([100.0, 0, 0])


def colour_list() -> list[tuple[str, str]]:
    """50 prompts and their colour, half of them Korean."""
    rows = []
    for thing, (korean, colours) in THINGS.items():
        for name in colours:
            rows += [(f"{name} {thing}", name), (f"{COLOURS[name]} {korean}", name)]
    return rows


def colour_forms() -> list[tuple[str, str]]:
    """Hearts, circles and squares by every form of their colour, Korean, and with "a" in English."""
    rows = []
    for name, forms in FORMS.items():
        for thing in ("heart", "circle", "square")[: 1 if name == "pink" else 3]:
            korean = {"heart": "하트", "circle": "원", "square": "사각형"}[thing]
            rows += [(f"{form} {korean}", name) for form in forms.split()] + [(f"a {name} {thing}", name)]
    return rows


def right_colours(rows: Iterable[tuple[np.ndarray, str]], centres: dict[str, np.ndarray]) -> float:
    """Share of pictures whose colour is nearest to that of the heart of the same name."""
    right = []
    for picture, name in rows:
        seen = colour(picture)
        right.append(min(centres, key=lambda other: float(np.linalg.norm(centres[other] - seen))) == name)
    return float(np.mean(right))


def sheet(pictures: np.ndarray, columns: int = 20) -> Image.Image:
    rows = [
        np.concatenate(list(pictures[k : k + columns]), 1)
        for k in range(0, len(pictures) // columns * columns, columns)
    ]
    return Image.fromarray(np.concatenate(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="emoji")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument(
        "--scheduler", default="", help="one of core.diffusion.samplers; the weights' own when left out"
    )
    parser.add_argument("--bf16", action="store_true", help="draw in bfloat16, faster on CPUs that can")
    parser.add_argument("--epochs", type=int, default=60, help="of the judge, when it is trained")
    parser.add_argument("--count", type=int, default=COUNT, help="labels per language")
    parser.add_argument("--judge-only", action="store_true")
    parser.add_argument("--colours-only", action="store_true")
    parser.add_argument("--sheet", type=Path, help="write the drawn pictures here")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    real = np.load(options.data / "pictures.npy")
    captions = json.loads((options.data / "captions.json").read_text("utf-8"))
    model, bound = judge(options.data, to_tensor(real), options.epochs)
    print(f"judge: right emoji in its first 5 of {len(real)} for {bound:.1%} of changed real pictures")
    if options.judge_only:
        return
    sd = StableDiffusion.load(options.model)
    sd.pipeline.scheduler = samplers.make(sd.pipeline, options.scheduler)
    drawing = functools.partial(draw, sd, seed=options.seed, steps=options.steps, guidance=options.guidance)
    random = np.random.default_rng(options.seed)
    shown = []
    for language in () if options.colours_only else ("ko", "en"):
        rows = random.choice(len(real), options.count, replace=False)
        started = time.perf_counter()
        with runtime.autocast(options.bf16):
            drawn = drawing([captions[row][language]["label"] for row in rows])
        seconds = (time.perf_counter() - started) / len(rows)
        share = [found(model, to_tensor(drawn), torch.from_numpy(rows), most) for most in (1, 5)]
        print(
            f"{language}: first 1 {share[0]:.1%}, first 5 {share[1]:.1%} of {len(rows)} pictures ({seconds:.2f} s each)"
        )
        shown.append(drawn)
    places = {row["en"]["label"]: place for place, row in enumerate(captions)}
    centres = {name: colour(real[places[f"{name} heart"]]) for name in COLOURS}
    prompts = colour_list()
    with runtime.autocast(options.bf16):
        drawn = drawing([prompt for prompt, _ in prompts])
    own = [(real[places[prompt]], name) for prompt, name in prompts[::2]]
    print(
        f"colour: {right_colours(zip(drawn, [name for _, name in prompts], strict=True), centres):.1%} of {len(drawn)}"
    )
    forms = colour_forms()
    with runtime.autocast(options.bf16):
        told = drawing([prompt for prompt, _ in forms])
    right = right_colours(zip(told, [name for _, name in forms], strict=True), centres)
    print(f"colour, short and long forms: {right:.1%} of {len(forms)}")
    print(f"colour, the real pictures: {right_colours(own, centres):.1%} of {len(own)}")
    if options.sheet:
        sheet(np.concatenate([*shown, drawn])).save(options.sheet)


if __name__ == "__main__":
    main()

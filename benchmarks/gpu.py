"""What a GPU should bring, checked and timed in at most six minutes: training, an LLM's answer, Stable Diffusion.

    python -m benchmarks.gpu            on CUDA, at full size: SmolLM2's and Stable Diffusion 1.5's shapes, random weights
    python -m benchmarks.gpu --small    the same steps at toy size on whatever is here: that the script works, no speeds

Each line: what was measured, the figure, the target, and whether it was reached. Results are compared with the CPU's before
anything is timed; a part that fails says why and the others go on. The exit status counts missed targets and failures.
"""

from __future__ import annotations

import argparse
import statistics
import string
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import torch

BUDGET = 330  # seconds; what has not begun by then is left out


class Line(NamedTuple):
    what: str
    figure: float
    unit: str
    target: str = ""
    reached: bool | None = None  # None: only told


class Size(NamedTuple):
    """How large everything is."""

    device: str
    rows: int  # pictures of an epoch
    tokens: int
    rounds: int
    steps: int  # of a drawing
    llm: dict[str, int]
    unet: tuple[int, ...]
    text: dict[str, int]
    latent: int  # side of the latents


SMALL = Size(
    "cuda" if torch.cuda.is_available() else "cpu", 256, 8, 2, 2,
    {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 512},
    (32, 64), {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}, 8,
)  # fmt: skip
FULL = Size(
    "cuda", 10_000, 128, 5, 20,
    {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
     "num_key_value_heads": 3, "vocab_size": 49_152},
    (320, 640, 1280, 1280), {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
    64,
)  # fmt: skip


def seconds(run: Callable[[], object], rounds: int) -> float:
    """Median of some runs after one to warm up, the device's queue empty at both ends."""
    run()
    taken = []
    for _ in range(rounds):
        wait()
        begun = time.perf_counter()
        run()
        wait()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def same(what: str, found: Any, right: Any, most: float) -> Line:
    error = float(np.abs(np.asarray(found, np.float64) - np.asarray(right, np.float64)).max())
    return Line(what, error, "", f"≤ {most:g}", error <= most)


def at_most(what: str, ratio: float, most: float) -> Line:
    return Line(what, ratio, "×", f"≤ {most:g}", ratio <= most)


def at_least(what: str, ratio: float, least: float) -> Line:
    return Line(what, ratio, "×", f"≥ {least:g}", ratio >= least)


def dense(size: Size) -> Iterator[Line]:
    """Sequential through torch.autograd, on the device and on the CPU."""
    from core import Dense, Sequential

    x = np.random.default_rng(0).normal(size=(512, 8))
    y = x[:, :1] * x[:, 1:2]

    def run(device: str) -> list[float]:
        model = Sequential(
            [Dense(64, activation="relu", input_shape=(8,)), Dense(1)], seed=0, device=device, dtype="float32"
        )
        model.compile("adam", "mse", engine="autograd")
        return model.fit(x, y, batch_size=64, epochs=3, shuffle=False).history["loss"]

    yield same("Sequential: losses as on the CPU", run(size.device), run("cpu"), 1e-4)
    yield Line("Sequential: an update of 64 rows", seconds(lambda: run(size.device), size.rounds) / 24 * 1e3, "ms")


def cnn(size: Size) -> Iterator[Line]:
    """The image classifier: an epoch, and the same answers as on the CPU."""
    from core import ImageClassifier
    from core.data import fashion

    data = fashion.load()
    x, y = data.x_train[: size.rows], data.y_train[: size.rows]
    models = {device: ImageClassifier(10, seed=0, dropout=0.0, device=device) for device in {size.device, "cpu"}}
    for model in models.values():
        model.fit(x[:64], y[:64], 1, batch_size=32)
    models[size.device].module.load_state_dict(models["cpu"].module.state_dict())
    right = models["cpu"].logits(x[:200])
    yield same("CNN: answers as on the CPU", models[size.device].logits(x[:200]), right, 2e-2)
    torch.set_num_threads(2)
    epochs = {d: seconds(lambda m=m: m.fit(x, y, 1, batch_size=128), 1) for d, m in models.items()}
    yield Line("CNN: an epoch", epochs[size.device], "s")
    if size.device != "cpu":
        yield at_least("CNN: two CPU cores take", epochs["cpu"] / epochs[size.device], 20)


def llm(size: Size) -> Iterator[Line]:
    """SmolLM2's shape in bf16: our loop beside transformers' ``generate``, plain and compiled."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from core import LanguageModel
    from core.events import drain

    torch.manual_seed(0)
    words = sorted(pre_tokenizers.ByteLevel.alphabet())
    words += [f"<{n}>" for n in range(size.llm["vocab_size"] - len(words))]
    raw = Tokenizer(models.BPE({word: n for n, word in enumerate(words)}, []))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=words[-1])
    config = LlamaConfig(**size.llm, max_position_embeddings=1024, eos_token_id=None, pad_token_id=0)  # type: ignore[arg-type]
    model: Any = LlamaForCausalLM(config).eval()
    right = model(torch.arange(32)[None]).logits[0, -1].detach()
    model = model.to(size.device, torch.bfloat16)
    found = model(torch.arange(32, device=size.device)[None]).logits[0, -1].detach().float().cpu()
    yield same("LLM bf16: logits as in fp32 on the CPU", found, right, 0.05)
    lm, prompt = LanguageModel(model, tokenizer, "random"), "The river rises in the mountains"
    lm.ends = frozenset()  # as many tokens as generate is told to make
    ids = torch.tensor([lm.ids(prompt)], device=size.device)
    how = {"do_sample": False, "max_new_tokens": size.tokens, "min_new_tokens": size.tokens}
    how |= {"attention_mask": torch.ones_like(ids), "pad_token_id": 0}
    ways = {
        "generate": lambda: model.generate(ids, **how),
        "our loop, torch": lambda: drain(lm.steps(prompt, size.tokens, engine="torch", alternatives=0)),
        "our loop, auto": lambda: drain(lm.steps(prompt, size.tokens, engine="auto", alternatives=0)),
    }
    if size.device == "cuda":
        ways["generate, compiled"] = lambda: model.generate(ids, cache_implementation="static", **how)
    speed = {name: size.tokens / seconds(run, size.rounds) for name, run in ways.items()}
    for name, rate in speed.items():
        yield Line(f"LLM: {name}", rate, "tokens/s")
    yield at_least(
        "LLM: our fastest loop to generate",
        max(speed["our loop, torch"], speed["our loop, auto"]) / speed["generate"],
        2,
    )


def pipeline(size: Size) -> Any:
    """A Stable Diffusion of this size with random weights, on the CPU in fp32."""
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    letters = [*string.ascii_lowercase, *(f"{letter}</w>" for letter in string.ascii_lowercase)]
    vocab = {name: n for n, name in enumerate(["<|startoftext|>", "<|endoftext|>", *letters])}
    text = CLIPTextModel(
        CLIPTextConfig(vocab_size=len(vocab), bos_token_id=0, eos_token_id=1, pad_token_id=1, **size.text)
    )
    wide, deep = size.unet, len(size.unet) - 1
    unet = diffusers.UNet2DConditionModel(
        sample_size=size.latent, block_out_channels=wide, cross_attention_dim=size.text["hidden_size"], attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D",) * deep + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * deep,
    )  # fmt: skip
    stages = (128, 256, 512, 512) if size is FULL else (32, 32)
    vae = diffusers.AutoencoderKL(
        block_out_channels=stages, layers_per_block=2 if size is FULL else 1, latent_channels=4, scaling_factor=0.18215,
        down_block_types=("DownEncoderBlock2D",) * len(stages), up_block_types=("UpDecoderBlock2D",) * len(stages),
    )  # fmt: skip
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    tokenizer = CLIPTokenizer(vocab=vocab, merges=[], model_max_length=77)
    pipe: Any = diffusers.StableDiffusionPipeline(
        vae.eval(), text.eval(), tokenizer, unet.eval(), scheduler, None, None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def drawing(size: Size) -> Iterator[Line]:
    """Our denoise loop beside ``pipe(...)``: equal pictures, seconds, memory; then batches, layouts, compile, offload."""
    from core import StableDiffusion
    from core.diffusion.settings import Settings
    from core.events import drain

    pipe, cuda = pipeline(size), size.device == "cuda"
    settings = Settings("a red apple", num_inference_steps=size.steps, guidance_scale=7.5)

    def theirs(pipe: Any, count: int = 1, steps: int = size.steps, **how: Any) -> Any:
        dice = torch.Generator().manual_seed(settings.seed)
        how = {"generator": dice, "guidance_scale": 7.5, "num_images_per_prompt": count} | how
        return pipe(settings.prompt, num_inference_steps=steps, **how).images

    if cuda:
        side = {"height": 128, "width": 128, "output_type": "latent", "steps": 2}
        right = theirs(pipe, **side)[0].numpy()
        torch.backends.cudnn.allow_tf32 = False  # for this comparison: its convolutions keep ten bits only
        on_card = theirs(deepcopy(pipe).to("cuda"), **side)[0].cpu().numpy()
        torch.backends.cudnn.allow_tf32 = True
        yield same("SD fp32: latents as on the CPU", on_card, right, 1e-2)
    for dtype in (torch.float16, torch.bfloat16) if cuda else (torch.float32,):
        name = f"SD {str(dtype).removeprefix('torch.')}"
        pipe = pipe.to(size.device, dtype)
        sd = StableDiffusion(pipe, "random")
        ours = lambda sd=sd: drain(sd.draw(settings, preview="none")).image  # noqa: E731
        picture = np.asarray(ours())
        yield same(f"{name}: our picture as the pipe's", picture, np.asarray(theirs(pipe)[0]), 1)
        yield Line(f"{name}: a picture, not one grey", float(picture.std()), "", "> 1", bool(picture.std() > 1))
        if cuda:
            torch.cuda.reset_peak_memory_stats()
        their_time, our_time = seconds(lambda pipe=pipe: theirs(pipe), size.rounds), seconds(ours, size.rounds)
        yield Line(f"{name}: a picture by pipe(...)", their_time, "s")
        yield at_most(f"{name}: our loop to pipe(...)", our_time / their_time, 1.05 if cuda else 9.9)
        if cuda:
            yield Line(f"{name}: most memory", torch.cuda.max_memory_allocated() / 2**30, "GiB")
    if cuda:
        yield Line("SD: a picture in a batch of 8", seconds(lambda: theirs(pipe, 8), 1) / 8, "s")
        pipe = pipe.to("cpu")  # what follows is to be the only thing on the card
        torch.cuda.empty_cache()
        fresh = pipeline(size).to(dtype=torch.float16)
        fresh.enable_model_cpu_offload()
        torch.cuda.reset_peak_memory_stats()
        lent = StableDiffusion(fresh, "offloaded")
        yield Line("SD: offloaded, our loop", seconds(lambda: drain(lent.draw(settings, preview="none")), 1), "s")
        yield Line("SD: offloaded, most memory", torch.cuda.max_memory_allocated() / 2**30, "GiB")
        pipe = pipe.to("cuda")
        pipe.unet.to(memory_format=torch.channels_last)
        yield Line("SD: channels last", seconds(lambda: theirs(pipe), size.rounds), "s")
        pipe.unet.compile()  # last: it may take a minute or want a compiler that is not there
        yield Line("SD: and compiled", seconds(lambda: theirs(pipe), size.rounds), "s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", choices=["dense", "cnn", "llm", "drawing"])
    options = parser.parse_args()
    if not options.small and not torch.cuda.is_available():
        sys.exit("No CUDA device here. `python -m benchmarks.gpu --small` runs the same steps at toy size.")
    size, begun, bad = SMALL if options.small else FULL, time.monotonic(), 0
    named = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else "no GPU: toy sizes on the CPU, speeds mean nothing"
    )
    print(f"{named}; torch {torch.__version__}")
    for part in (dense, cnn, llm, drawing):
        if options.only and part.__name__ != options.only:
            continue
        if time.monotonic() - begun > BUDGET:
            print(f"{part.__name__}: left out, {BUDGET} s are over")
            continue
        try:
            for line in part(size):
                counts = line.reached is False and (size is FULL or line.unit == "")
                bad += counts
                mark = "" if line.reached is None else "ok" if line.reached else "MISSED" if counts else "(toy size)"
                print(f"{line.what:<44}{line.figure:>11.4g} {line.unit:<9}{line.target:<9}{mark}", flush=True)
        except Exception as error:  # the others go on
            bad += 1
            print(f"{part.__name__}: FAILED, {type(error).__name__}: {str(error)[:300]}", flush=True)
    print(f"{time.monotonic() - begun:.0f} s, {bad} missed or failed")
    sys.exit(min(bad, 1))


if __name__ == "__main__":
    main()

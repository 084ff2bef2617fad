"""Our denoising loop against diffusers' own pipelines, on tiny random models; everything around it against misuse."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from core.diffusion import loading, preview, prompt_tokens, samplers, windows
from core.diffusion.settings import DenoiseStep, Settings, settings_from_png
from core.diffusion.stable_diffusion import StableDiffusion
from core.errors import CoreError, InvalidInput, Unavailable
from core.events import Done, drain
from core.pretrained import shipped

pytestmark = [  # diffusers on numpy 2
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]

EMOJI = shipped.FOLDER / "emoji"
WORDS = ["red apple", "green apple", "빨간 사과", "초록 사과", "cat face", "고양이 얼굴", "blue heart", "파란 하트"]
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def tokens() -> CLIPTokenizer:
    """CLIP's own kind (lower case, byte-level BPE, word ends marked), learnt on ``WORDS``."""
    empty = CLIPTokenizer().backend_tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    learner.normalizer, learner.pre_tokenizer = empty.normalizer, empty.pre_tokenizer
    alphabet, marks = pre_tokenizers.ByteLevel.alphabet(), ["<|startoftext|>", "<|endoftext|>"]
    kind = {"initial_alphabet": alphabet, "special_tokens": marks, "end_of_word_suffix": "</w>"}
    learner.train_from_iterator(WORDS * 6, trainers.BpeTrainer(vocab_size=4000, show_progress=False, **kind))
    learnt = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learnt["merges"]]
    return CLIPTokenizer(vocab=learnt["vocab"], merges=merges, model_max_length=24)


def text_config(pieces: int, **more: Any) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=pieces, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=24, bos_token_id=0, eos_token_id=1, pad_token_id=1, **more,
    )  # fmt: skip


def unet(text: int, **more: Any) -> diffusers.UNet2DConditionModel:
    return diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=text,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=2, **more,
    )  # fmt: skip


def vae() -> diffusers.AutoencoderKL:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=4, latent_channels=4, scaling_factor=0.2,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip


def pipeline(**schedule: Any) -> diffusers.StableDiffusionPipeline:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cut = tokens()
        pipe = diffusers.StableDiffusionPipeline(
            vae().eval(), CLIPTextModel(text_config(len(cut))).eval(), cut, unet(16).eval(),
            diffusers.DDIMScheduler(**BETAS, clip_sample=False, steps_offset=1, **schedule),
            None, None, requires_safety_checker=False,
        )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


def xl() -> diffusers.StableDiffusionXLPipeline:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cut = tokens()
        config = text_config(len(cut), projection_dim=16)
        added = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4}
        pipe = diffusers.StableDiffusionXLPipeline(
            vae().eval(), CLIPTextModel(config).eval(), CLIPTextModelWithProjection(config).eval(), cut, cut,
            unet(32, projection_class_embeddings_input_dim=16 + 6 * 4, **added).eval(),
            diffusers.EulerDiscreteScheduler(**BETAS, steps_offset=1), add_watermarker=False,
        )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def pipe() -> diffusers.StableDiffusionPipeline:
    return pipeline()


@pytest.fixture(scope="module")
def sd(pipe: Any) -> StableDiffusion:
    return StableDiffusion(pipe, "tiny")


def theirs(pipe: Any, name: str, settings: Settings, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    """diffusers' own answer: latents (C, h, w) and picture (H, W, 3)."""
    other = type(pipe).from_pipe(pipe, scheduler=scheduler(pipe, name)) if "image" not in more else more.pop("other")
    other.set_progress_bar_config(disable=True)
    answers = []
    for kind in ("latent", "pil"):
        out = other(
            settings.prompt, negative_prompt=settings.negative_prompt, guidance_scale=settings.guidance_scale,
            num_inference_steps=settings.num_inference_steps, output_type=kind,
            generator=torch.Generator().manual_seed(settings.seed), **more,
        )  # fmt: skip
        answers.append(out.images[0])
    return answers[0].numpy(), np.asarray(answers[1])


def scheduler(pipe: Any, name: str) -> Any:
    kinds = {
        "ddim": diffusers.DDIMScheduler,
        "euler": diffusers.EulerDiscreteScheduler,
        "euler-a": diffusers.EulerAncestralDiscreteScheduler,
        "dpm++2m": diffusers.DPMSolverMultistepScheduler,
    }
    return kinds[name].from_config(pipe.scheduler.config)


@pytest.mark.parametrize("name", ["ddim", "euler", "euler-a", "dpm++2m"])
@pytest.mark.parametrize("scale", [4.0, 1.0])
def test_the_loop_equals_the_pipeline(sd: StableDiffusion, name: str, scale: float) -> None:
    settings = Settings("빨간 사과", "cat", 7, scale, seed=3, scheduler=name)
    latents, picture = theirs(sd.pipeline, name, settings)
    drawn = drain(sd.draw(settings))
    np.testing.assert_allclose(drawn.latents, latents, atol=1e-5)
    assert np.abs(np.asarray(drawn.image).astype(int) - picture).max() <= 1
    assert drawn.latents.std() > 0.1 and not drawn.flagged


@pytest.mark.parametrize("schedule", [{"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}])
@pytest.mark.parametrize("name", ["ddim", "euler"])
def test_v_prediction_from_pure_noise(schedule: dict[str, Any], name: str) -> None:
    pipe = pipeline(prediction_type="v_prediction", **schedule)
    settings = Settings("red apple", num_inference_steps=5, scheduler=name)
    latents, _ = theirs(pipe, name, settings)
    np.testing.assert_allclose(drain(StableDiffusion(pipe).draw(settings)).latents, latents, atol=1e-5)


def test_xl_equals_its_pipeline() -> None:
    pipe = xl()
    settings = Settings("blue heart", "red", 4, 5.0, seed=1)
    latents, _ = theirs(pipe, "euler", settings)
    np.testing.assert_allclose(drain(StableDiffusion(pipe).draw(settings)).latents, latents, atol=1e-5)


def lcm() -> diffusers.StableDiffusionPipeline:
    """Weights distilled for few steps: the strength of the guidance is an input of the UNet, not a second pass."""
    pipe = pipeline()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pipe.register_modules(unet=unet(16, time_cond_proj_dim=8).eval())
    pipe.register_modules(scheduler=diffusers.LCMScheduler.from_config(pipe.scheduler.config))
    return pipe


@pytest.mark.parametrize("scale", [1.0, 6.0])
def test_lcm_equals_its_pipeline(scale: float) -> None:
    pipe = lcm()
    settings = Settings("blue heart", num_inference_steps=4, guidance_scale=scale, seed=2, scheduler="lcm")
    sd = StableDiffusion(pipe)
    assert sd.schedulers[0] == "lcm" and sd.schedulers.count("lcm") == 1
    out = pipe(
        settings.prompt, guidance_scale=scale, num_inference_steps=4, output_type="latent",
        generator=torch.Generator().manual_seed(2),
    )  # fmt: skip
    whole = list(sd.draw(settings))
    np.testing.assert_allclose(whole[-1].result.latents, out.images[0].numpy(), atol=1e-5)
    again = drain(sd.draw(settings, start=whole[1].moment))  # rewound to step 2: its fresh noise comes back as well
    np.testing.assert_allclose(again.latents, whole[-1].result.latents, atol=1e-5)


def owned(kind: str, **settings: Any) -> Any:
    """Weights that come with a sampler of this class."""
    pipe = pipeline()
    made = getattr(diffusers, kind).from_config({**BETAS, "steps_offset": 1}, **settings)
    pipe.register_modules(scheduler=made)
    return pipe


def counted(pipe: Any, draw: Callable[[], Any]) -> tuple[Any, int]:
    """What ``draw`` gives, and how often it asked the UNet."""
    calls: list[int] = []
    hook = pipe.unet.register_forward_hook(lambda *_: calls.append(1))
    try:
        return draw(), len(calls)
    finally:
        hook.remove()


MULTISTEP = "DPMSolverMultistepScheduler"
OWN = [
    *((kind, {}) for kind in samplers.OWN if kind != "LCMScheduler"),  # that one has a test of its own
    ("PNDMScheduler", {"skip_prk_steps": True}),  # as Stable Diffusion 1.x ships it
    (MULTISTEP, {"solver_order": 3}),
    (MULTISTEP, {"algorithm_type": "sde-dpmsolver++"}),
    (MULTISTEP, {"use_karras_sigmas": True}),
    ("HeunDiscreteScheduler", {"use_karras_sigmas": True}),
]


@pytest.mark.parametrize(("kind", "settings"), OWN)
def test_the_weights_own_sampler_gives_the_picture_of_their_pipeline(kind: str, settings: dict[str, Any]) -> None:
    pipe, wish = owned(kind, **settings), Settings("빨간 사과", "cat", 6, 4.0, seed=3)
    sd = StableDiffusion(pipe)

    def theirs() -> np.ndarray:
        seeded = torch.Generator().manual_seed(wish.seed)
        asked = {"guidance_scale": wish.guidance_scale, "num_inference_steps": wish.num_inference_steps}
        return np.asarray(pipe(wish.prompt, negative_prompt="cat", generator=seeded, **asked).images[0])

    (truth, asked), (events, ours) = counted(pipe, theirs), counted(pipe, lambda: list(sd.draw(wish)))
    assert np.abs(np.asarray(events[-1].result.image).astype(int) - truth).max() <= 1 and ours == asked
    assert np.isfinite(events[0].moment.latents).all() and events[0].predicted.std() > 0
    again = drain(sd.draw(wish, preview="none", start=events[2].moment))
    np.testing.assert_allclose(again.latents, events[-1].result.latents, atol=1e-4)


def test_every_other_sampler_of_diffusers_is_refused_with_the_list() -> None:
    known = {name for name in dir(diffusers) if name.endswith("Scheduler")}
    assert set(samplers.OWN) <= known
    for kind in sorted(known - set(samplers.OWN)):
        pipe = SimpleNamespace(scheduler=type(kind, (), {"config": {}})(), unet=SimpleNamespace(config=LATENT))
        with pytest.raises(InvalidInput, match="ddim, euler") as caught:
            samplers.make(pipe, "")
        assert caught.value.code == "own_sampler" and caught.value.values["received"] == kind
    sd = StableDiffusion(pipeline())
    sd.pipeline.scheduler = diffusers.EDMEulerScheduler()
    with pytest.raises(InvalidInput, match="EDMEulerScheduler"):
        sd.draw(Settings("cat"))
    assert drain(sd.draw(Settings("cat", num_inference_steps=2, scheduler="euler"))).image.size == (16, 16)


LATENT = SimpleNamespace(time_cond_proj_dim=None)


@pytest.mark.parametrize("kind", ["LCMScheduler", "TCDScheduler"])
def test_a_distilled_sampler_says_how_many_steps_it_has(kind: str) -> None:
    sampler = getattr(diffusers, kind)()
    samplers.set_steps(sampler, 50, "cpu")
    assert len(sampler.timesteps) == 50
    with pytest.raises(InvalidInput) as caught:
        samplers.set_steps(sampler, 51, "cpu")
    assert caught.value.values["high"] == 50


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("t", [0, 500, 999])
def test_the_predicted_picture_is_that_of_ddim(kind: str, t: int) -> None:
    ddim = diffusers.DDIMScheduler(**BETAS, clip_sample=False, prediction_type=kind)
    ddim.set_timesteps(20)
    x, answer = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    truth = ddim.step(answer, t, x).pred_original_sample
    torch.testing.assert_close(samplers.implied(ddim, x, answer, torch.tensor(t)), truth, atol=1e-4, rtol=1e-4)


def test_between_two_levels_the_noise_is_that_of_the_sampler() -> None:
    euler = diffusers.EulerDiscreteScheduler(**BETAS, use_karras_sigmas=True, timestep_type="discrete")
    euler.set_timesteps(9)
    for sigma, t in zip(euler.sigmas[:-1].tolist(), euler.timesteps.tolist(), strict=True):
        assert float(samplers._kept(euler, t)) == pytest.approx(1 / (sigma**2 + 1), rel=1e-3)


@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
def test_img2img_equals_its_pipeline(sd: StableDiffusion, strength: float) -> None:
    start = Image.fromarray(np.random.default_rng(0).integers(0, 256, (sd.size, sd.size, 3), dtype=np.uint8))
    other = diffusers.StableDiffusionImg2ImgPipeline.from_pipe(sd.pipeline)
    settings = Settings("cat face", num_inference_steps=10, guidance_scale=3.0, seed=2, strength=strength)
    latents, _ = theirs(sd.pipeline, "ddim", settings, image=start, strength=strength, other=other)
    drawn = drain(sd.draw(settings, start))
    np.testing.assert_allclose(drawn.latents, latents, atol=1e-5)


def test_events(sd: StableDiffusion) -> None:
    events = list(sd.steps("red apple", num_inference_steps=6, seed=1))
    steps, done = events[:-1], events[-1]
    assert [event.step for event in steps] == [1, 2, 3, 4, 5, 6] and all(event.total == 6 for event in steps)
    assert isinstance(done, Done) and all(isinstance(event, DenoiseStep) for event in steps)
    assert [event.t for event in steps] == sorted((event.t for event in steps), reverse=True)
    for picture in (steps[0].image, steps[0].predicted):
        assert picture.shape == (16, 16, 3) and picture.dtype == np.uint8
    assert np.array_equal(steps[-1].moment.latents, done.result.latents)
    assert np.abs(steps[-1].image.astype(int) - np.asarray(done.result.image)).max() <= 1
    assert np.array_equal(np.asarray(sd.generate("red apple", num_inference_steps=6, seed=1)), done.result.image)


def test_the_last_prediction_is_the_result_with_ddim(sd: StableDiffusion) -> None:
    *_, last, done = sd.steps("red apple", num_inference_steps=5, scheduler="euler")
    assert np.abs(last.predicted.astype(int) - np.asarray(done.result.image)).max() <= 1


@pytest.mark.parametrize("name", ["ddim", "euler", "euler-a", "dpm++2m"])
@pytest.mark.parametrize("at", [1, 4])
def test_rewinding_gives_the_same_picture(sd: StableDiffusion, name: str, at: int) -> None:
    settings = Settings("cat face", num_inference_steps=6, scheduler=name, seed=5)
    whole = list(sd.draw(settings, preview="none"))
    again = list(sd.draw(settings, preview="none", start=whole[at - 1].moment))
    assert [event.step for event in again[:-1]] == list(range(at + 1, 7))
    np.testing.assert_allclose(again[-1].result.latents, whole[-1].result.latents, atol=1e-5)


def test_rewinding_an_img2img_run(sd: StableDiffusion) -> None:
    settings = Settings("cat face", num_inference_steps=8, scheduler="euler", strength=0.5)
    start = Image.new("RGB", (16, 16), "red")
    whole = list(sd.draw(settings, start, preview="none"))
    again = drain(sd.draw(settings, start, preview="none", start=whole[1].moment))
    np.testing.assert_allclose(again.latents, whole[-1].result.latents, atol=1e-5)


def test_a_branch_differs(sd: StableDiffusion) -> None:
    whole = list(sd.steps("red apple", num_inference_steps=6, preview="none"))
    branch = drain(sd.steps("blue heart", num_inference_steps=6, preview="none", start=whole[2].moment))
    assert np.abs(branch.latents - whole[-1].result.latents).max() > 1e-3


def test_interpolation_ends_where_it_should(sd: StableDiffusion) -> None:
    def latents(**more: Any) -> np.ndarray:
        return drain(sd.steps(num_inference_steps=3, preview="none", **more)).latents

    one, other = latents(prompt="red apple"), latents(prompt="blue heart")
    half = latents(prompt="red apple", prompt_to="blue heart", blend=0.5)
    np.testing.assert_array_equal(latents(prompt="red apple", prompt_to="blue heart", blend=0.0), one)
    np.testing.assert_allclose(latents(prompt="red apple", prompt_to="blue heart", blend=1.0), other, atol=1e-6)
    assert np.abs(half - one).max() > 1e-4 and np.abs(half - other).max() > 1e-4


def test_guides_are_the_runs_they_claim_to_be(sd: StableDiffusion) -> None:
    first = next(sd.steps("red apple", num_inference_steps=4, guidance_scale=5.0, guides=True))
    alone = next(sd.steps("red apple", num_inference_steps=4, guidance_scale=1.0))
    assert first.guided is not None
    assert np.abs(first.guided[1].astype(int) - alone.predicted).max() <= 1
    assert next(sd.steps("red apple", num_inference_steps=4, guidance_scale=1.0, guides=True)).guided is None


def test_attention_maps_are_shares(sd: StableDiffusion) -> None:
    plain = drain(sd.steps("빨간 사과", num_inference_steps=3))
    drawn = drain(sd.steps("빨간 사과", num_inference_steps=3, maps=True))
    np.testing.assert_array_equal(plain.latents, drawn.latents)
    assert drawn.words == ("빨간", "사과") and drawn.attention is not None
    assert drawn.attention.shape == (2, 8, 8) and drawn.attention.min() > 0
    assert drawn.attention.sum(0).max() < 1


def test_recorded_weights_are_the_attention(sd: StableDiffusion) -> None:
    from diffusers.models.attention_processor import AttnProcessor

    from core.diffusion.attention_maps import Recording

    layer = sd.pipeline.unet.mid_block.attentions[0].transformer_blocks[0].attn2
    g = torch.Generator().manual_seed(0)
    x, words = torch.randn(2, 16, 16, generator=g), torch.randn(2, 5, 16, generator=g)
    with torch.no_grad():
        weights = Recording.weights(layer, x, words)
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
        values = layer.to_v(words).unflatten(-1, (layer.heads, -1)).transpose(1, 2)
        ours = layer.to_out[0]((weights @ values).transpose(1, 2).flatten(2))
        torch.testing.assert_close(ours, AttnProcessor()(layer, x, words), atol=1e-5, rtol=1e-5)


def test_the_quick_preview_finds_a_linear_decoder(pipe: Any) -> None:
    mix = torch.randn(3, 4, 1, 1, generator=torch.Generator().manual_seed(0)) / 4

    class Linear(torch.nn.Module):
        config = type("Config", (), {"scaling_factor": 0.5})
        device, dtype = torch.device("cpu"), torch.float32

        def decode(self, z: torch.Tensor, return_dict: bool) -> tuple[torch.Tensor]:
            return (torch.nn.functional.interpolate(torch.nn.functional.conv2d(z, mix), scale_factor=2.0) + 0.1,)

    box = type("Pipe", (), {"vae": Linear(), "unet": pipe.unet})
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)) / 2
    quick, full = (preview.Preview(box).show(latents, kind)[1] for kind in ("quick", "decode"))
    assert np.abs(quick.astype(int) - full[::2, ::2]).max() <= 1


def test_a_sketch_in_the_folder_makes_quick_previews_whole(sd: StableDiffusion, folder: Path, tmp_path: Path) -> None:
    import shutil

    assert not sd.sketches and next(sd.steps("cat", preview="quick")).image.shape == (8, 8, 3)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sketch = preview.Sketch(4, 6, 2)
    save_file({name: value.half() for name, value in sketch.state_dict().items()}, copy / preview.FILE)
    again = StableDiffusion.load(str(copy))
    step = next(again.steps("cat", preview="quick"))
    assert again.sketches and step.image.shape == step.predicted.shape == (16, 16, 3)
    with torch.no_grad():
        direct = sketch(torch.from_numpy(step.moment.latents)[None])[0]
    wish = ((direct + 1) * 127.5).clamp(0, 255).movedim(0, -1).numpy()
    assert np.abs(step.image - wish).max() < 2, "half precision in the file"


@pytest.mark.skipif(not EMOJI.exists(), reason="the emoji weights are not in this checkout")
def test_the_shipped_sketch_is_near_the_shipped_decoder() -> None:
    """Fails when the autoencoder was trained on and recipes.emoji_preview was forgotten."""
    from core.data import emoji

    decoder = diffusers.AutoencoderTiny.from_pretrained(EMOJI / "vae", dtype=torch.float32)
    sketch = preview.Sketch.read(EMOJI / preview.FILE)
    x = torch.from_numpy(emoji.load().pictures[::40].copy()).movedim(-1, 1).float() / 127.5 - 1
    with torch.no_grad():
        z = decoder.encode(x).latents * decoder.config.scaling_factor
        for noise in (0.0, 0.5, 1.0):
            seen = (1 - noise**2) ** 0.5 * z + noise * torch.randn(z.shape, generator=torch.Generator().manual_seed(3))
            truth = decoder.decode(seen / decoder.config.scaling_factor).sample.clamp(-1, 1)
            error = (sketch(seen).clamp(-1, 1) - truth).square().mean()
            assert 10 * torch.log10(4 / error) > 21, f"noise {noise}"


def test_tokens_know_their_words(sd: StableDiffusion) -> None:
    cut = sd.tokens("red 뷁 apple")
    assert cut[0].word is None and cut[-1].word is None
    assert [token.text for token in cut if token.word == 0] == ["red"]
    assert {token.word for token in cut} == {None, 0, 1, 2}
    assert sum(token.word == 1 for token in cut) >= 2, "an unseen syllable falls into pieces"
    assert all(token.read for token in cut)
    long = sd.tokens("apple " * 40)
    assert [token.read for token in long[:-1]] == [True] * 23 + [False] * (len(long) - 24)
    assert sd.vectors("red apple").shape == (24, 16)


def test_noise_and_latents(sd: StableDiffusion) -> None:
    assert sd.noise(1).shape == (16, 16, 3) and not np.array_equal(sd.noise(1), sd.noise(2))
    assert sd.latents(Image.new("RGB", (40, 20))).shape == (4, 8, 8)


def test_settings_travel_in_the_png(sd: StableDiffusion) -> None:
    drawn = drain(sd.steps("파란 하트", negative_prompt="<b>", num_inference_steps=2, seed=9))
    assert settings_from_png(drawn.png()) == drawn.settings
    with pytest.raises(CoreError):
        settings_from_png(b"not a png")
    from core.files.images import to_png

    with pytest.raises(CoreError):
        settings_from_png(to_png(np.zeros((4, 4, 3), np.uint8)))


@pytest.mark.parametrize(("keyword", "program"), [("parameters", "AUTOMATIC1111"), ("workflow", "ComfyUI")])
def test_settings_of_another_program_are_named(keyword: str, program: str) -> None:
    told, file = PngInfo(), io.BytesIO()
    told.add_text(keyword, '{"6": {"class_type": "CLIPTextEncode"}}')
    Image.new("RGB", (4, 4)).save(file, "PNG", pnginfo=told)
    with pytest.raises(CoreError, match=program):
        settings_from_png(file.getvalue())


def test_three_visitors_at_once(sd: StableDiffusion) -> None:
    alone = [drain(sd.steps("cat face", seed=seed, num_inference_steps=4, maps=seed == 1)) for seed in range(3)]
    together: dict[int, Any] = {}

    def visit(seed: int) -> None:
        together[seed] = drain(sd.steps("cat face", seed=seed, num_inference_steps=4, maps=seed == 1))

    visitors = [threading.Thread(target=visit, args=(seed,)) for seed in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    for seed in range(3):
        np.testing.assert_allclose(together[seed].latents, alone[seed].latents, atol=1e-4)  # sums of a shared pass
    np.testing.assert_allclose(together[1].attention, alone[1].attention, atol=1e-6)
    assert together[0].attention is None


def test_stopping_and_deadline(sd: StableDiffusion) -> None:
    run = sd.steps("cat face")
    next(run)
    run.close()
    assert torch.is_grad_enabled()
    *_, done = sd.steps("cat face", deadline=0.0)
    assert done.stopped == "deadline" and done.result.image.size == (16, 16)


def test_gradients_stay_on_for_the_caller(sd: StableDiffusion) -> None:
    for _ in sd.steps("cat face", num_inference_steps=2):
        assert torch.is_grad_enabled()


def test_the_safety_checker_stays_on() -> None:
    pipe = pipeline()

    class Checker(torch.nn.Module):
        device, dtype = torch.device("cpu"), torch.float32

        def forward(self, images: Any, clip_input: Any) -> Any:
            return torch.zeros_like(images), [True]

    class Features:
        def __call__(self, images: Any, return_tensors: str) -> Any:
            return type("Box", (), {"pixel_values": torch.zeros(1), "to": lambda self, device: self})()

    pipe.safety_checker, pipe.feature_extractor = Checker(), Features()
    drawn = drain(StableDiffusion(pipe).steps("cat face", num_inference_steps=2))
    assert drawn.flagged and np.ptp(np.asarray(drawn.image)) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": ""},
        {"prompt": "  \n"},
        {"prompt": "a" * 10_000},
        {"prompt": 5},
        {"prompt": "a", "num_inference_steps": 0},
        {"prompt": "a", "num_inference_steps": 1000},
        {"prompt": "a", "guidance_scale": -1},
        {"prompt": "a", "guidance_scale": 100},
        {"prompt": "a", "seed": "seven"},
        {"prompt": "a", "seed": 1.5},
        {"prompt": "a", "seed": -1},
        {"prompt": "a", "scheduler": "eular"},
        {"prompt": "a", "scheduler": "lcm"},
        {"prompt": "a", "preview": "fast"},
        {"prompt": "a", "strength": 0},
        {"prompt": "a", "blend": 2},
        {"prompt": "a", "image": b"no picture"},
        {"prompt": "a", "windows": ("a", " ")},
        {"prompt": "a", "windows": ("a", 5)},
        {"prompt": "a", "windows": "ab"},
        {"prompt": "a", "windows": ("a",) * 5},
        {"prompt": "a", "windows": ("a", "b"), "prompt_to": "c", "blend": 0.5},
        {"prompt": "a", "windows": ("a", "b"), "image": Image.new("RGB", (16, 16))},
    ],
)
def test_misuse_is_one_clear_error(sd: StableDiffusion, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        next(sd.steps(**wrong))


@pytest.mark.parametrize("prompt", ["<script>alert(1)</script>", "日本語の猫", "\u200b🍎", "ㅋ" * 500, "apple\x00pie"])
def test_strange_prompts_are_drawn(sd: StableDiffusion, prompt: str) -> None:
    assert sd.generate(prompt, num_inference_steps=1, guidance_scale=0).size == (16, 16)


def test_a_moment_of_another_run_is_refused(sd: StableDiffusion) -> None:
    moment = next(sd.steps("cat", num_inference_steps=4)).moment
    with pytest.raises(InvalidInput, match="moment"):
        next(sd.steps("cat", num_inference_steps=5, start=moment))


@pytest.mark.parametrize("make", [pipeline, xl])
def test_one_window_over_everything_is_the_ordinary_picture(make: Callable[[], Any]) -> None:
    sd, wish = StableDiffusion(make()), Settings("red apple", "cat", 3, seed=5)
    one = drain(sd.draw(replace(wish, prompt="not drawn", windows=("red apple",)), preview="none"))
    np.testing.assert_array_equal(one.latents, drain(sd.draw(wish, preview="none")).latents)


@pytest.mark.parametrize("scale", [4.0, 1.0])
def test_each_window_is_denoised_by_its_own_text(sd: StableDiffusion, scale: float) -> None:
    """MultiDiffusion as published: every window takes a DDIM step of its own, and the results are averaged."""
    texts, pipe, generator = ("red apple", "파란 하트"), sd.pipeline, torch.Generator().manual_seed(5)
    latents = torch.randn((1, 4, 8, 15), generator=generator)
    steps = scheduler(pipe, "ddim")
    steps.set_timesteps(4)
    with torch.no_grad():
        read = [pipe.encode_prompt(text, "cpu", 1, True, "cat") for text in texts]
        for t in steps.timesteps:
            total, count = torch.zeros_like(latents), torch.zeros_like(latents)
            for (words, avoid), columns in zip(read, (slice(0, 8), slice(7, 15)), strict=True):
                x = latents[..., columns]
                without, with_ = (pipe.unet(x, t, encoder_hidden_states=each).sample for each in (avoid, words))
                noise = without + scale * (with_ - without) if scale > 1 else with_
                total[..., columns] += steps.step(noise, t, x).prev_sample
                count[..., columns] += 1
            latents = total / count
    wish = Settings("two", "cat", 4, scale, seed=5, scheduler="ddim", windows=texts)
    drawn = drain(sd.draw(wish, preview="none"))
    np.testing.assert_allclose(drawn.latents, latents[0].numpy(), atol=2e-5)
    assert drawn.image.size == (30, 16) and drawn.settings.windows == texts


def test_where_windows_overlap_the_mean_counts() -> None:
    at = windows.starts(3, 8)
    assert at == (0, 7, 14) and windows.width(3, 8) == 22 and windows.starts(2, 64) == (0, 56)
    canvas = torch.arange(22.0).expand(1, 2, 3, 22)
    parts = windows.cut(canvas, at, 8)
    assert parts.shape == (3, 2, 3, 8) and parts[1, 0, 0].tolist() == list(range(7, 15))
    torch.testing.assert_close(windows.joined(parts, at), canvas)
    row = windows.joined(torch.tensor([1.0, 2.0, 6.0])[:, None, None, None].expand(3, 1, 1, 8), at)[0, 0, 0]
    assert row.tolist() == [1.0] * 7 + [1.5] + [2.0] * 6 + [4.0] + [6.0] * 7


def test_windows_are_drawn_beside_others_as_alone() -> None:
    wishes = [Settings("two", num_inference_steps=3, seed=8, windows=("red apple", "cat face")), *SEVERAL[:2]]
    sd, rows = StableDiffusion(pipeline()), list[int]()
    alone = [drain(sd.draw(wish, preview="none")).image for wish in wishes]
    sd.pipeline.unet.register_forward_pre_hook(lambda unet, given: rows.append(len(given[0])))
    events = sd.steps_many(wishes)
    together = {number: event.result.image for number, event in events if isinstance(event, Done)}
    assert all(far(together[number], image) <= 1 for number, image in enumerate(alone))
    assert rows[:3] == [4 + 2 + 1] * 3, "all windows of all drawings in one pass"
    decoded = sd._decoded([torch.zeros(1, 4, 8, 8), torch.zeros(1, 4, 8, 15), torch.ones(1, 4, 8, 8)])
    assert [picture.shape[-1] for picture in decoded] == [16, 30, 16]


def test_the_words_of_a_window_are_looked_at_in_it(sd: StableDiffusion) -> None:
    wish = {"num_inference_steps": 2, "windows": ("빨간 사과", "cat")}
    drawn, alone = (drain(sd.steps("two", maps=maps, **wish)) for maps in (True, False))
    np.testing.assert_allclose(drawn.latents, alone.latents, atol=1e-5)
    assert drawn.words == ("빨간", "사과", "cat") and drawn.attention is not None
    assert drawn.attention.shape == (3, 8, 15)
    assert drawn.attention[:2, :, :8].min() > 0 and drawn.attention[:2, :, 8:].max() == 0
    assert drawn.attention[2, :, 7:].min() > 0 and drawn.attention[2, :, :7].max() == 0


def test_windows_stop_rewind_and_travel_in_the_png(sd: StableDiffusion) -> None:
    wish = Settings("two", num_inference_steps=4, windows=("red apple", "cat"), scheduler="dpm++2m")
    *steps, done = sd.draw(wish)
    assert steps[0].image.shape == (16, 30, 3) and sd.noise(0, 2).shape == (16, 30, 3)
    again = drain(sd.draw(wish, start=steps[1].moment))
    np.testing.assert_allclose(again.latents, done.result.latents, atol=1e-5)
    assert settings_from_png(done.result.png()) == wish
    with pytest.raises(InvalidInput, match="moment"):
        next(sd.draw(replace(wish, windows=()), start=steps[1].moment))


@pytest.fixture(scope="module")
def folder(pipe: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / "tiny"
    pipe.save_pretrained(place)
    return place


def test_a_folder_is_loaded(sd: StableDiffusion, folder: Path) -> None:
    again = StableDiffusion.load(str(folder))
    one, other = (drain(x.steps("red apple", num_inference_steps=2)).latents for x in (sd, again))
    np.testing.assert_array_equal(one, other)
    assert again.parameters == sd.parameters > 10_000
    assert loading.cost(folder).megabytes <= loading.cost(folder).needed


def broken(folder: Path, tmp_path: Path, break_it: Callable[[Path], None]) -> str:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    break_it(copy)
    return str(copy)


@pytest.mark.parametrize("gone", ["unet/diffusion_pytorch_model.safetensors", "model_index.json", "vae/config.json"])
def test_an_incomplete_folder_names_what_is_missing(folder: Path, tmp_path: Path, gone: str) -> None:
    with pytest.raises(InvalidInput, match=gone.split("/")[0]):
        StableDiffusion.load(broken(folder, tmp_path, lambda copy: (copy / gone).unlink()))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_one_missing_tensor_of_any_part_is_named(folder: Path, tmp_path: Path, part: str) -> None:
    from safetensors.torch import load_file

    file = next((folder / part).glob("*.safetensors")).relative_to(folder)
    weights = load_file(folder / file)
    gone = sorted(name for name in weights if name.endswith("weight"))[-1]
    left = {name: value for name, value in weights.items() if name != gone}
    copy = broken(folder, tmp_path, lambda copy: save_file(left, copy / file, metadata={"format": "pt"}))
    with pytest.raises(InvalidInput) as caught:
        StableDiffusion.load(copy)
    assert caught.value.code == "model_incomplete"
    assert caught.value.values["missing"].endswith(gone.removeprefix("text_model."))
    assert caught.value.values["missing"].startswith(f"{part}: ")


def test_no_class_of_another_library_is_made(folder: Path, tmp_path: Path) -> None:
    def rename(copy: Path) -> None:
        index = json.loads((copy / "model_index.json").read_text())
        (copy / "model_index.json").write_text(json.dumps(index | {"unet": ["subprocess", "Popen"]}))

    with pytest.raises(InvalidInput, match="subprocess.Popen"):
        StableDiffusion.load(broken(folder, tmp_path, rename))


@pytest.mark.parametrize("kind", ["bf16", "non_ema"])
def test_weights_under_another_name_alone_are_read(
    sd: StableDiffusion, folder: Path, tmp_path: Path, kind: str
) -> None:
    def rename(copy: Path) -> None:
        file = copy / "unet" / "diffusion_pytorch_model.safetensors"
        file.rename(file.with_name(f"diffusion_pytorch_model.{kind}.safetensors"))

    copy = broken(folder, tmp_path, rename)
    assert loading.variant(Path(copy) / "unet") == kind and loading.variant(Path(copy) / "vae") == ""
    assert loading.cost(Path(copy)).megabytes == loading.cost(folder).megabytes
    drawn = drain(StableDiffusion.load(copy).steps("red apple", num_inference_steps=2))
    np.testing.assert_array_equal(drawn.latents, drain(sd.steps("red apple", num_inference_steps=2)).latents)


def turbo(make: Callable[[], Any], kind: str) -> Any:
    """SD-Turbo's and SDXL-Turbo's settings: one step from the last level, no guidance, their published schedulers."""
    pipe = make()
    pipe.scheduler = getattr(diffusers, kind)(**BETAS, steps_offset=1, timestep_spacing="trailing")
    return pipe


@pytest.mark.parametrize(
    ("make", "kind", "settings"),
    [
        (pipeline, "EulerDiscreteScheduler", Settings("red apple", num_inference_steps=1, guidance_scale=0.0)),
        (xl, "EulerAncestralDiscreteScheduler", Settings("red apple", num_inference_steps=1, guidance_scale=0.0)),
        (
            xl,
            "EulerAncestralDiscreteScheduler",
            Settings("cat face", num_inference_steps=4, guidance_scale=0.0, seed=3),
        ),
    ],
)
def test_turbo_from_shards_in_half_precision(
    make: Callable[[], Any], kind: str, settings: Settings, tmp_path: Path
) -> None:
    """As the Hub has them: every network in several files called ….fp16-00001-of-…, none of them plain."""
    turbo(make, kind).to(torch.float16).save_pretrained(tmp_path, variant="fp16", max_shard_size="50KB")
    for part in ("unet", "vae"):
        assert len(list((tmp_path / part).glob("*.fp16-*-of-*.safetensors"))) > 1
    sd = StableDiffusion.load(str(tmp_path))
    sd.pipeline.to(torch.float32)
    right, calls = counted(sd.pipeline, lambda: theirs_own(sd.pipeline, settings))
    mine, own = counted(sd.pipeline, lambda: drain(sd.draw(settings, preview="none")).image)
    assert far(mine, right) <= 1 and own == calls == settings.num_inference_steps
    whole = {name: value.float() for name, value in turbo(make, kind).to(torch.float16).unet.state_dict().items()}
    assert all(torch.equal(value, whole[name]) for name, value in sd.pipeline.unet.state_dict().items())
    shard = next((tmp_path / "vae").glob("*-00002-of-*"))
    shard.unlink()
    with pytest.raises(InvalidInput, match=f"vae/{shard.name}"):
        StableDiffusion.load(str(tmp_path))


@pytest.mark.filterwarnings("ignore:.*upcast_vae:FutureWarning")  # of the pipeline itself
def test_the_autoencoder_stays_in_half_precision_where_the_pipeline_leaves_it() -> None:
    """Only XL's pipeline decodes in single precision; an autoencoder of 1.x says ``force_upcast`` by default, unheard."""
    wish = Settings("red apple", num_inference_steps=2, guidance_scale=4.0)
    for make, kind in ((pipeline, torch.float16), (xl, torch.float32)):
        pipe = make().to(torch.float16)
        right, made = theirs_own(pipe, wish), drain(StableDiffusion(pipe).draw(wish, preview="none"))
        assert far(made.image, right) <= 1 and pipe.vae.dtype == kind
        assert pipe.vae.config.force_upcast
        assert make is xl or far(theirs_own(pipe, wish), right) == 0, "and the pipeline still works"


def theirs_own(pipe: Any, settings: Settings) -> Image.Image:
    """The picture of ``pipe(...)`` with the sampler it was saved with."""
    dice = torch.Generator().manual_seed(settings.seed)
    how = {"num_inference_steps": settings.num_inference_steps, "guidance_scale": settings.guidance_scale}
    return pipe(settings.prompt, generator=dice, **how).images[0]


def test_an_autoencoder_of_the_old_names_is_whole(sd: StableDiffusion, folder: Path, tmp_path: Path) -> None:
    """Stable Diffusion 1.x' files call the attention query, key, value and proj_attn."""
    from safetensors.torch import load_file

    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def rename(copy: Path) -> None:
        file, found = copy / "vae" / "diffusion_pytorch_model.safetensors", {}
        for name, value in load_file(file).items():
            for new, old in names.items():
                name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
            found[name] = value
        assert any("proj_attn" in name for name in found)
        save_file(found, file, metadata={"format": "pt"})

    drawn = drain(StableDiffusion.load(broken(folder, tmp_path, rename)).steps("red apple", num_inference_steps=2))
    assert far(drawn.image, drain(sd.steps("red apple", num_inference_steps=2)).image) == 0


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (lambda weights: weights | {"conv_in.bias": torch.zeros(3)}, "weights_size", "unet: conv_in.bias"),
        (lambda weights: weights | {"odd.bias": torch.zeros(3)}, "", ""),
    ],
)
def test_a_weight_too_many_or_of_another_size(
    folder: Path, tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], code: str, told: str
) -> None:
    from safetensors.torch import load_file

    def edit(copy: Path) -> None:
        file = copy / "unet" / "diffusion_pytorch_model.safetensors"
        save_file(change(load_file(file)), file, metadata={"format": "pt"})

    copy = broken(folder, tmp_path, edit)
    if not code:
        assert StableDiffusion.load(copy).parameters > 10_000
        return
    with pytest.raises(InvalidInput, match=told) as caught:
        StableDiffusion.load(copy)
    assert caught.value.code == code


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_part_cut_off_on_the_way_is_named(folder: Path, tmp_path: Path, part: str) -> None:
    def cut(copy: Path) -> None:
        file = next((copy / part).glob("*.safetensors"))
        file.write_bytes(file.read_bytes()[:-50])

    with pytest.raises(InvalidInput, match=f"{part}/.*safetensors") as caught:
        StableDiffusion.load(broken(folder, tmp_path, cut))
    assert caught.value.code == "file_damaged"


def test_a_file_the_library_does_not_look_for_is_told(folder: Path, tmp_path: Path) -> None:
    def rename(copy: Path) -> None:
        (copy / "vae" / "diffusion_pytorch_model.safetensors").rename(copy / "vae" / "mine.safetensors")

    with pytest.raises(InvalidInput, match="vae"):
        StableDiffusion.load(broken(folder, tmp_path, rename))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/models/sd15.safetensors", "single_file_model"),
        ("v1-5.ckpt", "single_file_model"),
        ("/no/such/folder", "no_such_folder"),
        ("./models/mine", "no_such_folder"),
        ("~/models/mine", "no_such_folder"),
    ],
)
def test_a_path_that_is_no_folder_is_told(name: str, code: str) -> None:
    from core.lessons.stable_diffusion import studio

    for ask in (StableDiffusion.load, studio.plan):
        with pytest.raises(InvalidInput) as caught:
            ask(name)
        assert caught.value.code == code


def test_a_folder_of_half_precision_files_alone(sd: StableDiffusion, tmp_path: Path) -> None:
    pipeline().to(torch.float16).save_pretrained(tmp_path / "half", variant="fp16")
    half = loading.cost(tmp_path / "half")
    kept = sum(file.stat().st_size for file in (tmp_path / "half").rglob("*.fp16.safetensors")) / 1e6
    assert half.megabytes == round(kept) and half.needed == round(2 * kept * loading.SPARE)
    drawn = drain(StableDiffusion.load(str(tmp_path / "half")).steps("red apple", num_inference_steps=3))
    np.testing.assert_allclose(drawn.latents, drain(sd.steps("red apple", num_inference_steps=3)).latents, atol=2e-2)


def test_every_part_the_index_names_must_be_there(folder: Path, tmp_path: Path) -> None:
    def name(copy: Path) -> None:
        index = json.loads((copy / "model_index.json").read_text())
        index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
        (copy / "model_index.json").write_text(json.dumps(index))

    with pytest.raises(InvalidInput, match="safety_checker"):  # never drawn without the check it was made with
        StableDiffusion.load(broken(folder, tmp_path, name))
    xl().save_pretrained(tmp_path / "xl")
    assert StableDiffusion.load(str(tmp_path / "xl")).size == 16
    for file in (tmp_path / "xl" / "text_encoder_2").glob("*.safetensors"):
        file.unlink()
    with pytest.raises(InvalidInput, match="text_encoder_2"):
        StableDiffusion.load(str(tmp_path / "xl"))


def test_another_kind_of_pipeline_is_refused(folder: Path, tmp_path: Path) -> None:
    def rename(copy: Path) -> None:
        (copy / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')

    with pytest.raises(InvalidInput, match="FluxPipeline"):
        StableDiffusion.load(broken(folder, tmp_path, rename))


def test_too_little_memory_is_said_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "available", lambda: 1)
    monkeypatch.setattr(loading, "cost", lambda _: loading.Cost(4000, 5200, 1000))
    monkeypatch.setattr(loading.runtime, "device", lambda: torch.device("cpu"))
    with pytest.raises(Unavailable, match="5200 MB"):
        StableDiffusion.load(str(folder))


@pytest.mark.parametrize("name", ["", "x" * 400])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InvalidInput):
        StableDiffusion.load(name)


@pytest.mark.slow
@pytest.mark.skipif(not EMOJI.exists(), reason="the emoji weights are not in this checkout")
def test_emoji_equals_its_pipeline() -> None:
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(EMOJI, dtype=torch.float32)
    settings = Settings("빨간 사과", num_inference_steps=20, seed=7)
    latents, picture = theirs(pipe, "ddim", settings)
    drawn = drain(StableDiffusion.load("emoji").draw(settings))
    np.testing.assert_allclose(drawn.latents, latents, atol=1e-5)
    assert np.abs(np.asarray(drawn.image).astype(int) - picture).max() <= 1


def test_the_pieces_of_a_letter_say_which_they_are() -> None:
    """A syllable the tokenizer never met falls into bytes: each piece is shown as a part of it, not as "먕 먕"."""
    cut = CLIPTokenizer.from_pretrained(EMOJI / "tokenizer", local_files_only=True)
    found = prompt_tokens.tokens(cut, "먕먕 빨간 사과")
    assert [(piece.text, piece.part, piece.parts) for piece in found if piece.text == "빨간"] == [("빨간", 1, 1)]
    letter = [piece for piece in found if piece.text == "먕" and piece.word == 0]
    half = len(letter) // 2  # the same syllable twice: told apart
    assert half > 1 and [piece.part for piece in letter] == [*range(1, half + 1)] * 2
    assert {piece.parts for piece in letter} == {half}


SEVERAL = [
    Settings("red apple", num_inference_steps=4, seed=1),
    Settings("파란 하트", num_inference_steps=7, seed=2, guidance_scale=1.0),
    Settings("cat face", num_inference_steps=5, seed=3, scheduler="euler-a", negative_prompt="green apple"),
    Settings("blue heart", num_inference_steps=5, seed=4, scheduler="dpm++2m", guidance_scale=7.0),
]


def far(a: Image.Image, b: Image.Image) -> int:
    return int(np.abs(np.asarray(a, int) - np.asarray(b, int)).max())


@pytest.mark.parametrize("make", [pipeline, xl])
def test_several_at_once_are_drawn_as_each_alone(make: Callable[[], Any]) -> None:
    sd = StableDiffusion(make())
    alone = [list(sd.draw(settings, preview="none")) for settings in SEVERAL]
    rows: list[int] = []
    sd.pipeline.unet.register_forward_pre_hook(lambda unet, given: rows.append(len(given[0])))
    together: list[list[Any]] = [[] for _ in SEVERAL]
    for number, event in sd.steps_many(SEVERAL):
        together[number].append(event)
    for mine, theirs in zip(together, alone, strict=True):
        assert [getattr(e, "step", "done") for e in mine] == [getattr(e, "step", "done") for e in theirs]
        assert far(mine[-1].result.image, theirs[-1].result.image) <= 1
    assert len(rows) == 7 and rows[0] == 7, "as many passes as the longest has steps, all rows in each"


def test_one_of_several_stops_alone() -> None:
    sd, stopped, seen = StableDiffusion(pipeline()), set[int](), list[tuple[int, Any]]()
    for number, event in sd.steps_many(SEVERAL[:3], stopped=stopped):
        seen.append((number, event))
        if number == 1 and event.step == 2:
            stopped.add(1)
    assert [event.step for number, event in seen if number == 1] == [1, 2]
    assert sorted(number for number, event in seen if isinstance(event, Done)) == [0, 2]


def test_while_a_step_is_looked_at_the_next_is_drawn_with_those_of_others() -> None:
    sd = StableDiffusion(pipeline())
    alone = [drain(sd.draw(replace(settings, num_inference_steps=4), preview="none")) for settings in SEVERAL[2:]]
    rows: list[int] = []
    sd.pipeline.unet.register_forward_pre_hook(lambda unet, given: rows.append(len(given[0])))
    first, second = (sd.draw(replace(settings, num_inference_steps=4), preview="none") for settings in SEVERAL[2:])
    one, other = next(first), next(second)
    for _ in range(3):
        one, other = next(first), next(second)  # one thread: nobody is at work while the other is asked
        assert one.step == other.step
    assert rows == [2, 4, 4, 4, 2], "the second came one pass later"
    assert [far(drain(run).image, each.image) <= 1 for run, each in zip((first, second), alone, strict=True)] == [
        True
    ] * 2
    third = sd.draw(SEVERAL[0], preview="none")
    next(third)
    third.close()
    assert not sd._answers._waiting, "who stopped asks no more"


def test_words_are_read_once() -> None:
    sd, read = StableDiffusion(pipeline()), []
    sd.pipeline.text_encoder.register_forward_pre_hook(lambda *given: read.append(1))
    first = drain(sd.draw(SEVERAL[2], preview="none"))
    count = len(read)
    assert count and far(drain(sd.draw(SEVERAL[2], preview="none")).image, first.image) == 0
    np.testing.assert_array_equal(sd.vectors("red apple"), sd.vectors("red apple"))
    assert len(read) == count + 2, "another prompt, and what is to be avoided beside it"
    for number in range(50):
        sd.vectors(str(number))
    assert len(sd._texts) == 32


def test_visitors_in_threads_share_the_passes_and_get_their_own_pictures() -> None:
    sd = StableDiffusion(pipeline())
    alone = [drain(sd.draw(settings, preview="none")).image for settings in SEVERAL]
    rows: list[int] = []
    sd.pipeline.unet.register_forward_pre_hook(lambda unet, given: rows.append(len(given[0])))
    sd._answers._last, sd._answers.patience = 0.2, 5.0  # whoever attends is waited for
    start, made = threading.Barrier(len(SEVERAL)), dict[int, Any]()

    def visit(number: int) -> None:
        events = sd.draw(SEVERAL[number], preview="none")
        with sd._answers.attending():  # all are there before the first asks
            start.wait(60)
            made[number] = drain(events).image

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(len(SEVERAL))]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(120)
    assert all(far(made[number], image) <= 1 for number, image in enumerate(alone))
    assert max(rows) > 2, "nobody shared a pass"

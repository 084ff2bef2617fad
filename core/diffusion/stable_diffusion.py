"""Stable Diffusion, its denoising loop unrolled: prompt → tokens → vectors → noise → steps → picture.

The parts are diffusers' and transformers' own; the loop is ours, because a pipeline cannot yield. It gives what
``pipe(...)`` gives with the same generator, by whatever sampler the weights came with (the tests compare), or refuses.
Drawings that are under way at the same time share the denoiser's passes (batch.py), also across threads; so do the windows
of a drawing that has several (windows.py).
Works for Stable Diffusion 1.x, 2.x, XL and Turbo.
Left out: inpainting, ControlNet, LoRA.
Sources: Rombach et al. 2022 (latent diffusion, arXiv:2112.10752); Ho & Salimans 2022 (guidance, arXiv:2207.12598).
"""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core import runtime
from core.diffusion import attention_maps, batch, loading, prompt_tokens, samplers, windows
from core.diffusion import preview as sd_preview
from core.diffusion.settings import DenoiseStep, Drawn, Moment, Settings
from core.errors import InvalidInput, checking
from core.events import Deadline, Done, drain
from core.files import images
from core.together import Together

KEPT_TEXTS = 32  # whose vectors are kept: 0.5 MB each in Stable Diffusion 1.5
Course = Generator[Any, Any, None]  # a drawing on its way: events, and an Ask wherever it needs the denoiser's answer


@dataclass(slots=True)
class _Run:
    """The live tensors of one run."""

    scheduler: Any
    generator: torch.Generator
    conditions: dict[str, Any]
    guided: bool
    latents: Tensor  # (1, C, h, W)
    extra: dict[str, Any]
    at: tuple[int, ...]  # left column of each window; (0,) is the whole canvas


class StableDiffusion:
    """A Stable Diffusion and the loop over it.

    >>> sd = StableDiffusion.load("emoji"); image = sd.generate("red apple", seed=0)
    """

    def __init__(self, pipeline: Any, name: str = "", folder: Path | None = None) -> None:
        self.pipeline, self.name = pipeline, name
        self.schedulers = samplers.choices(pipeline)
        self.size = pipeline.unet.config.sample_size * pipeline.vae_scale_factor  # pixels, both ways
        self._preview = sd_preview.Preview(pipeline, folder)
        self._taught_names = folder is not None and (folder / "clip" / "heads.safetensors").is_file()
        self._texts: OrderedDict[tuple[str, str], tuple[Any, ...]] = OrderedDict()
        self._reading = threading.Lock()  # a tokenizer keeps its padding as state: one visitor at a time
        self._answers = Together[batch.Ask, Tensor](lambda asks: batch.answered(pipeline.unet, asks), batch.MOST)
        self._pictures = Together[Tensor, Tensor](self._decoded, batch.MOST, patience=0)
        attention_maps.install(pipeline.unet)

    @classmethod
    def load(cls, name: str = "emoji") -> StableDiffusion:
        """Weights that ship, a folder in diffusers' layout, or a Hub id. Raises InvalidInput or Unavailable."""
        folder = loading.place(name)
        return cls(loading.load(folder), name, folder)

    @property
    def sketches(self) -> bool:
        """Whether previews of kind "quick" are whole pictures, by a sketch of the autoencoder that these weights bring."""
        return self._preview.sketch is not None

    @property
    def parameters(self) -> int:
        parts = (part for part in self.pipeline.components.values() if isinstance(part, torch.nn.Module))
        return sum(p.numel() for part in parts for p in part.parameters())

    def understood(self, prompt: str) -> str:
        """What is drawn for a prompt: the nearest name these weights were taught, or, for all others, the prompt itself.

        The shipped weights learnt to draw 1,410 names; what other words mean is looked up (core/language/known_names.py).
        """
        if not self._taught_names or not prompt.strip():
            return prompt
        from core.language.known_names import KnownNames

        return KnownNames.load().meaning(prompt).name

    def things(self, prompt: str) -> tuple[str, ...]:
        """The two or three things a prompt names, for ``Settings.windows``; () if it names one, or weights read whole prompts.

        One text vector of the shipped weights holds one thing: asked for two, they draw one (core/language/several_things.py).
        """
        if not self._taught_names or not prompt.strip():
            return ()
        from core.language.several_things import several_things

        return several_things(prompt)

    def generate(self, prompt: str, image: images.Source | None = None, **settings: Any) -> Image.Image:
        """The finished picture. Keywords are those of Settings; ``image`` is a picture to start from."""
        return drain(self.draw(Settings(prompt, **settings), image, preview="none")).image

    def steps(
        self, prompt: str, image: images.Source | None = None, **settings: Any
    ) -> Iterator[DenoiseStep | Done[Drawn]]:
        """The same run, streamed: DenoiseSteps, then Done(Drawn). It also takes the keywords of ``draw``."""
        how = {
            name: settings.pop(name) for name in ("preview", "guides", "maps", "start", "deadline") if name in settings
        }
        return self.draw(Settings(prompt, **settings), image, **how)

    def draw(
        self,
        settings: Settings,
        image: images.Source | None = None,
        *,
        preview: str = "decode",
        guides: bool = False,
        maps: bool = False,
        start: Moment | None = None,
        deadline: float | None = None,
    ) -> Iterator[DenoiseStep | Done[Drawn]]:
        """Draw one picture, step by step.

        Args:
            image: start from this picture under noise of ``settings.strength`` instead of from pure noise; of one that
                is no square the middle is taken, so that nothing in it is squeezed (a pipeline would).
            preview: "decode" shows each step through the autoencoder, "quick" by a sketch of it, "none" not at all.
            guides: also show what each step would predict without the words and with the words alone.
            maps: record the cross-attention; ``Drawn.attention`` then says where each word was looked at.
            start: go on from this moment of an earlier run, with the settings given now: a branch.
            deadline: seconds after which the run stops and shows what it has.
        """
        with checking() as check:
            check.one_of("preview", preview, sd_preview.KINDS)
        samplers.checked(self.pipeline, settings.scheduler)
        if settings.windows and image is not None:
            raise InvalidInput("windows_alone")
        return self._drawn(self._course(settings, image, preview, guides, maps, start, Deadline(deadline)))

    def steps_many(
        self,
        settings: Sequence[Settings],
        *,
        preview: str = "none",
        deadline: float | None = None,
        stopped: Collection[int] = (),
    ) -> Iterator[tuple[int, DenoiseStep | Done[Drawn]]]:
        """Draw several pictures at once, each as it would be alone: (its number, its event), a step of each in turn.

        Own words, seeds, steps, guidance and samplers; every pass of the denoiser answers all of them. ``stopped``: numbers
        of drawings that are to end now; the caller may add to it on the way (a set), and the others go on.
        """
        with checking() as check:
            check.one_of("preview", preview, sd_preview.KINDS)
        for each in settings:
            samplers.checked(self.pipeline, each.scheduler)
        clock = Deadline(deadline)
        courses = {n: self._course(s, None, preview, False, False, None, clock) for n, s in enumerate(settings)}
        return self._side_by_side(courses, stopped)

    def _drawn(self, course: Course) -> Iterator[DenoiseStep | Done[Drawn]]:
        """One drawing; others of this moment, in other threads, are answered with it.

        A step is shown only when the next is asked for: while somebody looks at it, the others' pass takes that in.
        """
        with closing(course), self._answers.attending():
            item, step = next_of(course, None), None
            while item is not None:
                asked = self._answers.ask(item) if isinstance(item, batch.Ask) else None
                try:
                    if step is not None:
                        yield step
                    answer = self._answers.answer(asked) if asked else None
                finally:
                    if asked and not asked.done:
                        self._answers.forget(asked)
                step = None if asked else item
                item = next_of(course, answer)
            if step is not None:
                yield step

    def _side_by_side(
        self, courses: dict[int, Course], stopped: Collection[int]
    ) -> Iterator[tuple[int, DenoiseStep | Done[Drawn]]]:
        answers: dict[int, Any] = dict.fromkeys(courses)
        try:
            while courses:
                asks: dict[int, batch.Ask] = {}
                for n, course in list(courses.items()):
                    while n in courses and n not in asks:
                        item = None if n in stopped else next_of(course, answers.pop(n, None))
                        if item is None:
                            courses.pop(n).close()
                        elif isinstance(item, batch.Ask):
                            asks[n] = item
                        else:
                            yield n, item
                waiting = list(asks)
                for start in range(0, len(waiting), batch.MOST):
                    part = waiting[start : start + batch.MOST]
                    found = batch.answered(self.pipeline.unet, [asks[n] for n in part])
                    answers |= zip(part, found, strict=True)
        finally:
            for course in courses.values():
                course.close()

    def _course(
        self, s: Settings, image: Any, preview: str, guides: bool, maps: bool, start: Moment | None, clock: Deadline
    ) -> Course:
        run, times = self._begin(s, image)
        side = self.pipeline.unet.config.sample_size
        seen = [attention_maps.Maps((side, side)) for _ in run.at] if maps else []
        first, total, stopped = 0, len(times), None
        if start is not None:
            self._continue(run, start, total)
            first = start.step
        for step in range(first, total):
            prediction, halves, x = yield from self._predict(run, times[step], s.guidance_scale, seen)
            out = run.scheduler.step(prediction, times[step], run.latents, **run.extra)
            run.latents = out.prev_sample
            clean = samplers.clean(run.scheduler, out, x, prediction, times[step]).to(run.latents)
            frames = self._preview.show(torch.cat([run.latents, clean]), preview)
            pair = self._guides(run.scheduler, x, halves, times[step], preview) if guides and halves else None
            memory = samplers.snapshot(run.scheduler, run.generator)
            moment = Moment(step + 1, total, _numpy(run.latents), memory)
            yield DenoiseStep(step + 1, total, float(times[step]), *frames, moment, pair)
            if clock.expired and step + 1 < total:
                stopped = "deadline"
                break
        picture, flagged = self._decode(run.latents)
        words, attention = self._attention(s.texts, run.at, seen) if seen else ((), None)
        yield Done(Drawn(picture, s, _numpy(run.latents), flagged, words, attention), clock.elapsed, stopped)

    def _attention(
        self, texts: Sequence[str], at: Sequence[int], seen: list[attention_maps.Maps]
    ) -> tuple[tuple[str, ...], np.ndarray]:
        """The words of all windows, and for each where on the canvas it was looked at: nowhere outside its window."""
        names, fields = list[str](), []
        for text, start, maps in zip(texts, at, seen, strict=True):
            read = self.understood(text)
            words, found = prompt_tokens.attention(self.tokens(read), read, maps)
            side = found.shape[-1]
            names += words
            fields.append(np.pad(found, ((0, 0), (0, 0), (start, at[-1] - start)))[..., : at[-1] + side])
        return tuple(names), np.concatenate(fields)

    @torch.no_grad()
    def _begin(self, s: Settings, image: Any) -> tuple[_Run, Tensor]:
        """Words → vectors, seed → noise (or picture → noisy latents), sampler → its times."""
        pipe, device = self.pipeline, self.pipeline._execution_device
        guided = s.guidance_scale > 1 and pipe.unet.config.time_cond_proj_dim is None
        conditions = self._conditions(s, guided)
        scheduler, generator = samplers.make(pipe, s.scheduler), runtime.generator(s.seed)
        samplers.set_steps(scheduler, s.num_inference_steps, device)
        times = scheduler.timesteps
        dtype = conditions["encoder_hidden_states"].dtype
        if image is None:
            side = pipe.unet.config.sample_size
            shape = (1, pipe.unet.config.in_channels, side, windows.width(len(s.texts), side))
            latents = _randn(shape, generator, device, dtype) * scheduler.init_noise_sigma
        else:
            skip = max(s.num_inference_steps - int(s.num_inference_steps * s.strength), 0)
            skip = min(skip, s.num_inference_steps - 1)
            times = times[skip * scheduler.order :]
            if hasattr(scheduler, "set_begin_index"):
                scheduler.set_begin_index(skip * scheduler.order)
            clean = self._encode(image, generator, dtype)
            latents = scheduler.add_noise(clean, _randn(clean.shape, generator, device, dtype), times[:1])
        accepted = inspect.signature(scheduler.step).parameters
        extra: dict[str, Any] = {"generator": generator} if "generator" in accepted else {}
        extra |= {"eta": 0.0} if "eta" in accepted else {}  # as the pipeline asks for
        at = windows.starts(len(s.texts), pipe.unet.config.sample_size)
        return _Run(scheduler, generator, conditions, guided, latents, extra, at), times

    def _conditions(self, s: Settings, guided: bool) -> dict[str, Any]:
        """What the UNet is told beside the noisy latents: text vectors and, for XL, pooled vectors and sizes; a row a window."""
        pipe, device = self.pipeline, self.pipeline._execution_device
        read = [self._read(self.understood(text), s.negative_prompt) for text in s.texts]
        own: tuple[Any, ...] = tuple(
            None if parts[0] is None else torch.cat(parts) for parts in zip(*read, strict=True)
        )
        far = self._read(self.understood(s.prompt_to), s.negative_prompt) if s.prompt_to and s.blend else None
        if far is not None:
            own = tuple(a if a is None else torch.lerp(a, b, s.blend) for a, b in zip(own, far, strict=True))
        join = (lambda a, b: torch.cat([b, a])) if guided else (lambda a, b: a)
        conditions: dict[str, Any] = {"encoder_hidden_states": join(own[0], own[1])}
        if len(own) == 4:
            size = (self.size, self.size)
            wide = pipe.text_encoder_2.config.projection_dim
            ids = pipe._get_add_time_ids(size, (0, 0), size, dtype=own[0].dtype, text_encoder_projection_dim=wide)
            pooled = join(own[2], own[3])
            conditions["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": ids.to(device).repeat(len(pooled), 1)}
        if pipe.unet.config.time_cond_proj_dim is not None:
            scale = torch.tensor([s.guidance_scale - 1])
            embedding = pipe.get_guidance_scale_embedding(scale, embedding_dim=pipe.unet.config.time_cond_proj_dim)
            conditions["timestep_cond"] = embedding.to(device, own[0].dtype).repeat(len(s.texts), 1)
        return conditions

    def _read(self, text: str, negative: str) -> tuple[Any, ...]:
        """The vectors of a text and of the text to avoid, (1, T, D) each; for XL also those of all words, (1, D) each.

        The latest are kept: a class draws the same words again and again, and each drawing asks more than once.
        """
        pipe, known = self.pipeline, (text, negative)
        with self._reading:
            if known not in self._texts:
                self._texts[known] = tuple(pipe.encode_prompt(text, device=pipe._execution_device,
                    num_images_per_prompt=1, do_classifier_free_guidance=True,
                    negative_prompt=negative or None))  # fmt: skip
                while len(self._texts) > KEPT_TEXTS:
                    self._texts.popitem(last=False)
            self._texts.move_to_end(known)
            return self._texts[known]

    def _continue(self, run: _Run, start: Moment, total: int) -> None:
        if start.total != total or start.latents.shape != run.latents.shape[1:] or start.step >= total:
            raise InvalidInput("moment_mismatch", expected=start.total)
        run.latents = torch.from_numpy(start.latents.copy())[None].to(run.latents)
        samplers.restore(run.scheduler, run.generator, start.memory, run.latents)
        if hasattr(run.scheduler, "set_begin_index"):
            skipped = len(run.scheduler.timesteps) - total
            run.scheduler.set_begin_index(skipped + start.step)

    def _predict(
        self, run: _Run, t: Tensor, scale: float, maps: list[attention_maps.Maps]
    ) -> Generator[batch.Ask, Tensor, tuple[Tensor, tuple[Tensor, Tensor] | None, Tensor]]:
        """The UNet's answer (guided: without words + scale · (with words − without)), its two halves, what it saw.

        Each window is answered for its own text; where windows overlap, the mean of their answers counts.
        """
        x = run.scheduler.scale_model_input(run.latents, t)  # (1, C, h, W)
        parts = windows.cut(x, run.at, self.pipeline.unet.config.sample_size)
        rows = torch.cat([parts] * 2) if run.guided else parts
        if maps:
            answer = yield from self._recorded(run, rows, t, maps)
        else:
            answer = yield batch.Ask(rows, t, run.conditions)
        if not run.guided:
            return windows.joined(answer, run.at), None, x
        without, with_words = (windows.joined(half, run.at) for half in answer.chunk(2))
        return without + scale * (with_words - without), (without, with_words), x

    def _recorded(
        self, run: _Run, rows: Tensor, t: Tensor, maps: list[attention_maps.Maps]
    ) -> Generator[batch.Ask, Tensor, Tensor]:
        """The answer for all rows, asked window by window: each has its own maps of the attention."""
        answer = torch.empty_like(rows)
        for number, own in enumerate(maps):
            mine = slice(number, None, len(maps))  # without words, with words
            answer[mine] = yield batch.Ask(rows[mine], t, batch.picked(run.conditions, mine), own)
        return answer

    def _guides(self, scheduler: Any, x: Tensor, halves: tuple[Tensor, Tensor], t: Tensor, preview: str) -> Any:
        """Both halves of a guided step as the clean pictures they would predict alone."""
        return self._preview.show(torch.cat([samplers.implied(scheduler, x, half, t) for half in halves]), preview)

    @torch.no_grad()
    def _decoded(self, latents: list[Tensor]) -> list[Tensor]:
        return batch.by_shape(latents, lambda part: self.pipeline.vae.decode(part, return_dict=False)[0])

    @torch.no_grad()
    def _decode(self, latents: Tensor) -> tuple[Image.Image, bool]:
        pipe = self.pipeline
        wide = getattr(pipe, "text_encoder_2", None) is not None and pipe.vae.config.force_upcast  # the default says so
        if wide and pipe.vae.dtype == torch.float16:
            pipe.vae.to(torch.float32)  # XL's autoencoder overflows in half precision
        scaled = latents.to(pipe.vae.dtype) / pipe.vae.config.scaling_factor
        picture, flags = self._pictures(scaled), None
        if getattr(pipe, "safety_checker", None) is not None:
            picture, flags = pipe.run_safety_checker(picture, picture.device, latents.dtype)
        pipe.maybe_free_model_hooks()
        done = pipe.image_processor.postprocess(picture, output_type="pil", do_denormalize=[not (flags and flags[0])])
        return done[0], bool(flags and flags[0])

    def _encode(self, image: Any, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """A picture as clean latents (1, C, h, w)."""
        pipe = self.pipeline
        whole = Image.fromarray(middle(images.read(image).pixels))
        picture = whole.resize((self.size, self.size), Image.Resampling.LANCZOS)
        x = pipe.image_processor.preprocess(picture).to(pipe._execution_device, pipe.vae.dtype)  # (1, 3, H, W) in -1..1
        coded = pipe.vae.encode(x)
        z = coded.latent_dist.sample(generator) if hasattr(coded, "latent_dist") else coded.latents
        return (pipe.vae.config.scaling_factor * z).to(dtype)

    def tokens(self, prompt: str) -> list[prompt_tokens.Token]:
        """The prompt as the text encoder reads it, piece by piece."""
        with self._reading:
            return prompt_tokens.tokens(self.pipeline.tokenizer, prompt)

    @torch.no_grad()
    def vectors(self, *prompts: str) -> np.ndarray:
        """The text vectors the UNet looks at, (T, D) float32; those of several windows below each other."""
        wish = Settings(prompts[0], guidance_scale=0.0, windows=prompts)
        return _numpy(self._conditions(wish, guided=False)["encoder_hidden_states"].flatten(0, 1)[None])

    def canvas(self, count: int = 1) -> tuple[int, int]:
        """Width and height, in pixels, of a picture of so many windows."""
        columns = windows.width(count, self.pipeline.unet.config.sample_size)
        return columns * self.pipeline.vae_scale_factor, self.size

    def noise(self, seed: int, count: int = 1) -> np.ndarray:
        """The picture of pure noise a run with this seed and ``count`` windows starts from, (H, W, 3) uint8."""
        pipe, side = self.pipeline, self.pipeline.unet.config.sample_size
        shape = (1, pipe.unet.config.in_channels, side, windows.width(count, side))
        z = _randn(shape, runtime.generator(seed), pipe._execution_device, pipe.unet.dtype)
        return self._preview.show(torch.cat([z, z]), "decode")[0]

    def latents(self, image: images.Source) -> np.ndarray:
        """A picture through the encoder, (C, h, w) float32."""
        with torch.no_grad():
            return _numpy(self._encode(image, runtime.generator(0), torch.float32))


def next_of(course: Course, answer: Any) -> Any:
    """What a drawing says or asks next; None at its end."""
    try:
        return course.send(answer)
    except StopIteration:
        return None


def middle(pixels: np.ndarray) -> np.ndarray:
    """The largest square in the middle of a picture (H, W, 3).

    >>> middle(np.zeros((180, 320, 3), np.uint8)).shape
    (180, 180, 3)
    """
    side = min(pixels.shape[:2])
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def _randn(shape: Any, generator: torch.Generator, device: Any, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=dtype).to(device)


def _numpy(x: Tensor) -> np.ndarray:
    return x[0].float().cpu().numpy().copy()

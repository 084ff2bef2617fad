"""What goes into a run of Stable Diffusion and what comes out: settings, steps, moments to branch from, the picture.

Plain values and numpy arrays only (events.py). Left out: how they are made (stable_diffusion.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np
from PIL import Image

from core.diffusion import choices, png_settings
from core.diffusion.samplers import Memory
from core.errors import InvalidInput, checking, register

register(
    {
        "empty_prompt": "The prompt is empty. Write at least one word.",
        "prompt_too_long": "{name} has {received} characters; at most {most} are read. Shorten it.",
        "too_many_windows": "{received} windows are too many; at most {most} stand side by side.",
        "windows_alone": "Windows go neither with a picture to start from nor with a second prompt. Leave one of the two out.",
        "moment_mismatch": "This moment belongs to a run of {expected} steps with another size. Start again.",
    }
)

LONGEST_PROMPT = 2000  # characters; the text encoder reads far fewer tokens


@dataclass(frozen=True, slots=True)
class Settings:
    """All that decides a picture. Plain values: shown in the code, stored in the PNG.

    ``windows``: texts for windows side by side, left to right, each drawn by its own text on one wide canvas
    (windows.py); the prompt is then not drawn. () is one picture of the prompt. ``StableDiffusion.things`` finds them.
    """

    prompt: str
    negative_prompt: str = ""
    num_inference_steps: int = int(choices.DENOISE_STEPS.default)
    guidance_scale: float = choices.GUIDANCE.default  # up to 1: no guidance, one pass of the UNet a step
    seed: int = int(choices.SEED.default)
    scheduler: str = ""  # "": the one the weights came with
    strength: float = choices.STRENGTH.default  # of the noise laid over a start picture
    prompt_to: str = ""  # interpolation: a second prompt, and how far to go to it
    blend: float = 0.0
    windows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.windows, list):  # as JSON has it
            object.__setattr__(self, "windows", tuple(self.windows))
        windows = self.windows if isinstance(self.windows, tuple) else (None,)
        texts = [(name, getattr(self, name)) for name in ("prompt", "negative_prompt", "prompt_to")]
        with checking() as check:
            for name, text in (*texts, *(("windows", text) for text in windows)):
                if not isinstance(text, str):
                    check.add("not_one_of", name=name, choices="text", received=type(text).__name__, hint="")
                elif len(text) > LONGEST_PROMPT:
                    check.add("prompt_too_long", name=name, received=len(text), most=LONGEST_PROMPT)
            if any(isinstance(text, str) and not text.strip() for text in (self.prompt, *windows)):
                check.add("empty_prompt")
            if len(windows) > choices.WINDOWS:
                check.add("too_many_windows", received=len(windows), most=choices.WINDOWS)
            if windows and self.prompt_to:
                check.add("windows_alone")
            check.within("num_inference_steps", self.num_inference_steps, choices.DENOISE_STEPS)
            check.within("guidance_scale", self.guidance_scale, choices.GUIDANCE)
            check.within("seed", self.seed, choices.SEED)
            check.within("strength", self.strength, choices.STRENGTH)
            check.between("blend", self.blend, 0, 1)

    @property
    def texts(self) -> tuple[str, ...]:
        """What is drawn, a text for each window."""
        return self.windows or (self.prompt,)


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything needed to go on from the middle of a run, also with another prompt."""

    step: int
    total: int
    latents: np.ndarray  # (C, h, w) float32
    memory: Memory


@dataclass(frozen=True, slots=True)
class DenoiseStep:
    """One step of the loop. Pictures are (H, W, 3) uint8; by preview "quick" of the latents' size, by "none" empty."""

    step: int  # 1..total
    total: int
    t: float  # noise level the step started from, 999 (noise) .. 0
    image: np.ndarray  # the latents after the step, decoded
    predicted: np.ndarray  # the clean picture predicted in this step
    moment: Moment
    guided: tuple[np.ndarray, np.ndarray] | None = None  # predicted without the words, and with the words alone


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished picture."""

    image: Image.Image
    settings: Settings
    latents: np.ndarray  # (C, h, w) float32
    flagged: bool  # the pipeline's own safety checker blanked it
    words: tuple[str, ...] = ()
    attention: np.ndarray | None = None  # (words, h, w) float32; over all words and pads a place sums to 1

    def png(self) -> bytes:
        """The picture as PNG, its settings inside."""
        return png_settings.write(self.image, asdict(self.settings))


def settings_from_png(source: bytes | str) -> Settings:
    """The settings in a PNG that ``Drawn.png`` wrote. Unknown names are ignored; every value is checked."""
    known = {field.name for field in fields(Settings)}
    found = {name: value for name, value in png_settings.read(source).items() if name in known}
    if "prompt" not in found:
        raise InvalidInput("no_settings")
    return Settings(**found)

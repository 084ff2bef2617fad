"""A sentence about a picture, written by a model: GIT, BLIP or any encoder-decoder of transformers, when one can be had.

None ships here: ``available`` says whether one is on this machine, ``steps`` fetches it when asked. Without one the
nearest names are looked up (multimodal.names_of). Left out: Korean sentences, of which no small model is known; questions about
a picture. Source: Wang et al. 2022, "GIT: A Generative Image-to-text Transformer" (arXiv:2205.14100).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from core import runtime
from core.errors import InvalidInput, register, shown
from core.events import Deadline, Done, Progress
from core.files import images
from core.pretrained import resolve, whole

if TYPE_CHECKING:
    import torch

register(
    {
        "not_captioner": "{name} is a {received}; it writes no captions. Choose one of {choices}.",
    }
)

HUB = "microsoft/git-base"  # 707 MB, English
KINDS = ("git", "blip", "vision-encoder-decoder")
UNUSED = ("encoder.pooler.",)  # TrOCR's files lack it; what is written looks at the patches
LONGEST = 30  # tokens of a caption
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Caption:
    """What a model wrote."""

    text: str
    model: str
    parameters: int


class Captioner:
    """A model that looks at a picture and writes, token by token, what is on it."""

    def __init__(self, model: Any, tokenizer: Any, processor: Any, name: str = "") -> None:
        self.model, self.tokenizer, self.processor, self.name = model.eval(), tokenizer, processor, name

    @classmethod
    def load(cls, name: str = HUB) -> Captioner:
        """A Hub id or folder, loaded once for all visitors. Raises InvalidInput or Unavailable."""
        with _LOADING:
            return _loaded(_checked(name))

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    def write(self, picture: images.Source) -> Caption:
        """One sentence, greedily decoded."""
        import torch

        image = Image.fromarray(images.read(picture, max_side=512).pixels)
        x = self.processor(images=[image], return_tensors="pt").pixel_values.to(self.model.device)  # (1, 3, H, W)
        with torch.no_grad():
            ids = self.model.generate(pixel_values=x, max_new_tokens=LONGEST, do_sample=False, num_beams=1)
        text = self.tokenizer.batch_decode(ids, skip_special_tokens=True)[0].strip()
        return Caption(text, self.name, self.parameters)


def _checked(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > 250:
        raise InvalidInput("not_captioner", name=shown(name), received="?", choices=", ".join(KINDS))
    return name.strip()


@functools.lru_cache(maxsize=1)
def _loaded(name: str) -> Captioner:
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

    folder = resolve.resolve(name, kind="captions").path
    kind = whole.settings(folder, shown(name)).model_type
    if kind not in KINDS:
        raise InvalidInput("not_captioner", name=shown(name), received=kind, choices=", ".join(KINDS))
    with runtime.MAKING:
        model: torch.nn.Module = whole.opened(
            AutoModelForImageTextToText, folder, shown(name), unused=UNUSED, dtype=torch.float32
        )
    tokenizer = whole.reader(AutoTokenizer, folder, shown(name))
    processor = whole.reader(AutoImageProcessor, folder, shown(name))
    return Captioner(model.to(runtime.device()), tokenizer, processor, name)


def available(name: str = HUB) -> bool:
    """Whether the model is on this machine; nothing is fetched for this."""
    return resolve.nearby(name, "captions") is not None


def steps(picture: images.Source, name: str = HUB) -> Iterator[Progress | Done[Caption]]:
    """Fetch the model if need be, with progress, open it, and write one sentence about the picture."""
    clock, name = Deadline(), _checked(name)
    images.read(picture, max_side=512)  # a bad picture is refused before anything is fetched
    yield from resolve.located(name, "captions")
    yield Progress("load", 0, 0, name)
    yield Done(Captioner.load(name).write(picture), clock.elapsed)

"""Typographic attack: a word, or a little picture, put onto a picture, and what that does to a model's answer.

A CLIP trained on pictures from the web has learnt to read, so a label "iPod" on an apple makes it an iPod. One trained
on emoji never read a letter; a sticker fools it instead. Measured here on any model.
Source: Goh et al. 2021, "Multimodal Neurons in Artificial Neural Networks".
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.errors import InvalidInput, checking, register
from core.files import images
from core.lessons.multimodal import choices
from core.lessons.multimodal.space import DEFAULT, model, picture_named, zero_shot

register({"no_letters": "No font for these letters was found on this machine. Write the word in Latin letters."})

LONGEST = 20  # letters
# Fonts with Hangul that come with systems, tried in turn.
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "C:/Windows/Fonts/malgun.ttf",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """The answer before and after. ``control``: the same strip without letters; if it changes as much, nothing was read."""

    before: np.ndarray  # (labels,) shares that sum to 1
    after: np.ndarray
    picture: np.ndarray  # (H, W, 3) uint8: what it was shown
    aimed: int  # the label nearest to what was put on the picture
    control: np.ndarray | None = None  # (labels,); None for a sticker

    @property
    def moved(self) -> bool:
        """Whether the first place changed."""
        return bool(self.before.argmax() != self.after.argmax())

    @property
    def fooled(self) -> bool:
        """Whether it changed to what was put on the picture; another right name for the picture is no deceit."""
        return self.moved and int(self.after.argmax()) == self.aimed


@functools.cache
def _font(size: int, hangul: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if not hangul:
        return ImageFont.load_default(size)
    found = next((path for path in FONTS if Path(path).is_file()), None)
    if found is None:
        raise InvalidInput("no_letters")
    return ImageFont.truetype(found, size)


def written(picture: images.Source, word: str, letters: bool = True) -> np.ndarray:
    """The word in black on a white strip across the lower middle; (H, W, 3) uint8, 256 pixels or more on a side."""
    word = word.strip() if isinstance(word, str) else ""
    if not word:
        raise InvalidInput("empty", name="word", least=1)
    if len(word) > LONGEST or not word.isprintable():
        raise InvalidInput("too_many", name="characters", most=LONGEST, received=len(word))
    image = Image.fromarray(images.read(picture, max_side=512).pixels)
    scale = max(1, -(-256 // min(image.size)))
    image = image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)
    size, hangul = image.width // 4, any(ord(letter) > 0x24F for letter in word)
    left, top, right, bottom = ImageDraw.Draw(image).textbbox((0, 0), word, font=_font(size, hangul))
    size = max(8, min(size, round(size * 0.86 * image.width / max(right - left, 1))))
    draw, font = ImageDraw.Draw(image), _font(size, hangul)
    left, top, right, bottom = draw.textbbox((0, 0), word, font=font)
    x, y = (image.width - (right - left)) / 2, image.height * 0.66 - (bottom - top) / 2
    edge = size * 0.2
    draw.rectangle(
        (x - edge, y - edge, x + right - left + edge, y + bottom - top + edge), fill="white", outline="black"
    )
    if letters:
        draw.text((x - left, y - top), word, fill="black", font=font)
    return np.array(image)


def stuck(picture: images.Source, sticker: images.Source, share: float = choices.SHARE.default) -> np.ndarray:
    """A small picture in the lower right corner, ``share`` of the side wide; (H, W, 3) uint8."""
    with checking() as check:
        check.within("share", share, choices.SHARE)
    image = Image.fromarray(images.read(picture, max_side=512).pixels)
    side = max(1, round(share * min(image.size)))
    small = Image.fromarray(images.read(sticker).pixels).resize((side, side), Image.Resampling.LANCZOS)
    image.paste(small, (image.width - side, image.height - side))
    return np.array(image)


def attack(
    picture: images.Source, labels: Sequence[str], *, word: str = "", sticker: str = "", share: float = choices.SHARE.default,
    name: str = DEFAULT,
) -> Attack:  # fmt: skip
    """Classify, tamper, classify again: with a written ``word``, or the emoji named ``sticker``."""
    before = zero_shot(picture, labels, name)
    if sticker:
        small = picture_named(sticker)
        changed, aimed = stuck(picture, small, share), int(zero_shot(small, labels, name).argmax())
        return Attack(before, zero_shot(changed, labels, name), changed, aimed)
    changed, blank = written(picture, word), written(picture, word, letters=False)
    it = model(name)
    aimed = int((it.embed_texts(list(labels)) @ it.embed_texts([word])[0]).argmax())
    return Attack(before, zero_shot(changed, labels, name), changed, aimed, zero_shot(blank, labels, name))

"""Lesson 14, what is shown: the settings read and checked, the linked view, the kernel, the size formula, the stages."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from core.lessons.convolution import choices
from core.lessons.pixels.choices import PHOTO
from demos import kit
from demos.kit import pictures, text


def first_kernel() -> str:
    from core.lessons.convolution.kernels import preset

    return preset(choices.PRESET.default)


FORM = kit.Form(
    photo=PHOTO,
    mode=choices.MODE,
    kernel=first_kernel,
    bias=choices.BIAS,
    stride=choices.STRIDE,
    padding=choices.PADDING,
    dilation=choices.DILATION,
    pool=choices.POOL,
    side=choices.SIDE,
)
SEEN = ("view", "cells", "formula", "flag", "whole", "badge")  # what ``shown`` answers
SCREEN = kit.Screen(*SEEN, *FORM.names, "here", "file", "preset", "size")


@dataclass(frozen=True)
class Here:
    """The learner's picture."""

    pixels: Any  # (H, W, 3) uint8
    source: str  # a photo's name, or "own"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The controls of the page, read and checked."""

    side: int
    mode: str
    kernel: Any  # (C, kh, kw) float64
    bias: float
    stride: int
    padding: int
    dilation: int
    pool: int

    @property
    def rest(self) -> dict[str, Any]:
        return {"bias": self.bias, "stride": self.stride, "padding": self.padding, "dilation": self.dilation}


def plan(form: kit.Values) -> Plan:
    """All problems of stride, padding, dilation and kernel at once, before a number is touched."""
    from core.errors import InvalidInput, checking
    from core.lessons.convolution.kernels import parse

    with checking() as check:
        check.within("size", form.side, choices.SIDE)
        check.within("pool", form.pool, choices.POOL)
        check.within("stride", form.stride, choices.STRIDE)
        check.within("padding", form.padding, choices.PADDING)
        check.within("dilation", form.dilation, choices.DILATION)
        check.within("bias", form.bias, choices.BIAS)
        try:
            kernel = parse(form.kernel, form.mode)
        except InvalidInput as error:  # must not hide what is wrong elsewhere
            check.problems.append(error)
    return Plan(
        side=int(form.side),
        mode=form.mode,
        kernel=kernel,
        bias=float(form.bias),
        stride=int(form.stride),
        padding=int(form.padding),
        dilation=int(form.dilation),
        pool=int(form.pool),
    )


def shipped(name: str = PHOTO.default) -> Here:
    from core.data import photos

    return Here(photos.load(name), name)


def own(picture: Any) -> Here:
    """A picture of one's own (core.files.images.Picture)."""
    return Here(picture.pixels, "own", picture.notes)


def _small(here: Here, side: int) -> Any:
    from core.files import images

    return images.read(here.pixels, max_side=side).pixels


def convolved(here: Here, plan: Plan, side: int | None = None) -> Any:
    from core.lessons.convolution.kernels import apply, planes

    return apply(planes(_small(here, side or plan.side), plan.mode), plan.kernel, plan.mode, **plan.rest)


def shown(lang: str, here: Here | None, form: kit.Values) -> kit.Update:
    """The linked view, the kernel, the size formula, a flag, the whole picture, the badge."""
    from core.errors import CoreError

    t, here = text.load("convolution", lang), here or shipped()
    try:
        settings = plan(form)
        found = convolved(here, settings)
    except CoreError as error:  # flagged, not thrown: the last picture stays until the setting is mended
        return SCREEN(flag=f"⚠ {t.error(error)}") | _kernel_if_any(t, form)
    whole, badge = _whole(t, here, settings, found)
    cells = _kernel_view(t, settings.kernel, settings.mode)
    view, formula = _view(t, here, settings, found), _formula(t, found)
    return SCREEN(view=view, cells=cells, formula=formula, flag="", whole=whole, badge=badge)


def _kernel_if_any(t: text.Text, form: kit.Values) -> kit.Update:
    from core.errors import CoreError
    from core.lessons.convolution.kernels import parse

    try:
        return SCREEN(cells=_kernel_view(t, parse(form.kernel, form.mode), form.mode))
    except CoreError:
        return SCREEN()


def _kernel_view(t: text.Text, kernel: Any, mode: str) -> dict[str, Any]:
    from core.lessons.convolution.kernels import cells

    names = [t("kernel.one")] if mode == "grey" else [t(f"kernel.{c}") for c in "RGB"]
    blocks = [
        {"name": name, "text": words, "value": values}
        for name, words, values in zip(names, cells(kernel), kernel.tolist(), strict=True)
    ]
    return {"blocks": blocks, "label": t("kernel.cell"), "caption": t("kernel.caption", sum=float(kernel.sum()))}


def _formula(t: text.Text, result: Any) -> str:
    """The size formula with its numbers, and what is legal but worth a word."""
    tall, wide = result.config.formula
    rows, columns = result.config.leftover
    lines = [t("formula.lead"), f"{t('formula.height')} `{tall}`", f"{t('formula.width')} `{wide}`"]
    lines += [t(f"note.{code}", rows=rows, columns=columns) for code in result.notes]
    return "\n\n".join(lines)


def _view(t: text.Text, here: Here, plan: Plan, result: Any) -> dict[str, Any]:
    """Everything that hovering needs, as the ``convolution`` view takes it."""
    from core.lessons.convolution.kernels import planes, stages
    from core.lessons.pixels.looks import fingerprint

    small = _small(here, plan.side)
    image = planes(small, plan.mode)
    _, pooled = stages(result, plan.pool)
    (channels, h, w), (outputs, out_h, out_w) = image.shape, result.output.shape
    _, pool_h, pool_w = pooled.output.shape
    size = min(plan.pool, out_h, out_w)
    words = {
        "input": t("view.input", h=h, w=w),
        "output": t("view.output", h=out_h, w=out_w),
        "relu": t("view.relu"),
        "pool": t("view.pool", h=pool_h, w=pool_w, size=size),
    }
    names = [t("view.grey")] if channels == 1 else ["R", "G", "B"]
    return {
        "key": f"{fingerprint(small)} {plan.mode}",
        "input": {"c": channels, "h": h, "w": w, "data": _packed(image)},
        "kernel": plan.kernel.tolist(),
        "bias": plan.bias,
        "stride": plan.stride,
        "padding": plan.padding,
        "dilation": plan.dilation,
        "apart": plan.mode == "apart",
        "out": {"o": outputs, "h": out_h, "w": out_w, "data": _packed(result.output)},
        "pool": {
            "h": pool_h,
            "w": pool_w,
            "size": size,
            "data": _packed(pooled.output),
            "rows": _packed(pooled.rows.astype("int16")),
            "cols": _packed(pooled.columns.astype("int16")),
        },
        "names": names,
        "words": words | {word: t(f"word.{word}") for word in WORDS},
        "caption": t("keys"),
        "alt": t("alt", h=h, w=w, kh=plan.kernel.shape[1], kw=plan.kernel.shape[2], out_h=out_h, out_w=out_w),
    }


WORDS = ("patch", "kernel", "products", "total", "pad", "pooled", "drop")


def _packed(values: Any) -> str:
    """The raw bytes of an array, for the browser."""
    return base64.b64encode(values.tobytes()).decode()


def _whole(t: text.Text, here: Here, plan: Plan, result: Any) -> tuple[dict[str, Any], str]:
    """The same kernel on the picture at a readable size, and the honest label."""
    from core import runtime
    from core.lessons.convolution.kernels import multiply_adds, stages, to_picture, weights_count

    large = convolved(here, plan, choices.WHOLE)
    after, pooled = stages(large, plan.pool)
    seen = [("before", _small(here, choices.WHOLE)), ("after", to_picture(large.output))]
    seen += [("relu", to_picture(after)), ("pool", to_picture(pooled.output))]
    items = [
        {"name": t(f"whole.{name}"), "text": f"{pixels.shape[1]} × {pixels.shape[0]}", "png": pictures.png(pixels)}
        for name, pixels in seen
    ]
    label = kit.badge_text(
        t, source="computed_now", parameters=weights_count(plan.kernel, plan.mode), device=runtime.describe("cpu")
    )
    products = multiply_adds(result.config, len(plan.kernel), plan.mode)
    checked = t("checked", difference=result.difference, products=products)
    notes = pictures.notes(t, here.notes)
    return {"items": items, "caption": t("whole.caption")}, f"{label} · {checked} {notes}".strip()

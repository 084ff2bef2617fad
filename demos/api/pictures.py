"""Pictures for programs: named, explained, convolved, and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from core.choices import Options, Range
from core.lessons.convolution import choices as conv
from core.lessons.image_classifier import choices as nets
from core.lessons.stable_diffusion import choices as draws
from demos.api import files
from demos.api.surface import MOST_SECONDS, TRAINING, Items, Lang, Letters, Picture, Value, kept_going, public
from demos.kit import text

A_PICTURE = "an upload, data:image/png;base64,…, or the name of an example"
STEPS = Range(1, 50, default=draws.STEPS.default, step=1)  # fewer than on the page: a call is bounded
SMALL = 12  # rows and columns of an output that is told in numbers


@public("`labels`: each with its `name` in your language and its `probability`, the likeliest first; `model`.")
def classify_picture(
    picture: Annotated[Any, Picture(), A_PICTURE],
    labels: Annotated[
        list[Any], Items(Letters(200), 20), "2 to 20 labels of your own, Korean or English; empty: ten kinds of clothes"
    ] = (),
    lang: Lang = "en",
) -> Value:
    """What is in the picture? A small network that knows ten kinds of clothes, or CLIP with labels of your own."""
    from core.lessons.image_classifier import look
    from core.lessons.multimodal import space

    source = files.source(picture)
    if labels:
        shares = space.zero_shot(source, list(labels)).tolist()
        names, model = list(labels), "emoji CLIP"
    else:
        classifier = look.shipped()
        shares, names, model = classifier.answer(source).probabilities.tolist(), list(classifier.classes), "fashion CNN"
    ranked = sorted(zip(shares, names, strict=True), key=lambda pair: -pair[0])
    found = [{"label": name, "name": _named(name, lang), "probability": _short(share)} for share, name in ranked]
    return {"model": model, "labels": found}


@public(
    "The `label` explained with its `name` and `probability`, `layers`: name, kind, shape and number of parameters of each; and "
    "a picture: where the evidence lies, in red over what the network sees (Grad-CAM).",
    draws=True,
)
def explain_picture(
    picture: Annotated[Any, Picture(), A_PICTURE],
    label: Annotated[
        str, Options(("likeliest", *nets.GARMENTS), "likeliest"), "the kind of clothes to look for evidence of"
    ] = "likeliest",
    lang: Lang = "en",
) -> tuple[Value, bytes]:
    """Where does the clothes network look? The evidence for a label as a heat map over the picture."""
    from core.files.images import to_png
    from core.lessons.image_classifier import look
    from core.lessons.image_classifier.evidence import overlay

    classifier = look.shipped()
    target = None if label == "likeliest" else classifier.classes.index(label)
    seen = look.look(classifier, files.source(picture), target)
    said = classifier.classes[seen.target]
    layers = [
        {"name": maps.name, "kind": maps.kind, "shape": list(maps.shape), "parameters": maps.parameters}
        for maps in seen.layers
    ]
    share = _short(seen.answer.probabilities[seen.target])
    return {"label": said, "name": _named(said, lang), "probability": share, "layers": layers}, to_png(overlay(seen))


@public(
    "`height`, `width` of the output and the `formula` of each, `least`, `largest` and `mean` value, the numbers (`output`) "
    "when there are at most 12 × 12, and the output as a grey picture (sizes of numbers above 255 are white).",
    draws=True,
)
def convolve(
    picture: Annotated[Any, Picture(), A_PICTURE + "; made grey, 0…255"] = "cat",
    kernel: Annotated[str, Letters(5000), "name of a kernel, or rows of numbers such as: 1 0 -1; 2 0 -2; 1 0 -1"] = (
        conv.PRESET.default
    ),
    stride: Annotated[int, Range(1, 64, default=1, step=1), "pixels from one window to the next"] = 1,
    padding: Annotated[int, conv.PADDING, "zeros around the picture"] = 0,
    dilation: Annotated[int, conv.DILATION, "pixels between two numbers of the kernel"] = 1,
    bias: Annotated[float, conv.BIAS, "added to every output"] = 0.0,
    side: Annotated[int, Range(4, 256, default=96, step=1), "longer side the picture is shrunk to first"] = 96,
    lang: Lang = "en",
) -> tuple[Value, bytes]:
    """Convolve a picture with a kernel and show the result. Kernels by name: vertical_edges, blur, sharpen, emboss and more."""
    from core.files import images
    from core.lessons.convolution import kernels

    numbers = kernels.parse(kernels.preset(kernel) if kernel in conv.PRESET else kernel)
    grey = kernels.planes(images.read(files.source(picture), side).pixels, "grey")
    made = kernels.apply(grey, numbers, "grey", bias, stride, padding, dilation)
    out = made.output[0]
    height, width = out.shape
    told = [[_short(value) for value in row] for row in out.tolist()] if max(out.shape) <= SMALL else None
    values = {
        "height": height,
        "width": width,
        "formula": list(made.config.formula),
        "least": _short(out.min()),
        "largest": _short(out.max()),
        "mean": _short(out.mean()),
        "output": told,
    }
    return values, images.to_png(kernels.grey_picture(out))


@public(
    "Under way `step` of `steps`; in the end the picture, 64 × 64 pixels, or wider with several things, with its settings "
    "inside the PNG, `drawn_as` (the name the small model was taught that is nearest to the prompt; one for each window) and "
    "`stopped`.",
    TRAINING,
    draws=True,
)
def draw_picture(
    prompt: Annotated[str, Letters(500), "what to draw, Korean or English: a thing that could be an emoji"],
    negative_prompt: Annotated[str, Letters(500), "what to keep away from"] = "",
    steps: Annotated[int, STEPS, "denoising steps"] = int(STEPS.default),
    guidance: Annotated[float, draws.SCALE, "how much the words count"] = draws.SCALE.default,
    seed: Annotated[int, draws.SEED, "same seed, same picture"] = int(draws.SEED.default),
    scheduler: Annotated[str, draws.SCHEDULER, "sampler; own: the one the weights came with"] = draws.SCHEDULER.default,
    picture: Annotated[Any, Picture(), "a picture to start from; empty: pure noise. " + A_PICTURE] = "",
    strength: Annotated[float, draws.STRENGTH, "of the noise over the start picture"] = draws.STRENGTH.default,
    windows: Annotated[bool, None, "a window for each thing of two or three in the prompt"] = True,
    lang: Lang = "en",
) -> Iterator[Any]:
    """Draw a small picture with the Stable Diffusion that ships, trained from nothing on emoji."""
    from core.diffusion.settings import Settings
    from core.events import Done
    from core.lessons.stable_diffusion import studio

    start = files.source(picture) if picture else None
    own = "" if scheduler == "own" else scheduler
    more = {"strength": strength} if start is not None else {}
    apart = studio.things(draws.MODEL, prompt) if windows and start is None else ()
    settings = Settings(prompt, negative_prompt, steps, guidance, seed, own, windows=apart, **more)
    model = studio.shared(draws.MODEL)
    last: list[Any] = []

    def report(event: Any) -> Value | None:
        if isinstance(event, Done):
            last.append(event)
            return None
        return {"step": event.step, "steps": event.total}

    yield from kept_going(model.draw(settings, start, preview="none", deadline=MOST_SECONDS), report)
    (done,) = last
    side = {"width": done.result.image.width, "height": done.result.image.height}
    names = ", ".join(model.understood(each) for each in settings.texts)
    about = {"seed": seed, "drawn_as": names, "stopped": done.stopped}
    yield {"done": True} | side | about, done.result.png()


def _named(label: str, lang: str) -> str:
    return text.load("image_classifier", lang)(f"garment.{label}") if label in nets.GARMENTS else label


def _short(value: Any) -> float:
    return float(f"{float(value):.6g}")

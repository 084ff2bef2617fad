"""``taste`` opens the gallery; ``taste draw "red apple"`` saves a picture; ``taste train data.csv --target height`` fits a net.

Everything is computed by ``core``; nothing heavy is loaded before it is needed. A mistake is told in one sentence.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import CoreError, InvalidInput, register

register({"no_table": "There is no file {received}. Give the path of a CSV file."})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        {"open": _open, "draw": _draw, "train": _train}[options.verb or "open"](options)
    except CoreError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="taste", description="A Taste of Deep Learning. Without a verb: the gallery.")
    verbs = parser.add_subparsers(dest="verb")
    opened = verbs.add_parser("open", help="the gallery in the browser (what taste alone does)")
    opened.add_argument("--port", type=int, help="of this computer; 7860 and up by itself")
    opened.add_argument("--no-browser", action="store_true", help="only tell the address")
    draw = verbs.add_parser("draw", help="draw a small picture with the Stable Diffusion that ships")
    draw.add_argument("prompt", help="what to draw, Korean or English")
    draw.add_argument("--negative", default="", help="what to keep away from")
    draw.add_argument("--steps", type=int, default=20, help="denoising steps, 1 … 150 (20)")
    draw.add_argument("--guidance", type=float, default=4.0, help="how much the words count, 0 … 30 (4)")
    draw.add_argument("--seed", type=int, default=0, help="same seed, same picture (0)")
    draw.add_argument(
        "--windows",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="a window for each of two or three things of the prompt (yes)",
    )
    draw.add_argument(
        "--out", type=Path, default=Path("drawing.png"), help="the PNG, its settings inside (drawing.png)"
    )
    train = verbs.add_parser("train", help="fit a net to a CSV table and plot its loss")
    train.add_argument("table", type=Path, help="a CSV file with a header")
    train.add_argument("--target", default="", help="the column to predict; the last one by itself")
    train.add_argument("--classify", action="store_true", help="the target's numbers are classes (words always are)")
    train.add_argument("--units", default="64,64", help="of each hidden layer, such as 64,64; - for none")
    train.add_argument("--activation", default="relu", help="of the hidden layers (relu)")
    train.add_argument("--epochs", type=int, default=100, help="passes over the rows (100)")
    train.add_argument("--batch", type=int, default=10, help="rows for each update (10)")
    train.add_argument("--rate", type=float, help="step size of Adam (0.001)")
    train.add_argument("--held-out", type=float, default=0.2, help="share of the rows to judge by, the last ones (0.2)")
    train.add_argument("--seed", type=int, default=0, help="of first weights and order (0)")
    train.add_argument("--plot", type=Path, default=Path("loss.svg"), help="where the loss is plotted (loss.svg)")
    train.add_argument("--save", type=Path, help="the model as safetensors, for core.Sequential.load")
    return parser


def _open(options: Any) -> None:
    from demos import CHAPTERS
    from demos.shell.gallery import build, launch

    chosen = {"server_port": options.port} if getattr(options, "port", None) else {}
    launch(build(CHAPTERS), inbrowser=not getattr(options, "no_browser", False), **chosen)


def _hush() -> None:
    """No bars and advice of libraries' own between ours: what goes wrong still raises."""
    import diffusers.utils.logging
    import transformers.utils.logging

    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()


def _draw(options: Any) -> None:
    from core.diffusion.settings import Settings
    from core.diffusion.stable_diffusion import StableDiffusion
    from core.events import Done
    from core.files import places

    with places.written(options.out, (".png",)):
        pass  # before the work, not after it
    settings = Settings(
        options.prompt,
        options.negative,
        num_inference_steps=options.steps,
        guidance_scale=options.guidance,
        seed=options.seed,
    )
    _hush()
    sd, drawn = StableDiffusion.load(), None
    settings = replace(settings, windows=sd.things(options.prompt) if options.windows else ())
    with _bar("drawing", options.steps) as tell:
        for event in sd.draw(settings, preview="none"):
            if isinstance(event, Done):
                drawn = event.result
            else:
                tell(event.step, "")
    assert drawn is not None
    with places.written(options.out) as where:
        where.write_bytes(drawn.png())
    print(f"{options.out} ({drawn.image.width} × {drawn.image.height})")


def _train(options: Any) -> None:
    from core.events import Cadence
    from core.files import places
    from core.lessons.sequential.lab import FitStep, Lab
    from core.lessons.sequential.own_table import spec_for
    from core.lessons.sequential.spec import RunSpec
    from core.training.plot import curves

    if not options.table.is_file():
        raise InvalidInput("no_table", received=options.table)
    for path, ending in ((options.plot, ".svg"), (options.save, ".safetensors")):
        if path is not None:
            with places.written(path, (ending,)):
                pass  # before the work, not after it
    base = RunSpec(
        learning_rate=options.rate,
        epochs=options.epochs,
        batch_size=options.batch,
        validation_split=options.held_out,
        seed=options.seed,
    )
    hidden = [(units, options.activation) for units in _units(options.units)]
    lab = Lab(spec_for(base, hidden, csv=options.table.read_bytes(), target=options.target, classify=options.classify))
    target = lab.data.names[-1]
    print(
        f"{len(lab.data.x)} rows; {target} from {', '.join(lab.data.names[:-1])}; {lab.inspection.total:,} parameters"
    )
    with _bar("training", options.epochs) as tell:
        for event in lab.steps(every=Cadence(seconds=0.1)):
            if isinstance(event, FitStep):
                latest = [f"{name} {values[-1]:.4g}" for name, values in event.history if len(values)]
                tell(event.epoch, "  ".join(latest))
    for part in ("train", "validation") if options.held_out else ("train",):
        print(_said(lab, part, target))
    losses = {name: values for name, values in lab.trainer.history.items() if name.endswith("loss")}
    print(curves(losses, f"Loss of {target}").save(options.plot))
    if options.save:
        with places.written(options.save) as where:
            where.write_bytes(lab.to_safetensors())
        print(options.save)


def _units(text: str) -> list[int]:
    try:
        return [] if text.strip() in ("", "-") else [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput("not_one_of", name="units", choices="64,64 or -", received=text, hint="") from error


def _said(lab: Any, part: str, target: str) -> str:
    score = lab.evaluate(part)
    if score.accuracy is not None:
        return f"{part}: {score.accuracy:.1%} of {score.rows} right"
    return f"{part}: {target} is off by {score.mean_error:.4g} on average, of {score.rows} rows"


@contextmanager
def _bar(words: str, total: int) -> Iterator[Any]:
    """A progress bar in a terminal, nothing elsewhere."""
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    except ImportError:
        yield lambda done, said: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task(words, total=total, said="")
        yield lambda done, said: progress.update(task, completed=done, said=said)

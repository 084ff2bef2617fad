"""Stop pressed while a frame is being made: nobody sees that frame, and what Stop draws is what stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.events import Done, Latest
from demos.attention import gpt as tiny_gpt
from demos.diffusion import page as diffusion
from demos.epochs import page as epochs
from demos.hidden_layers import controls as playground
from demos.hidden_layers import page as hidden_layers
from demos.image_classifier import train as image_classifier
from demos.sequential import controls as lab
from demos.sequential import page as sequential


def stopped_under_way(stream: Iterator[Any], stop: Callable[[], Any]) -> Any:
    """What Stop answers while another thread is in the middle of the next frame; the frame is made whole, and lost."""
    lost = threading.Thread(target=next, args=(stream,))
    lost.start()
    time.sleep(0.03)
    answer = stop()
    lost.join()
    return answer


def test_the_playground() -> None:
    form = playground.FORM.values(samples=40, epochs=2000, pace="fast")
    stream = hidden_layers.on_play("en", None, 1.0, 2.0, form)
    here = next(stream)["here"]
    shown = stopped_under_way(stream, lambda: hidden_layers.on_stop("en", here, 1.0, 2.0, form))
    epoch, loss = here.play.epoch, here.play.scores()[0].loss
    assert list(stream) == [{}] and here.play.epoch == epoch > 0, "the page closes the run only now"
    assert shown["replay"]["at"] == here.play.iteration
    assert here.play.history[-1].epoch == pytest.approx(here.play.iteration / here.play._batches)
    assert shown["curve"]["series"][0]["y"][-1] == pytest.approx(loss, abs=1e-5)
    assert shown["curve"]["series"][0]["x"][-1] == pytest.approx(here.play.history[-1].epoch, abs=1e-3)


def test_sequential() -> None:
    form = lab.of_preset("line", lab.FORM.values()).changed(epochs=1000)
    stream = sequential.on_fit("en", None, form)
    model = next(stream)["lab"]
    shown = stopped_under_way(stream, lambda: sequential.on_stop("en", model, form))
    updates, weights = model.trainer.updates, model.model.get_weights()
    assert list(stream) == [{}] and model.trainer.updates == updates
    assert all((a == b).all() for a, b in zip(model.model.get_weights(), weights, strict=True))
    assert shown["scores"] == sequential.on_stop("en", model, form)["scores"]


def test_the_classifier() -> None:
    form = image_classifier.FORM.values(epochs=3, pictures=2000, blocks="1", batch=50)
    stream = image_classifier.on_train("en", form)
    course = next(stream)["course"]
    shown = stopped_under_way(stream, lambda: image_classifier.on_stop("en", course))
    updates = course.updates
    assert list(stream) == [{}] and course.updates == updates > 0
    assert f"{course.judge().accuracy:.1%}" in shown["badge"]
    assert course.record[-1].step == updates


def test_epochs() -> None:
    form = epochs.FORM.values(samples="1000", batch=1, epochs=50, pace="fast")
    stream = epochs.on_run("en", None, form)
    run = next(stream)["run"]
    shown = stopped_under_way(stream, lambda: epochs.on_stop("en", run))
    assert list(stream) == [{}] and shown["replay"]["at"] == run.update == len(shown["losses"]["series"][0]["y"]) > 0
    assert shown["line"]["lines"][0]["xy"] == run.curve().tolist()
    assert next(stream := epochs.on_step("en", run, form))["replay"]["at"] == run.update, "and goes on from there"
    stream.close()
    assert epochs.on_stop("en", None) == {}


def test_a_tiny_gpt() -> None:
    form = tiny_gpt.FORM.values(source="stories", updates=500)
    stream = tiny_gpt.on_train("en", None, form)
    run = next(stream)["run"]
    next(stream)  # before the first update, what it writes
    shown = stopped_under_way(stream, lambda: tiny_gpt.on_stop("en", run))
    assert list(stream) == [{}] and shown["curve"]["series"][0]["x"][-1] == run.update > 0
    assert f".steps({run.update})" in tiny_gpt.code(run, "ko", "stories", "")


def test_diffusion() -> None:
    form = diffusion.FORM.values(updates=3000)
    stream = diffusion.on_train("en", form)
    model = next(stream)["model"]
    shown = stopped_under_way(stream, lambda: diffusion.on_stop("en", model, form))
    assert list(stream) == [{}] and f" {len(model.losses_)} " in shown["backward"]["caption"]
    assert shown["backward"] == diffusion.on_backward("en", model, form)["backward"], "as it is drawn ever after"


def test_an_error_ends_a_run_and_another_begins() -> None:
    latest = Latest()

    def fails() -> Any:
        yield 1
        raise ValueError("no")

    run = latest.of(fails(), lambda: Done(None, 0.0, "paused"))
    assert next(run) == 1
    with pytest.raises(ValueError, match="no"):
        next(run)
    latest.pause()
    assert list(latest.of((n for n in range(2)), lambda: None)) == [0, 1]

"""The functions for programs, over the real server: right by core or by torch, bounded, refused in one sentence."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from core.data import photos
from core.errors import CoreError, InvalidInput
from core.lessons.language_model.offers import here
from demos.api import FUNCTIONS, reference
from demos.api.endpoints import handler
from demos.api.surface import TRAINING, told
from tests.places import ROOT

gradio_client = pytest.importorskip("gradio_client")
NAMED = {function.name: function for function in FUNCTIONS}
needs_llm = pytest.mark.skipif(not here(), reason="the LLM is not on this disk")


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Any]:
    yield gradio_client.Client(address, verbose=False)


def last(name: str, **given: Any) -> Any:
    *_, answer = NAMED[name].answers(given)
    return answer


def test_a_net_is_trained_as_core_trains_it(client: Any) -> None:
    from core.lessons.hidden_layers.config import PlaygroundConfig
    from core.lessons.hidden_layers.playground import Playground

    said = client.predict(data="xor", hidden=[3], epochs=20, seed=4, api_name="/train_net")
    net = Playground(PlaygroundConfig(data="xor", hidden=((3, "tanh"),), epochs=20, seed=4))
    net.train()
    train, test = net.scores()
    assert said["done"] and said["epochs"] == 20 and said["parameters"] == 13
    assert said["train_loss"] == pytest.approx(train.loss, rel=1e-5)
    assert said["test_accuracy"] == pytest.approx(test.accuracy, rel=1e-5)
    assert said["curve"][-1]["train_loss"] == said["train_loss"]


TABLE = "kind,kg,cm\n" + "".join(f"{'ab'[i % 2]},{50 + i},{150 + 2 * i + 30 * (i % 2)}\n" for i in range(20))


def test_a_table_is_learnt_by_measure_and_by_class(client: Any) -> None:
    numbers = "".join(f"{50 + i},{150 + 2 * i}\n" for i in range(20))
    said = client.predict(
        csv="kg,cm\n" + numbers, units=[], epochs=300, learning_rate=0.1, questions=[[60]], api_name="/run_sequential"
    )
    assert said["task"] == "regression" and said["predictions"][0] == pytest.approx(170, abs=1)
    said = client.predict(csv=TABLE, target="kind", epochs=200, questions=[[60, 170]], api_name="/run_sequential")
    assert said["task"] == "binary" and said["classes"] == ["a", "b"] and said["predictions"] == ["a"]
    assert said["columns"] == ["kg", "cm", "kind"] and said["validation"]["accuracy"] > 0.5


def test_a_pass_is_that_of_autograd(client: Any) -> None:
    said = client.predict(x=[0.3, -0.2], target=[0.9], hidden=[3], activation="tanh", api_name="/trace_net")
    a = torch.tensor([0.3, -0.2], dtype=torch.float64)
    leaves = []
    for layer in said["layers"]:
        w, b = (torch.tensor(layer[n], dtype=torch.float64, requires_grad=True) for n in ("weights", "biases"))
        leaves += [(w, b)]
        a = getattr(torch, layer["activation"])(a @ w + b)
    loss = F.mse_loss(a, torch.tensor([0.9], dtype=torch.float64))
    loss.backward()
    assert said["loss"] == pytest.approx(loss.item(), rel=1e-4)
    for (w, b), layer in zip(leaves, said["layers"], strict=True):
        np.testing.assert_allclose(layer["weight_gradients"], w.grad, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(layer["bias_gradients"], b.grad, rtol=1e-3, atol=1e-6)


def test_a_review_is_a_sum(client: Any) -> None:
    said = client.predict("The food was good but the film was boring.", api_name="/explain_review")
    total = sum(piece["contribution"] for piece in said["pieces"]) + said["intercept"]
    assert total == pytest.approx(said["logit"], abs=1e-4)
    share = 1 / (1 + np.exp(-said["logit"]))
    assert said["probability"] == pytest.approx(max(share, 1 - share), rel=1e-4)
    assert said["label"] == ("positive" if share >= 0.5 else "negative")


def test_next_letters_are_counted(client: Any) -> None:
    from core.llm import letter_models

    said = client.predict("th", count=3, model="counts", api_name="/next_tokens")
    truth = letter_models.counted("en").next_token("th", 3)
    assert [each["text"] for each in said["tokens"]] == [each.text for each in truth]
    assert said["tokens"][0]["probability"] == pytest.approx(truth[0].probability, rel=1e-5)


@needs_llm
def test_text_arrives_token_by_token_and_is_that_of_the_model(client: Any) -> None:
    from core.llm.language_model import LanguageModel

    job = client.submit("Name a colour.", max_tokens=12, api_name="/generate_text")
    said = job.result()
    truth = LanguageModel.load().generate([{"role": "user", "content": "Name a colour."}], 12, engine="fastest")
    assert said["text"] == truth and said["tokens"] <= 12
    seen = [each["text"] for each in job.outputs() if "text" in each]
    assert all(later.startswith(earlier) for earlier, later in zip(seen, seen[1:], strict=False))


def test_texts_and_pictures_are_compared(client: Any) -> None:
    from core.lessons.word_vectors import space

    said = client.predict(["고양이", "rocket"], others=["cat"], api_name="/similarity")["cosines"]
    np.testing.assert_allclose(said, space.vectors(["고양이", "rocket"]) @ space.vectors(["cat"]).T, atol=1e-5)
    file = gradio_client.handle_file(str(photos.path("rocket")))
    (row,) = client.predict(["red apple"], pictures=["coffee", file], api_name="/similarity")["cosines"]
    assert len(row) == 2
    seen = client.predict("red apple", nearest=2, api_name="/text_vectors")
    assert [piece["text"] for piece in seen["pieces"]][0].startswith("red") and len(seen["nearest"]["ko"]) == 2
    assert len(seen["vector"]) == 256
    np.testing.assert_allclose(seen["vector"], space.vector("red apple"), atol=1e-4)


def test_a_picture_is_named_and_explained(client: Any) -> None:
    from core.lessons.image_classifier import look

    classifier, (_, shoe) = look.shipped(), look.example("ankle boot")
    said = client.predict("ankle boot", lang="ko", api_name="/classify_picture")["labels"]
    truth = classifier.predict_proba(classifier.see(shoe).final[None])[0]
    assert said[0]["label"] == "ankle boot" and said[0]["name"] == "앵클부츠"
    assert said[0]["probability"] == pytest.approx(float(truth.max()), rel=1e-4)
    own = client.predict("cat", labels=["고양이", "rocket"], api_name="/classify_picture")["labels"]
    assert sum(each["probability"] for each in own) == pytest.approx(1, abs=1e-4)
    values, file = client.predict("ankle boot", api_name="/explain_picture")
    picture = np.asarray(Image.open(file).convert("RGB")).astype(int)
    assert values["label"] == "ankle boot" and values["layers"][0]["parameters"] >= 0
    assert (picture[..., 0] - picture[..., 1]).max() > 60, "no evidence is red"


def test_a_convolution_is_torchs(client: Any, tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (6, 7), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    kernel = "1 0 -1; 2 0 -2; 1 0 -1"
    sent = gradio_client.handle_file(str(tmp_path / "a.png"))
    values, file = client.predict(sent, kernel, stride=2, padding=1, bias=3, side=7, api_name="/convolve")
    weights = torch.tensor([[[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]], dtype=torch.float64)
    truth = F.conv2d(torch.tensor(grey[None, None], dtype=torch.float64), weights, stride=2, padding=1)[0, 0] + 3
    np.testing.assert_allclose(values["output"], truth, atol=1e-2)
    np.testing.assert_array_equal(np.asarray(Image.open(file)), truth.abs().round().clip(0, 255).numpy())


def test_a_drawing_is_that_of_the_library_with_its_settings_inside(client: Any) -> None:
    from core.diffusion.settings import settings_from_png
    from core.lessons.stable_diffusion import studio

    job = client.submit("red apple", steps=4, seed=3, api_name="/draw_picture")
    values, file = job.result()
    truth = studio.shared("emoji").generate("red apple", num_inference_steps=4, seed=3)
    np.testing.assert_array_equal(np.asarray(Image.open(file)), np.asarray(truth))
    assert settings_from_png(Path(file).read_bytes()).seed == 3 and values["drawn_as"]
    assert any("step" in values for values, _ in job.outputs()[:-1])
    two = {"num_inference_steps": 2, "windows": ("dog", "cake")}
    for asked, size, names in (({}, (120, 64), 2), ({"windows": False}, (64, 64), 1)):
        values, file = client.predict("a dog and a cake", steps=2, api_name="/draw_picture", **asked)
        assert (values["width"], values["height"]) == Image.open(file).size == size
        assert len(values["drawn_as"].split(", ")) == names
        if not asked:
            truth = studio.shared("emoji").generate("a dog and a cake", **two)
            np.testing.assert_array_equal(np.asarray(Image.open(file)), np.asarray(truth))


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("train_net", {"epochs": 0}, "0"),
    ("train_net", {"data": "x" * 5000}, "xxx"),
    ("train_net", {"hidden": [99], "noise": "loud"}, "loud"),
    ("train_net", {"hidden": None}, ""),
    ("train_net", {"points": [[1, 2]]}, "2"),
    ("run_sequential", {"csv": "a,b\n1,2\n3,x\n4,5\n"}, "x"),
    ("run_sequential", {"csv": TABLE, "target": "kk"}, "kk"),
    ("run_sequential", {"questions": [[1, 2]], "epochs": 1}, "1"),
    ("trace_net", {"x": [1e9]}, "1e+09"),
    ("explain_review", {"review": "  "}, ""),
    ("next_tokens", {"text": "a", "model": "../../etc/passwd"}, "passwd"),
    ("generate_text", {"prompt": "", "model": "counts"}, ""),
    ("similarity", {"texts": []}, "0"),
    ("similarity", {"texts": [1]}, "1"),
    ("text_vectors", {"text": "a" * 1000}, "1000"),
    ("classify_picture", {"picture": "/etc/passwd"}, "passwd"),
    ("classify_picture", {"picture": {"path": "/etc/passwd"}}, ""),
    ("classify_picture", {"picture": "http://127.0.0.1/a.png"}, "http"),
    ("classify_picture", {"picture": "data:image/png;base64,AAAA"}, ""),
    ("explain_picture", {"picture": "cat", "label": "cat"}, "cat"),
    ("convolve", {"kernel": "1 x"}, "x"),
    ("draw_picture", {"prompt": " "}, ""),
    ("draw_picture", {"prompt": "a", "steps": 10**9}, "1000000000"),
    ("draw_picture", {"prompt": "a", "colour": "red"}, "colour"),
]


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(("name", "given", "received"), WRONG)
def test_what_cannot_be_is_one_sentence(name: str, given: dict[str, Any], received: str, lang: str) -> None:
    call = handler(NAMED[name])
    known = [each for each in NAMED[name].parameters]
    if set(given) - {each.name for each in known}:
        with pytest.raises(InvalidInput, match=received):
            list(NAMED[name].answers(given))
        return
    given = given | {"lang": lang}
    sent = [given.get(each.name, each.default) for each in known]
    with pytest.raises(gr.Error) as told:
        found = call(*sent)
        list(found) if NAMED[name].streams else None
    words = str(told.value.message)
    assert bool(re.search("[가-힣]", words)) == (lang == "ko") and "&" not in words and len(words) < 900, words
    assert received in words and not told.value.print_exception


def test_stop_ends_a_training_within_a_second_and_the_line_tells_places() -> None:
    def run(number: int) -> Iterator[Any]:
        return NAMED["train_net"].answers({"data": "spiral", "hidden": [8] * 6, "epochs": 1000, "samples": 1000})

    first, second, third = (run(number) for number in range(3))
    assert not next(first).values["done"] and not next(second).values["done"]
    assert next(third).values == {"done": False, "waiting": 2}
    began = time.perf_counter()
    first.close()  # type: ignore[attr-defined]
    assert time.perf_counter() - began < 1
    while "waiting" in next(third).values:
        assert time.perf_counter() - began < 5
    second.close()  # type: ignore[attr-defined]
    third.close()  # type: ignore[attr-defined]
    assert len(TRAINING) == 0


def test_two_programs_at_once_get_their_own(address: str) -> None:
    found: dict[int, Any] = {}

    def ask(seed: int) -> None:
        mine = gradio_client.Client(address, verbose=False)
        found[seed] = mine.predict(seed=seed, epochs=5, api_name="/train_net")["train_loss"]

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {seed: last("train_net", seed=seed, epochs=5).values["train_loss"] for seed in range(4)}


def test_the_reference_is_what_the_functions_say() -> None:
    assert (ROOT / "docs" / "api.md").read_text("utf-8") == reference.markdown()


def test_the_examples_of_the_reference_run(address: str, tmp_path: Path) -> None:
    """The Python and the curl of docs/api.md, as they stand there, against this server."""
    words = (ROOT / "docs" / "api.md").read_text("utf-8")
    python, shell = (re.findall(rf"```{kind}\n(.*?)```", words, re.DOTALL) for kind in ("python", "bash"))
    assert python and shell
    for program in python[:1]:
        exec(program.replace(reference.ADDRESS, address.rstrip("/")), {})
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    outputs = []
    for script in shell:
        script = script.replace(reference.ADDRESS, address.rstrip("/"))
        done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    at_once, streamed = outputs
    said = [json.loads(line.removeprefix("data: ")) for line in streamed.splitlines() if line.startswith("data: ")]
    assert said[-1][0]["done"] and said[-1][0]["epochs"] == 20 and json.loads(at_once) == said[-1][0]


@pytest.mark.parametrize("lang", ["ko", "en", None, ["x"]])
def test_a_sentence_for_programs_is_plain_text(lang: Any) -> None:
    typed = """<b>&"it's" &lt;"""
    said = told(InvalidInput("no_such_path", received=typed), lang)
    assert typed in said and "&amp;" not in said and "&#" not in said


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("train_net", {"points": [[0, 0], [1, 1]]}, "Points must have the shape [[0, 0, 0], …]. Received: [0, 0]."),
        ("train_net", {"hidden": 4}, "[0, …]. Received: 4."),
        ("similarity", {"texts": "고양이"}, '["…", …]. Received: 고양이.'),
        (
            "similarity",
            {"texts": ["a"], "others": ["b"], "pictures": ["cat"]},
            "others and pictures do not go together",
        ),
        ("generate_text", {"prompt": "a", "system": "b", "chat": False, "model": "counts"}, "Leave one of them out."),
        (
            "run_sequential",
            {"target": "몸무게"},
            "Target must be one of: cm. Received: 몸무게.",
        ),  # no table came with it
        ("run_sequential", {"csv": " \n"}, "The table is empty."),
        ("classify_picture", {"picture": None}, "A picture is needed."),
        ("convolve", {"picture": {"url": "http://a.b/c.png"}}, "http://a.b/c.png is no picture that was sent here."),
        ("convolve", {"picture": "data:image/png;base64," + "A" * 10_000_000}, "too large to be sent as text"),
    ],
)
def test_what_would_be_left_out_without_a_word_is_refused(name: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(CoreError) as error:
        last(name, **given)
    assert said in told(error.value, "en")
    assert told(error.value, "ko") != told(error.value, "en")


def test_base64_in_lines_is_read() -> None:
    """As the program base64 writes it."""
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(buffer, "PNG")
    lines = base64.encodebytes(buffer.getvalue()).decode()
    assert "\n" in lines.strip()
    values = last("convolve", picture="data:image/png;base64,\n" + lines, kernel="1", side=8).values
    assert values["output"] == np.arange(64).reshape(8, 8).tolist()

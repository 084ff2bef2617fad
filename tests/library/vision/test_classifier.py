"""The image classifier against plain torch, scikit-learn and hand computations, on tiny networks."""

from __future__ import annotations

import copy
import gzip
import hashlib
import itertools
import json
import re
import struct
import tomllib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.metrics import confusion_matrix, log_loss
from torch import nn
from torchvision import models
from torchvision.transforms import v2

from core import ImageClassifier
from core.data import fashion
from core.errors import CoreError, InvalidInput
from core.events import Done, TrainStep
from core.pretrained import shipped as sd_card
from core.vision import inside, preparing, torchvision_models
from core.vision.classifier import KernelSnapshot
from core.vision.layers import Augmentation, CnnConfig, Dropout, build, cosine, to_batch, to_labels

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (60, 8, 8), dtype=np.uint8)
Y = (X[:, :, :4].mean(axis=(1, 2)) > X[:, :, 4:].mean(axis=(1, 2))).astype(int)


def tiny(**options) -> ImageClassifier:
    return ImageClassifier(2, **{"seed": 0, "filters": (4, 6), "dense": 8, "dropout": 0.0, "device": "cpu"} | options)


@pytest.fixture(scope="module")
def trained() -> ImageClassifier:
    classifier = tiny()
    classifier.fit(X, Y, 2, batch_size=20)
    return classifier


@pytest.fixture(scope="module")
def shipped() -> ImageClassifier:
    return ImageClassifier.pretrained("fashion", device="cpu")


def code_of(call) -> str:
    with pytest.raises(CoreError) as caught:
        call()
    return caught.value.code


# --- data ----------------------------------------------------------------------------------------------------------


def test_the_slice_that_ships():
    data = fashion.load()
    assert data.x_train.shape == (10_000, 28, 28) and data.x_test.shape == (2_000, 28, 28)
    assert set(data.y_train.tolist()) == set(range(10)) == set(data.y_test.tolist())
    assert fashion.SLICE.stat().st_size < 6e6
    seen = {picture.tobytes() for picture in data.x_train}
    assert not any(picture.tobytes() in seen for picture in data.x_test)
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0] = 0


@pytest.mark.skipif(
    not fashion.DEBIAN_FOLDER.is_dir(), reason="needs Debian's dataset-fashion-mnist, or its files in FASHION_MNIST"
)
def test_the_slice_is_the_rows_it_says():
    data, whole = fashion.load(), fashion.full(fashion.DEBIAN_FOLDER)
    assert np.array_equal(data.x_train, whole.x_train[fashion.TRAIN_ROWS])
    assert np.array_equal(data.x_test, whole.x_train[fashion.HELD_OUT_ROWS])
    assert np.array_equal(data.y_test, whole.y_train[fashion.HELD_OUT_ROWS])
    test = {picture.tobytes() for picture in whole.x_test}
    assert not any(picture.tobytes() in test for picture in data.x_train)


def test_the_full_set_from_a_folder(tmp_path):
    for name, count in (("train", 6), ("t10k", 4)):
        pictures = np.arange(count * 784, dtype=np.uint32).astype(np.uint8)
        head = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 28, 28)
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + pictures.tobytes()))
        head = struct.pack(">BBBBI", 0, 0, 8, 1, count)
        (tmp_path / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head + bytes(range(count))))
    data = fashion.full(tmp_path)
    assert data.x_train.shape == (6, 28, 28) and data.y_test.tolist() == [0, 1, 2, 3]
    assert data.x_train.ravel()[:256].tolist() == list(range(256))


def test_the_full_set_is_nowhere(tmp_path):
    assert code_of(lambda: fashion.full(tmp_path)) == "fashion_missing"


# --- network -------------------------------------------------------------------------------------------------------


def test_the_network_is_what_its_layers_say():
    config = CnnConfig(10, (32, 64), 128)
    net = build(config, (1, 28, 28), torch.tensor([0.3]), torch.tensor([0.4])).eval()
    assert sum(p.numel() for p in net.parameters()) == 320 + 18_496 + 401_536 + 1_290
    x = torch.rand(3, 1, 28, 28)
    h = (x - 0.3) / 0.4
    for name in ("conv1", "conv2"):
        layer = net.get_submodule(name)
        h = F.max_pool2d(F.conv2d(h, layer.weight, layer.bias, padding=1).relu(), 2)
    h = F.linear(h.flatten(1), net.dense.weight, net.dense.bias).relu()
    torch.testing.assert_close(net(x), F.linear(h, net.logits.weight, net.logits.bias))


def test_one_seed_one_network():
    nets = [build(CnnConfig(seed=s), (1, 8, 8), torch.zeros(1), torch.ones(1)) for s in (3, 3, 4)]
    first, again, other = (torch.cat([p.flatten() for p in net.parameters()]) for net in nets)
    assert torch.equal(first, again) and not torch.equal(first, other)
    weights = nets[0].conv2.weight  # He: variance 2 / fan-in
    assert weights.var().item() == pytest.approx(2 / (32 * 9), rel=0.05)


def test_pooling_before_relu_changes_no_number_and_no_gradient():
    net = build(CnnConfig(3, (4, 6), 8, dropout=0.0, batch_norm=True), (1, 12, 12), torch.zeros(1), torch.ones(1))
    plain = torch.nn.Sequential(*copy.deepcopy(list(net))).train()
    x = torch.randn(5, 1, 12, 12)
    for each in (net.train(), plain):
        each(x).square().sum().backward()
    assert torch.equal(net(x), plain(x))
    for mine, theirs in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-6, rtol=1e-5)


def test_a_run_equals_a_plain_torch_loop():
    classifier = tiny()
    classifier.build((1, 8, 8), torch.tensor([0.5]), torch.tensor([0.25]))
    net = copy.deepcopy(classifier.module).train()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    x, y = torch.tensor(X)[:, None] / 255, torch.tensor(Y)
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    classifier.fit(X, Y, 5, batch_size=60, learning_rate=0.01, bf16=False, channels_last=False)
    for mine, theirs in zip(classifier.module.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("options", [{}, {"channels_last": False, "bf16": False}, {"augment": v2.RandomVerticalFlip()}])
def test_it_learns(options):
    data = fashion.load()
    rows = np.flatnonzero(np.isin(data.y_train, (1, 7, 8)))[:400]
    y = np.searchsorted((1, 7, 8), data.y_train[rows])
    classifier = ImageClassifier(classes=("trouser", "sneaker", "bag"), filters=(8, 16), dense=32)
    classifier.fit(data.x_train[rows], y, 5, batch_size=32, **options)
    held_out = np.flatnonzero(np.isin(data.y_test, (1, 7, 8)))
    report = classifier.evaluate(data.x_test[held_out], np.searchsorted((1, 7, 8), data.y_test[held_out]))
    assert report.accuracy > 0.9


def test_colour_pictures_and_batch_norm():
    x = np.zeros((40, 9, 12, 3), np.uint8)
    x[:20, ..., 0] = x[20:, ..., 2] = 200
    classifier = tiny(batch_norm=True)
    classifier.fit(x, np.repeat([0, 1], 20), 10, batch_size=10)
    assert classifier.input_shape == (3, 9, 12) and classifier.preparation == "photo"
    assert classifier.predict(x).tolist() == [0] * 20 + [1] * 20


def test_one_seed_one_run():
    runs = [tiny(dropout=0.3) for _ in range(2)]
    for run in runs:
        run.fit(X, Y, 2, batch_size=16, augment=True, bf16=False)
    assert np.array_equal(runs[0].logits(X), runs[1].logits(X))


def test_stop_and_continue_equals_one_run():
    whole, parts = tiny(dropout=0.3), tiny(dropout=0.3)
    options = {"batch_size": 16, "augment": True, "schedule": "cosine", "bf16": False}
    whole.fit(X, Y, 3, **options)
    events = parts.steps(X, Y, 3, every=1, **options)
    for _ in itertools.islice(events, 5):
        pass
    events.close()
    assert parts.trainer.updates == 5
    result = list(parts.resume(2))[-1].result
    np.testing.assert_array_equal(whole.logits(X), parts.logits(X))
    assert result.updates == 12


def test_nothing_to_continue():
    assert code_of(lambda: tiny().resume()) == "no_run"


def test_the_stream():
    events = list(tiny().steps(X, Y, 2, batch_size=20, every=1, kernels=True, validation_data=(X, Y)))
    assert isinstance(events[0], KernelSnapshot) and events[0].step == 0
    assert [type(e) for e in events[1:-1]] == [TrainStep, KernelSnapshot] * 6
    assert isinstance(events[-1], Done)
    assert events[0].kernels.shape == (4, 1, 3, 3)
    assert not np.allclose(events[0].kernels, events[-2].kernels)
    assert dict(events[-3].logs).keys() == {"loss", "acc", "val_loss", "val_acc"}
    assert list(tiny().steps(X, Y, 99, deadline=0))[-1].stopped == "deadline"


def test_cosine_rises_and_falls():
    values = [cosine(i, 100) for i in range(101)]
    assert max(values) == 1 and values[0] < 0.5 and values[-1] == pytest.approx(0.01)
    assert all(a >= b for a, b in itertools.pairwise(values[5:]))


def test_dropout_keeps_the_mean():
    layer, x = Dropout(0.4, seed=0), torch.ones(200, 200)
    out = layer(x)
    assert (out == 0).float().mean().item() == pytest.approx(0.4, abs=0.01)
    assert out.mean().item() == pytest.approx(1, abs=0.02)
    assert layer.eval()(x) is x


def test_augmentation_moves_and_mirrors():
    x = torch.zeros(40, 1, 9, 9, dtype=torch.uint8)
    x[:, :, 4, 2] = 255
    places = {tuple(p.nonzero()[0].tolist()) for p in Augmentation(shift=1, seed=0)(x)[:, 0]}
    assert len(places) > 4
    assert all(abs(row - 4) <= 1 and min(abs(column - 2), abs(column - 6)) <= 1 for row, column in places)


# --- pictures in ---------------------------------------------------------------------------------------------------


def test_batches_of_many_kinds():
    assert torch.equal(to_batch(X), torch.tensor(X)[:, None])
    assert torch.equal(to_batch(X.astype(np.int64)), torch.tensor(X)[:, None])
    assert to_batch(X / 255).dtype == torch.float32
    colour = np.repeat(X[..., None], 3, axis=3)
    torch.testing.assert_close(to_batch(colour, (1, 8, 8)), torch.tensor(X)[:, None] / 255)
    assert to_batch(X, (3, 4, 5)).shape == (60, 3, 4, 5)


@pytest.mark.parametrize(
    "images",
    [np.zeros((4, 4)), np.zeros((0, 4, 4)), np.zeros((1, 4, 4, 2)), np.full((1, 4, 4), 7.0), np.full((1, 4, 4), -1)]
    + [np.full((1, 4, 4), np.nan), np.full((1, 4, 4), 256)],
)
def test_batches_that_are_none(images):
    with pytest.raises(CoreError):
        to_batch(images)


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2], [0, -1, 1], [0, 0.5, 1], ["a", "b", "c"], [0, np.nan, 1]])
def test_labels_that_are_none(labels):
    with pytest.raises(CoreError):
        to_labels(np.array(labels), 3, 2)


def test_training_misuse():
    assert code_of(lambda: tiny().steps(X, np.zeros(60, int))) == "one_class"
    assert code_of(lambda: tiny().steps(X[:, :2, :2], Y)) == "picture_too_small"
    assert code_of(lambda: tiny().steps(X, Y, 0)) == "out_of_range"
    assert code_of(lambda: tiny().steps(X, Y, learning_rate=0)) == "out_of_range"
    assert code_of(lambda: tiny().steps(X, Y, schedule="steep")) == "not_one_of"
    assert code_of(lambda: tiny().predict_proba(X)) == "not_built"
    assert code_of(lambda: ImageClassifier(1)) == "out_of_range"


def test_predictions(trained):
    p = trained.predict_proba(X)
    assert p.shape == (60, 2) and p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(trained.predict_proba(X / 255), p, atol=1e-6)
    np.testing.assert_allclose(trained.predict_proba(X[..., None]), p, atol=1e-6)
    bigger = np.kron(X, np.ones((4, 4), np.uint8))
    assert trained.predict_proba(bigger).shape == (60, 2)
    with torch.no_grad():
        logits = trained.module(torch.tensor(X)[:, None] / 255)
    np.testing.assert_allclose(trained.logits(X), logits, atol=1e-5)


# --- files ---------------------------------------------------------------------------------------------------------


def test_save_and_load(trained, tmp_path):
    trained.save(tmp_path / "c.safetensors")
    again = ImageClassifier.load(tmp_path / "c.safetensors")
    np.testing.assert_allclose(again.predict_proba(X), trained.predict_proba(X), atol=1e-6)
    assert again.classes == trained.classes and again.config == trained.config
    assert again.preparation == trained.preparation


def test_a_weight_that_a_file_lacks_is_named(trained, tmp_path):
    trained.save(tmp_path / "c.safetensors")
    with safe_open(tmp_path / "c.safetensors", "pt") as file:
        about, weights = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in list(weights):
        save_file({key: value for key, value in weights.items() if key != name}, tmp_path / "less", metadata=about)
        with pytest.raises(InvalidInput, match=re.escape(f"less is not whole. Missing: {name}.")):
            ImageClassifier.load(tmp_path / "less")


def test_files_that_are_no_classifier(trained, tmp_path):
    text, bare, huge = (tmp_path / name for name in ("text", "bare", "huge"))
    text.write_text("hello")
    save_file({"a": torch.zeros(1)}, bare)
    header = {"classes": ["a", "b"], "filters": [10**9], "shape": [1, 28, 28], "prepare": "object"}
    save_file({"a": torch.zeros(1)}, huge, metadata={"image_classifier": json.dumps(header)})
    for path in (text, bare, huge):
        assert code_of(lambda path=path: ImageClassifier.load(path)) == "bad_file"
    assert code_of(lambda: ImageClassifier.load(tmp_path / "none")) == "no_such_path"


# --- looking inside ------------------------------------------------------------------------------------------------


def test_feature_maps_are_the_layers_outputs(trained):
    maps = trained.feature_maps(X[0])
    h = torch.tensor(X[:1])[:, None] / 255
    with torch.no_grad():
        for name, layer in trained.module.named_children():
            h = layer(h)
            np.testing.assert_allclose(maps[name], h[0], atol=1e-5)
    assert list(maps) == [layer.name for layer in trained.layers()]
    assert trained.feature_maps(X[0], ["conv2"]).keys() == {"conv2"}
    assert code_of(lambda: trained.feature_maps(X[0], ["conv9"])) == "not_one_of"


def test_opening_leaves_no_trace(trained):
    module = trained.module.train()
    trained.grad_cam(X[0])
    trained.feature_maps(X[0])
    assert module.training
    assert not any(layer._forward_hooks for layer in module.modules())
    assert all(p.grad is None for p in module.parameters())
    with pytest.raises(RuntimeError):
        inside.layers(module, torch.zeros(1, 5, 8, 8))
    assert not any(layer._forward_hooks for layer in module.modules())
    module.eval()


class ByHand(nn.Module):
    """y_c = Σ_k v_ck · mean(ReLU(w_k x)): Grad-CAM can be worked out with a pencil."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.Linear(2, 2, bias=False)
        self.conv.weight.data = torch.tensor([1.0, -2.0]).reshape(2, 1, 1, 1)
        self.last.weight.data = torch.tensor([[3.0, 1.0], [-1.0, 2.0]])

    def forward(self, x):
        return self.last(self.relu(self.conv(x)).mean(dim=(2, 3)))


def test_grad_cam_by_hand():
    x = torch.tensor([[1.0, -1.0], [0.5, 2.0]])[None, None]
    maps = np.array([[[1, 0], [0.5, 2]], [[0, 2], [0, 0]]])  # ReLU(w_k x)
    for target, v in ((0, (3, 1)), (1, (-1, 2))):
        result = inside.grad_cam(ByHand(), x, target)
        alpha = np.array(v) / 4  # ∂y/∂A = v / 4 at each of 4 places
        heat = np.maximum((alpha[:, None, None] * maps).sum(axis=0), 0)
        np.testing.assert_allclose(result.weights, alpha, atol=1e-6)
        np.testing.assert_allclose(result.coarse, heat, atol=1e-6)
        np.testing.assert_allclose(result.heat, heat / heat.max(), atol=1e-6)
        assert result.layer == "relu"
        assert result.score == pytest.approx((np.array(v) * maps.mean(axis=(1, 2))).sum())
    scores = 3 * 0.875 + 0.5, -0.875 + 1.0
    assert inside.grad_cam(ByHand(), x).target == int(np.argmax(scores))


def test_grad_cam_before_an_in_place_layer():
    """The convolution's own values are weighed, negative ones included, although ReLU overwrites them."""
    x = torch.tensor([[1.0, -1.0], [0.5, 2.0]])[None, None]
    result = inside.grad_cam(ByHand(), x, 0, layer="conv")
    slope = np.array([[[3, 0], [3, 3]], [[0, 1], [0, 0]]]) / 4  # zero where ReLU cuts
    alpha = slope.mean(axis=(1, 2))
    before = x[0, 0].numpy() * np.array([1, -2])[:, None, None]
    np.testing.assert_allclose(result.coarse, np.maximum((alpha[:, None, None] * before).sum(axis=0), 0), atol=1e-6)


def test_grad_cam_of_a_classifier(trained):
    heat = trained.grad_cam(X[0])
    assert heat.shape == (8, 8) and heat.min() >= 0 and heat.max() <= 1
    assert trained.grad_cam(np.kron(X[0], np.ones((3, 5), np.uint8)), target=1).shape == (24, 40)
    assert trained.explain(X[0], 1, layer="conv1").coarse.shape == (8, 8)
    assert code_of(lambda: trained.grad_cam(X[0], target=2)) == "out_of_range"
    assert code_of(lambda: trained.explain(X[0], layer="dense")) == "not_one_of"
    flat = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    assert code_of(lambda: inside.grad_cam(flat, torch.zeros(1, 1, 2, 2))) == "no_maps"


def test_the_report_against_scikit_learn():
    truth = RNG.integers(0, 4, 80)
    p = RNG.dirichlet(np.ones(5), size=80)
    result = inside.report(p, truth, worst=7)
    said = p.argmax(axis=1)
    np.testing.assert_array_equal(result.confusion, confusion_matrix(truth, said, labels=range(5)))
    assert result.accuracy == (said == truth).mean()
    assert result.loss == pytest.approx(log_loss(truth, p, labels=range(5)))
    assert np.isnan(result.recall[4])
    sure = [w.confidence for w in result.wrong]
    assert len(sure) == 7 and sure == sorted(sure, reverse=True)
    assert sure[0] == max(p[i, said[i]] for i in range(80) if said[i] != truth[i])
    assert all(w.truth == truth[w.index] and w.said == said[w.index] != w.truth for w in result.wrong)


# --- what the network sees -----------------------------------------------------------------------------------------


def drawing(ink: int, paper: int) -> np.ndarray:
    canvas = np.full((100, 140), paper, np.uint8)
    canvas[30:80, 60:85] = ink
    return canvas


def test_dark_on_light_is_light_on_dark():
    light, dark = preparing.see_object(drawing(255, 0)), preparing.see_object(drawing(0, 255))
    assert np.array_equal(light.final, dark.final)
    assert [s.name for s in dark.stages] == ["original", "grey", "inverted", "stretched", "trimmed", "fitted"]
    assert light.final.shape == (28, 28)
    assert light.final[:, 7:21].min() == 255 and light.final[:, :7].max() == 0  # 50 × 25 becomes 28 × 14, centred


@pytest.mark.parametrize(("wall", "inked"), [(120, 255), (180, 255), (250, 200), (180, 30), (60, 30), (30, 60)])
def test_an_object_is_seen_whichever_is_lighter_it_or_the_wall(shipped, wall, inked):
    """A shirt that is nearly as light as its wall, or nearly as dark: the network gets the same picture."""
    x = fashion.load().x_test[fashion.load().y_test == 0][0]
    shirt = np.pad(x, 6)
    scene = np.where(shirt > 12, wall + (inked - wall) * (shirt / shirt.max()), wall).astype(np.uint8)
    black = np.where(shirt > 12, shirt, 0).astype(np.uint8)
    seen, plain = preparing.see_object(scene, fill=False).final, preparing.see_object(black, fill=False).final
    assert np.abs(seen.astype(int) - plain).mean() < 8
    assert shipped.answer(scene).probabilities[0] == pytest.approx(shipped.answer(black).probabilities[0], abs=0.1)


def test_a_cut_out_is_seen_by_its_shape(shipped):
    """On transparency: an off-white shirt is not lost on white, nor a black one on black, nor in a whole frame of it."""
    canvas = np.zeros((200, 200, 4), np.uint8)
    canvas[40:180, 60:140] = canvas[40:80, 20:180] = (255, 255, 255, 255)
    said = []
    for level in (250, 255, 128, 5, 0):
        cut = canvas.copy()
        cut[..., :3] = level
        for picture in (cut, cut[40:180, 20:180]):  # the second reaches its edges
            answer = shipped.answer(picture)
            said.append(answer.probabilities[[0, 2, 6]].sum())
            assert answer.sight.final[14, 14] > 100 and answer.sight.final[24, 1] == 0
    assert min(said) > 0.9, "a t-shirt, a pullover or a shirt"
    assert code_of(lambda: preparing.see_object(np.zeros((9, 9, 4), np.uint8))) == "blank_picture"


def test_an_outline_is_filled_and_a_solid_is_not():
    outline = drawing(255, 0)
    outline[33:77, 63:82] = 0
    sight = preparing.see_object(outline)
    assert "filled" in [s.name for s in sight.stages] and sight.final[14, 14] == 204 and sight.final.max() == 255
    assert preparing.see_object(outline, fill=False).final[14, 14] == 0
    assert "filled" not in [s.name for s in preparing.see_object(drawing(255, 0)).stages]
    assert preparing.see_object(drawing(255, 0), fill=True).final[14, 14] == 255, "there is nothing to fill"


def test_a_small_gap_in_the_outline_does_not_matter():
    outline = drawing(255, 0)
    outline[33:77, 63:82] = 0
    outline[50:52, 60:63] = 0
    assert preparing.see_object(outline).final[14, 14] == 204


@pytest.mark.parametrize("picture", [drawing(9, 9), np.zeros((1, 1), np.uint8), np.full((5, 5, 3), 255, np.uint8)])
def test_an_empty_drawing(picture):
    assert code_of(lambda: preparing.see_object(picture)) == "blank_picture"


def test_a_single_dot():
    canvas = np.zeros((50, 50), np.uint8)
    canvas[20, 30] = 255
    assert preparing.see_object(canvas).final.min() == 255  # one pixel, fitted to the frame


def test_a_photo_becomes_a_square():
    photo = np.zeros((40, 80, 3), np.uint8)
    photo[:, 20:60] = (10, 20, 30)
    assert (preparing.see_photo(photo, 16).final == (10, 20, 30)).all()
    assert preparing.see_photo(photo, 16, grey=True).final.shape == (16, 16)
    assert preparing.see_photo(photo[:1, :1], 16).final.shape == (16, 16, 3)
    assert preparing.see_photo(photo, 16, zoom=2.0).stages[1].pixels.shape == (20, 20, 3)


def test_preparing_a_training_picture_changes_little():
    """The preparation is the training's own: what is already prepared stays as it is."""
    data = fashion.load()
    changes = [
        np.abs(preparing.see_object(picture, fill=False).final.astype(int) - picture).mean()
        for picture in data.x_test[:100]
    ]
    assert np.mean(np.array(changes) < 1) > 0.9


# --- torchvision's networks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "shufflenet_v2_x0_5"])
def test_a_torchvision_model_opens_the_same_way(name, monkeypatch):
    torch.manual_seed(0)
    states = models.get_model(name, weights=None).state_dict()
    monkeypatch.setattr(torchvision_models, "_fetched", lambda *_: states)
    classifier = ImageClassifier.pretrained(name, device="cpu")
    photo = RNG.integers(0, 256, (60, 90, 3), dtype=np.uint8)
    answer = classifier.answer(photo)
    plain = models.get_model(name, weights=None).eval()
    plain.load_state_dict(states)
    x = torch.tensor(answer.sight.final).permute(2, 0, 1)[None] / 255
    recipe = models.get_model_weights(name).DEFAULT.transforms()
    x = v2.functional.normalize(x, recipe.mean, recipe.std)
    with torch.no_grad():
        expected = plain(x).softmax(1)[0].numpy()
    np.testing.assert_allclose(answer.probabilities, expected, atol=1e-5)
    assert classifier.grad_cam(photo).shape == (60, 90)
    assert len(classifier.feature_maps(photo)) == len(classifier.layers()) > 20
    assert classifier.kernels().shape[1] == 3 and len(classifier.classes) == 1000


def test_models_that_cannot_be_had(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def offline(*_args, **_options):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    assert code_of(lambda: ImageClassifier.pretrained("resnet18")) == "weights_unreachable"
    assert code_of(lambda: ImageClassifier.pretrained("resnet19")) == "unknown_model"
    assert code_of(lambda: ImageClassifier.pretrained("../weights/fashion")) == "unknown_model"
    wrong = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(1)}, wrong)
    assert code_of(lambda: ImageClassifier.pretrained("squeezenet1_1", weights=wrong)) == "weights_do_not_fit"
    assert code_of(lambda: ImageClassifier.pretrained("squeezenet1_1", weights=tmp_path / "none")) == "bad_file"


def test_a_public_host_loads_small_models_only(monkeypatch):
    monkeypatch.setenv("DL_PUBLIC", "1")
    assert code_of(lambda: ImageClassifier.pretrained("vit_h_14")) == "not_allowed"


def test_weights_brought_by_hand(monkeypatch, tmp_path):
    states = models.squeezenet1_1(weights=None).state_dict()
    save_file(states, tmp_path / "w.safetensors")
    classifier = ImageClassifier.pretrained("squeezenet1_1", weights=tmp_path / "w.safetensors", device="cpu")
    assert torch.equal(classifier.module.state_dict()["net.features.0.weight"], states["features.0.weight"])
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    torch.save(states, tmp_path / "checkpoints" / "squeezenet1_1-b8a52dc0.pth")
    cached = ImageClassifier.pretrained("squeezenet1_1", device="cpu")
    assert torch.equal(cached.module.state_dict()["net.features.0.weight"], states["features.0.weight"])


# --- what ships ----------------------------------------------------------------------------------------------------


def card() -> dict:
    return tomllib.loads((sd_card.FOLDER / "fashion" / "card.toml").read_text("utf-8"))


def test_the_card_tells_the_truth(shipped):
    file, about = sd_card.FOLDER / "fashion" / "model.safetensors", card()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == about["sha256"]
    assert file.stat().st_size == about["bytes"] < 2e6
    assert shipped.parameters == about["parameters"]
    assert shipped.classes == fashion.CLASSES
    assert about["metrics"]["test_accuracy"] >= 0.925


def test_the_shipped_network_on_pictures_it_never_saw(shipped):
    data = fashion.load()
    assert shipped.evaluate(data.x_test, data.y_test).accuracy == pytest.approx(
        card()["metrics"]["held_out_accuracy"], abs=0.002
    )


def test_pictures_brought_as_files_are_named_like_the_arrays(shipped):
    """The same picture as an upload, on white paper, goes through reading, preparing and naming."""
    data = fashion.load()
    said = [shipped.answer(255 - picture).probabilities.argmax() for picture in data.x_test[:200]]
    assert np.mean(said == data.y_test[:200]) > 0.85


@pytest.mark.slow
@pytest.mark.skipif(
    not fashion.DEBIAN_FOLDER.is_dir(), reason="needs Debian's dataset-fashion-mnist, or its files in FASHION_MNIST"
)
def test_the_shipped_accuracy(shipped):
    data = fashion.full()
    accuracy = shipped.evaluate(data.x_test, data.y_test).accuracy
    assert accuracy >= 0.925 and accuracy == pytest.approx(card()["metrics"]["test_accuracy"], abs=0.002)


def test_the_recipe_still_runs_and_resumes(tmp_path, monkeypatch, capsys):
    from recipes import fashion as recipe

    monkeypatch.setattr(recipe, "FILTERS", (4, 4))
    learn, watch = recipe.made_up(256), recipe.made_up(64)
    assert recipe.train(learn, watch, tmp_path, epochs=2).trainer.epoch == 2
    again = recipe.train(learn, watch, tmp_path, epochs=3)
    assert "going on after epoch 2" in capsys.readouterr().out
    assert again.trainer.epoch == 3 and again.trainer.updates == 6

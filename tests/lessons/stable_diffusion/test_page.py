"""Lesson 17 without a browser, on the weights that ship: films, branches, sweeps, settings in the PNG, misuse."""

from __future__ import annotations

import base64
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from core.data import emoji
from core.diffusion import loading, preview
from core.diffusion.settings import Settings
from core.errors import CoreError
from core.events import Done, Progress
from core.files import images
from core.lessons.stable_diffusion import choices, frames, studio
from core.pretrained import shipped
from core.pretrained.shipped import card
from demos import kit
from demos.kit import pictures, text
from demos.stable_diffusion import compare, shown, tools
from demos.stable_diffusion import page as lesson
from tests import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers on numpy 2

MODEL = choices.MODEL
WORDS = lesson.FORM.values(prompt="red apple", steps=3)
COMPARED = compare.FORM.values(prompt="red apple", steps=3)
TOOLED = tools.FORM.values(prompt="red apple", steps=3)


def last(stream: Iterator[Any]) -> Any:
    *_, end = stream
    return end


def drawn(lang: str, form: kit.Values) -> dict[str, Any]:
    """All that a drawing leaves on the page."""
    return kit.settled(lesson.on_draw(lang, MODEL, form))


@pytest.fixture(scope="module")
def run() -> shown.Run:
    return drawn("en", WORDS)["run"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_drawing_keeps_every_step(lang: str) -> None:
    updates = list(lesson.on_draw(lang, MODEL, WORDS))
    first, end = updates[0], updates[-1]
    assert len(updates) == 1 + 3 + 1 and set(kit.settled(iter(updates))) == set(lesson.DRAWN)
    assert [len(reel["frames"]) for reel in end["film"]["reels"]] == [3, 3] and len(end["film"]["labels"]) == 3
    picture = end["picture_shelf"]
    assert end["prompt_shelf"] == "red apple" and picture.shape == (64, 64, 3) and "64 × 64" in end["badge"]
    direct = studio.shared().generate("red apple", num_inference_steps=3, seed=0)
    assert np.array_equal(np.asarray(direct), picture)
    assert [item["text"] for item in first["chips"]["items"]][1:-1] == ["red", "apple"]
    assert first["vectors"]["caption"]
    assert first["noise"]["reels"][0]["frames"][0].startswith("data:image/png;base64,")


def test_an_unknown_word_is_said_and_a_known_one_counted() -> None:
    sd = studio.shared()
    words = studio.familiar(sd, "red dragonfly zzyzx")
    assert words[0].names > 3 and words[0].pieces == 1 and words[2].names == 0 and words[2].pieces > 1
    chips = next(lesson.on_draw("ko", MODEL, WORDS.changed(prompt="zzyzx")))["chips"]
    read = sd.understood("zzyzx")
    assert "‘zzyzx’" in chips["caption"] and f"‘{read}’" in chips["caption"] and read in emoji.load().en
    assert "".join(item["text"] for item in chips["items"][1:-1]) == read.replace(" ", "")
    for prompt, sure in (("zzyzx", False), ("starbucks", True)):
        found = studio.meaning(prompt)
        told = next(lesson.on_draw("en", MODEL, WORDS.changed(prompt=prompt)))["chips"]["caption"]
        assert (found.share >= choices.SURE) == sure
        assert all((name in told and f"{share:.0%}" in told) != sure for name, share in found.others)
        measured = card("emoji")["metrics"]["sureness"]
        assert f"{measured['right_above' if sure else 'right_below']:.0%}" in told and measured["share"] == choices.SURE
    assert sd.understood("빨간 사과") == "빨간 사과" and sd.understood("노란 하트") == "노란색 하트"
    assert studio.familiar(sd, "사과")[0].names > 0


@pytest.mark.parametrize(
    ("lang", "prompt", "parts"),
    [
        ("ko", "빨간 사과와 파란 하트", ("‘빨간 사과’ → ‘빨간 사과’", "‘파란 하트’ → ‘파란색 하트’")),
        ("en", "a dog and a cake", ("‘dog’ → ‘dog’", "‘cake’ → ‘shortcake’")),
    ],
)
def test_two_things_get_a_window_each_unless_the_learner_says_no(
    lang: str, prompt: str, parts: tuple[str, ...]
) -> None:
    wish, sd = WORDS.changed(prompt=prompt), studio.shared()
    first, *_, end = updates = list(lesson.on_draw(lang, MODEL, wish))
    assert len(updates) == 5 and "120 × 64" in end["badge"]
    assert all(part in end["film"]["caption"] and part in first["chips"]["caption"] for part in parts)
    assert end["film"]["aspect"] == 120 / 64 == first["noise"]["aspect"]
    texts = [sd.understood(each) for each in sd.things(prompt)]
    assert len(texts) == 2 and sum(item["text"] in ("mark", "표시") for item in first["chips"]["items"]) == 4
    direct = sd.generate(prompt, num_inference_steps=3, windows=sd.things(prompt))
    assert np.array_equal(np.asarray(direct), end["picture_shelf"]) and direct.size == (120, 64)
    alone = drawn(lang, wish.changed(apart=False))
    told = alone["chips"]["caption"]
    assert alone["picture_shelf"].shape == (64, 64, 3) and all(part.split(" → ")[0] in told for part in parts)
    assert alone["film"]["aspect"] == 1 and "MultiDiffusion" not in told + alone["film"]["caption"]
    assert np.array_equal(np.asarray(sd.generate(prompt, num_inference_steps=3)), alone["picture_shelf"])


def test_windows_go_through_the_panels_and_come_back(tmp_path: Path) -> None:
    prompt = "a red apple and a blue heart"
    run = drawn("en", WORDS.changed(prompt=prompt))["run"]
    file = tmp_path / "two.png"
    file.write_bytes(base64.b64decode(tools.on_png("en", run)))
    assert tools.on_reload("en", str(file))["apart"] is True
    code = lesson.on_code("en", MODEL, WORDS.changed(prompt=prompt))
    compile(code, "two.py", "exec")
    assert "windows=('red apple', 'blue heart')" in code and "pipe('red apple'" in code
    film = last(tools.on_branch("en", run, 2, "a dog and a cake"))
    assert film["aspect"] == 120 / 64 and [len(reel["frames"]) for reel in film["reels"]] == [3, 3]
    assert last(tools.on_branch("en", run, 2, "blue heart"))["reels"][1]["frames"][2], "one thing: both windows"
    two = last(compare.on_two("en", MODEL, COMPARED.changed(prompt=prompt, other="cat")))
    assert two["aspect"] == 120 / 64
    maps = last(tools.on_words("en", MODEL, TOOLED.changed(prompt=prompt, steps=1)))
    assert [reel["name"] for reel in maps["reels"]][1:] == ["red", "apple", "blue", "heart"]
    walk = last(compare.on_walk("en", MODEL, COMPARED.changed(prompt=prompt, steps=1, walk_to="cat")))
    assert len(walk["reels"][0]["frames"]) == 9
    image = last(tools.on_image("en", MODEL, np.zeros((64, 64, 3), np.uint8), TOOLED.changed(prompt=prompt, steps=2)))
    assert len(image["reels"]) == 3


def test_stop_keeps_the_steps_so_far_and_they_can_be_branched() -> None:
    stream = lesson.on_draw("en", MODEL, WORDS)
    run = next(stream)["run"]
    next(stream), next(stream)
    stream.close()
    assert len(run.moments) == 2 and run.drawn is None
    assert last(tools.on_branch("en", run, 1, "green apple"))["reels"]


@pytest.mark.parametrize("after", range(5))
def test_stop_at_any_step_loses_nothing_and_the_next_run_is_whole(after: int) -> None:
    stream = lesson.on_draw("en", MODEL, WORDS)
    run = next(stream)["run"]
    for _ in range(after):
        next(stream)
    stream.close()
    kept = min(after, WORDS.steps)
    assert len(run.now) == len(run.predicted) == len(run.moments) == len(run.labels) == kept
    assert (run.drawn is None) == (after < 4)
    again = drawn("en", WORDS)["run"]
    sketched = min(kept, 2)  # the last frame of a finished run is decoded by the autoencoder itself
    assert again.now[:sketched] == run.now[:sketched] and again.drawn is not None


def test_three_visitors_at_once_get_what_each_would_get_alone() -> None:
    wishes = [WORDS.changed(seed=seed, scheduler=name) for seed, name in ((1, "own"), (2, "euler-a"), (3, "dpm++2m"))]
    alone = [drawn("en", wish)["picture_shelf"] for wish in wishes]
    with ThreadPoolExecutor(3) as visitors:
        together = list(visitors.map(lambda wish: drawn("en", wish)["picture_shelf"], wishes))
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1
    assert not np.array_equal(alone[0], alone[1])


def test_a_branch_shares_its_past_number_for_number(run: shown.Run) -> None:
    film = last(tools.on_branch("en", run, 2, "blue heart"))
    old, new = (reel["frames"] for reel in film["reels"])
    assert old[:2] == new[:2] and old[2] != new[2] and len(new) == 3
    same = last(tools.on_branch("en", run, 1, "red apple"))
    assert same["reels"][0]["frames"] == same["reels"][1]["frames"], "the same words give the same picture"


def test_two_prompts_half_and_walk() -> None:
    two = last(compare.on_two("en", MODEL, COMPARED.changed(other="green apple")))
    assert [reel["name"] for reel in two["reels"]] == ["red apple", "green apple"]
    half = last(compare.on_half("en", MODEL, COMPARED))
    assert [len(reel["frames"]) for reel in half["reels"]] == [6, 6, 3] and half["start"] == 2
    walk = last(compare.on_walk("en", MODEL, COMPARED.changed(steps=1, walk_to="blue heart")))
    assert len(walk["reels"][0]["frames"]) == 9 and walk["labels"][-1].startswith("100%")


def test_what_stands_side_by_side_comes_from_one_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sketch of the autoencoder beside the autoencoder itself would show a difference that is none of the run's."""
    monkeypatch.setattr(preview.Preview, "_quick", lambda *_: pytest.fail("sketched"))
    assert len(last(compare.on_half("en", MODEL, COMPARED))["reels"]) == 3
    assert len(list(compare.on_guidance("en", MODEL, COMPARED.changed(steps=2)))) > 2


def test_guidance_shows_three_pictures_and_a_sweep() -> None:
    updates = list(compare.on_guidance("en", MODEL, COMPARED.changed(steps=2)))
    first = [update["guidance_film"] for update in updates if "guidance_film" in update][-1]
    assert [len(reel["frames"]) for reel in first["reels"]] == [2, 2, 2]
    at = first["start"]
    assert first["reels"][0]["frames"][at] != first["reels"][1]["frames"][at], "it opens where the two answers differ"
    assert len(updates[-1]["guidance_tiles"]["reels"]) == len(choices.SCALES)


def test_a_wall_of_seeds_says_how_far_its_rows_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "WALL_SEEDS", 3)
    monkeypatch.setattr(choices, "WALL_SCALES", (1.0, 4.0))
    films = list(compare.on_wall("en", MODEL, COMPARED.changed(steps=1, seed=5)))
    assert [reel["name"] for reel in films[-1]["reels"]][::3] == ["s = 1 · seed 5", "s = 4 · seed 5"]
    assert len(films) == 6 and films[-1]["columns"] == 3
    ask = {"num_inference_steps": 1, "guidance_scale": 4.0}
    one, two, three = (np.asarray(studio.shared().generate("red apple", seed=s, **ask), float) for s in (5, 6, 7))
    by_hand = (np.abs(one - two).mean() + np.abs(one - three).mean() + np.abs(two - three).mean()) / 3
    assert f"s = 4: they differ by {by_hand:.1f}." in films[-1]["caption"]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_recorded_first_screen_is_what_the_weights_draw(lang: str) -> None:
    """Kept with loss: a few levels off. Weights that changed would be far off."""
    from core.data import first_drawing

    film, prompt = shown.recorded(text.load("stable_diffusion", lang)), text.load("stable_diffusion", lang)
    kept = first_drawing.load(lang)
    assert film["play"] and len(film["reels"][1]["frames"]) == len(kept.now) == choices.STEPS.default
    live = studio.shared().generate(prompt(f"example.{choices.EXAMPLES[0]}"), seed=choices.SEED.default)
    assert studio.gap(live, kept.predicted[-1]) < 3 and studio.gap(live, kept.now[-1]) < 3
    assert studio.gap(studio.shared().noise(choices.SEED.default), kept.noise) < 8


def test_a_photo_of_the_webcam_as_start() -> None:
    shot = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    sent = SimpleNamespace(photos=[base64.b64encode(images.to_png(shot)).decode()])
    begun = tools.on_snap("en", sent)
    assert np.array_equal(begun["start"], shot[:, 8:56]) and begun["image_film"]["reels"][0]["name"] == "start"


def test_a_wide_picture_as_start_is_cropped_and_that_is_said() -> None:
    """A circle in the middle of 320 × 180 stays a circle; a pipeline squeezes it to an ellipse."""
    rows, columns = np.mgrid[:180, :320]
    wide = np.where((rows - 90) ** 2 + (columns - 160) ** 2 < 60**2, 20, 235).astype(np.uint8)[..., None].repeat(3, 2)
    begun = tools.on_shelf("ko", wide)
    assert begun["start"].shape == (180, 180, 3) and "가운데" in begun["image_film"]["caption"]
    whole = tools.on_shelf("ko", wide[:, 70:250])
    assert np.array_equal(begun["start"], whole["start"]) and "가운데" not in whole["image_film"]["caption"]
    sd = studio.shared()
    np.testing.assert_array_equal(sd.latents(wide), sd.latents(begun["start"]))


def test_no_two_buttons_of_the_panels_say_the_same() -> None:
    for lang in text.LANGUAGES:
        with gr.Blocks() as page:
            lesson.build(lang)
        draws = {"on_two", "on_guidance", "on_half", "on_walk", "on_branch", "on_words", "on_image", "on_draw"}
        pressed = {
            page.blocks[target].value
            for event in page.fns.values()
            if getattr(event.fn, "__name__", "") in draws
            for target, kind in event.targets
            if kind == "click"
        }
        assert len(pressed) == len(draws), pressed


def test_a_picture_as_start_and_the_maps_of_words(run: shown.Run) -> None:
    picture = np.full((64, 64, 3), 128, np.uint8)
    film = last(tools.on_image("en", MODEL, picture, TOOLED.changed(steps=4, strength=0.5)))
    assert [len(reel["frames"]) for reel in film["reels"]] == [1, 2, 2]
    maps = last(tools.on_words("en", MODEL, TOOLED))
    assert [reel["name"] for reel in maps["reels"]][1:] == ["red", "apple"]
    flat = studio.overlay(Image.new("RGB", (8, 8), "white"), np.zeros((2, 2), np.float32))
    assert flat.shape == (8, 8, 3) and flat.max() < 60


def test_the_png_brings_its_settings_back(run: shown.Run, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(base64.b64decode(tools.on_png("en", run)))
    read = tools.on_reload("en", str(file))
    assert {name: read[name] for name in WORDS} == dict(WORDS) and read["png_said"]
    assert tools.on_reload("en", None) == {}
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    with pytest.raises(gr.Error):
        tools.on_reload("en", str(tmp_path / "plain.png"))


def test_a_model_is_announced_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "MB" in tools.on_plan("en", "emoji")
    opened = last(tools.on_model("en", "emoji"))
    assert opened["name"] == "emoji" and "20,645,219" in opened["model_said"]
    assert [name for _, name in opened["scheduler"]["choices"]][:2] == ["own", "ddim"]
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(CoreError, match="missing"):
        studio.plan(str(tmp_path))
    monkeypatch.setenv("DL_PUBLIC", "1")
    with pytest.raises(CoreError):
        studio.plan(str(tmp_path))
    with pytest.raises(CoreError):
        last(tools_opened(str(tmp_path)))


def tools_opened(name: str) -> Iterator[Progress | Done[Any]]:
    return studio.opened(name)


def test_a_folder_without_its_unet_is_named(tmp_path: Path) -> None:
    shutil.copytree(shipped.FOLDER / "emoji", tmp_path / "mine", ignore=shutil.ignore_patterns("unet"))
    for call in (tools.on_plan, lambda lang, name: last(tools.on_model(lang, name))):
        with pytest.raises(gr.Error) as caught:
            call("ko", str(tmp_path / "mine"))
        assert "unet" in str(caught.value.message)


def test_too_little_memory_is_said_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = SimpleNamespace(rfilename="unet/diffusion_pytorch_model.safetensors", size=4_000_000_000)
    monkeypatch.setattr(studio.fetch, "hub_info", lambda entry: SimpleNamespace(siblings=[weights]))
    monkeypatch.setattr(loading, "available", lambda: 1_000_000_000)
    monkeypatch.setattr(studio.resolve, "steps", lambda *_: pytest.fail("fetched before it was said"))
    assert "4,000 MB" in tools.on_plan("en", "nobody/large") and "1,000 MB are free" in tools.on_plan(
        "en", "nobody/large"
    )
    with pytest.raises(gr.Error) as caught:
        last(tools.on_model("ko", "nobody/large"))
    assert "5200" in str(caught.value.message) and any("가" <= ch <= "힣" for ch in str(caught.value.message))


def test_a_hub_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the call and never answers
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(studio.fetch, "ANSWER_SECONDS", 0.3)
        began = time.monotonic()
        for call in (tools.on_plan, lambda lang, name: last(tools.on_model(lang, name))):
            with pytest.raises(gr.Error) as caught:
                call("ko", "nobody/has-this")
            assert any("가" <= ch <= "힣" for ch in str(caught.value.message))
        assert time.monotonic() - began < 20


def test_a_file_that_is_no_picture_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "get_upload_folder", lambda: str(tmp_path))
    for content in (b"", b"words, not a picture", b"\x89PNG\r\n\x1a\n cut off"):
        (tmp_path / "cat.png").write_bytes(content)
        with pytest.raises(gr.Error) as caught:
            tools.on_bring("ko", {"path": str(tmp_path / "cat.png")})
        assert any("가" <= ch <= "힣" for ch in str(caught.value.message))


@pytest.mark.parametrize("prompt", ["日本語の猫", "кот", "\u200b🍎", "ㅋ" * 500])
def test_a_language_it_does_not_know_is_drawn_and_said(prompt: str) -> None:
    wish = WORDS.changed(prompt=prompt, steps=1, scale=0.0)  # guidance 0: one pass, no words pushed
    shown_ = drawn("en", wish)
    assert "never seen" in shown_["chips"]["caption"] and shown_["picture_shelf"].shape == (64, 64, 3)


def test_code_in_a_fresh_process_draws_the_picture_of_the_page(tmp_path: Path) -> None:
    wish = WORDS.changed(negative="cat", seed=7, scheduler="euler")
    printed = programs.run(lesson.on_code("en", MODEL, wish), tmp_path)  # it saves the picture where it runs
    picture = np.asarray(Image.open(tmp_path / "picture.png")).astype(int)
    assert np.abs(picture - drawn("en", wish)["picture_shelf"]).max() <= 1
    assert [line.split()[0] for line in printed.splitlines()[-3:]] == ["1", "2", "3"]


def test_code_and_large_pictures() -> None:
    code = lesson.on_code("en", MODEL, WORDS.changed(negative="cat", seed=7, scheduler="euler"))
    compile(code, "stable_diffusion.py", "exec")
    assert "negative_prompt='cat'" in code and "seed=7" in code and "scheduler='euler'" in code
    assert frames.data_url(np.zeros((512, 512, 3), np.uint8)).startswith("data:image/webp")
    assert studio.script("emoji", Settings("x")).count("seed=") == 0


@pytest.mark.parametrize(
    "call",
    [
        *(
            lambda wrong=wrong: last(lesson.on_draw("ko", MODEL, WORDS.changed(**wrong)))
            for wrong in (
                {"prompt": ""},
                {"prompt": "x" * 10_000},
                {"prompt": 7},
                {"steps": 0},
                {"steps": 1000},
                {"scale": 100.0},
                {"scale": float("nan")},
                {"scale": -1.0},
                {"seed": None},
                {"seed": "seven"},
                {"seed": 1.5},
                {"scheduler": "warp"},
            )
        ),
        lambda: last(compare.on_walk("ko", MODEL, COMPARED.changed(walk_to=" "))),
        lambda: last(compare.on_two("ko", MODEL, COMPARED.changed(other=""))),
        lambda: last(tools.on_branch("ko", None, 3, "x")),
        lambda: last(tools.on_image("ko", MODEL, None, TOOLED)),
        lambda: last(tools.on_image("ko", MODEL, np.zeros((4, 4, 3), np.uint8), TOOLED.changed(strength=2.0))),
        lambda: tools.on_bring("ko", {"path": "/etc/passwd"}),
        lambda: tools.on_snap("ko", SimpleNamespace(photos=["%"])),
        lambda: tools.on_snap("ko", SimpleNamespace()),
        lambda: tools.on_shelf("ko", None),
        lambda: tools.on_png("ko", None),
        lambda: tools.on_plan("ko", "no/../such"),
        lambda: tools.on_plan("ko", ""),
        lambda: last(tools.on_model("ko", "nobody/has-this")),
        lambda: lesson.on_take("ko", None),
    ],
)
def test_bad_values_end_in_one_korean_sentence(call: Any) -> None:
    with pytest.raises(gr.Error) as caught:
        call()
    assert any("가" <= ch <= "힣" for ch in str(caught.value.message))


def test_an_empty_prompt_is_told_in_whole_sentences() -> None:
    for lang, words in (
        ("ko", "프롬프트가 비어 있어요. 낱말을 하나 이상 써 주세요."),
        ("en", "The prompt is empty. Write at least one word."),
    ):
        for call in (
            lambda: next(lesson.on_draw(lang, MODEL, WORDS.changed(prompt=" "))),  # noqa: B023
            lambda: last(compare.on_walk(lang, MODEL, COMPARED.changed(walk_to=""))),  # noqa: B023
            lambda: lesson.on_take(lang, None),  # noqa: B023
        ):
            with pytest.raises(gr.Error) as caught:
                call()
            assert caught.value.message == words
    with pytest.raises(gr.Error) as caught:
        next(lesson.on_draw("ko", MODEL, WORDS.changed(steps=0)))
    assert str(caught.value.message).startswith("걸음 수는"), "no English name in a Korean sentence"


def test_html_in_a_prompt_stays_text() -> None:
    update = next(lesson.on_draw("en", MODEL, WORDS.changed(prompt="<img src=x onerror=alert(1)>")))
    assert "<img" in update["chips"]["caption"]  # chips and their caption write text nodes only
    words = lesson.on_code("en", MODEL, WORDS.changed(prompt="<b>'\""))
    compile(words, "x.py", "exec")


def test_the_quick_setting_is_the_one_that_was_measured() -> None:
    few = card("emoji")["few_steps"]
    assert few["scheduler"] in choices.SCHEDULER and few["pictures"] >= 400
    assert 0.3 < few["judge_top_5"] < 1 and abs(few["judge_top_5"] - few["judge_top_5_at_25"]) < 0.05, "little is lost"
    run = drawn("en", WORDS.changed(steps=few["steps"], scheduler=few["scheduler"]))["run"]
    assert len(run.now) == few["steps"] < 20


def test_stop_ends_a_drawing_whichever_button_began_it() -> None:
    with gr.Blocks() as page:
        lesson.build("en")
    draws = {number for number, event in page.fns.items() if getattr(event.fn, "__name__", "") == "on_draw"}
    stops = [set(event.cancels) for event in page.fns.values() if draws & set(event.cancels)]
    assert len(draws) == 3 + len(choices.EXAMPLES) and stops and all(draws <= stopped for stopped in stops)

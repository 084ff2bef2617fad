"""Lesson 18 by hand: example words taught and tested on other voices, and once round the loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.browser
SLOW = 120_000
SAYS = """(words) => [...document.querySelectorAll('.taste-caption, .prose p')].some(
    (e) => e.offsetParent && new RegExp(words).test(e.textContent))"""


def waits(page: Any, words: str) -> None:
    """Until a caption or paragraph on the screen says this; the machine may be slow."""
    page.wait_for_function(SAYS, arg=words, timeout=120_000)


def part(page: Any, sign: str) -> None:
    page.get_by_role("tab").filter(has_text=sign).first.click()


def test_example_words_are_taught_and_tested(visit: Any) -> None:
    v = visit("phone")
    page = v.open("ko", "multimodal")
    part(page, "②")
    page.get_by_role("button", name="예시 녹음 만들기").click()
    waits(page, "낱말 3개")
    page.get_by_role("button", name="③ 학습하기").click()
    waits(page, "12개 중 1[0-2]개")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not v.faults


def test_a_first_round_without_a_press_and_again_from_ones_own_words(visit: Any) -> None:
    v = visit()
    page = v.open("en", "multimodal")
    part(page, "③")
    waits(page, "The cosine of .red apple. and this picture")
    sentence = page.get_by_label("Sentence to say (you may change it)")
    assert "red apple" in sentence.input_value()
    page.get_by_label("Words (Korean or English)").fill("blue heart")
    page.get_by_role("button", name="Round the loop", exact=True).click()
    waits(page, "The cosine of .blue heart. and this picture")
    assert "blue heart" in sentence.input_value()
    assert not v.faults


def test_no_captions_and_two_hundred_are_told_and_four_work_again(visit: Any) -> None:
    v = visit("phone")
    page = v.open("en", "multimodal")
    rows = "document.querySelectorAll('.taste-matrix tr').length"
    page.wait_for_function(f"() => {rows} === 5", timeout=SLOW)
    long = "[...document.querySelectorAll('.taste-matrix th[scope=row]')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(long) == 0, "no caption lies over its numbers"
    captions = page.get_by_label("My captions")
    for wrong, told in ((" ", "Captions is empty"), ("\n".join(f"word {k}" for k in range(200)), "200")):
        captions.fill(wrong)
        page.get_by_role("button", name="Compare", exact=True).click()
        page.wait_for_selector(f".toast-body:has-text('{told}')", timeout=SLOW)
        assert page.evaluate(rows) == 5, "what was there stays"
    captions.fill("sun\nrocket")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_function(f"() => {rows} === 3", timeout=SLOW)
    assert not v.faults


def test_a_recording_of_another_kind_is_heard_and_a_picture_named_wav_is_told(visit: Any, tmp_path: Path) -> None:
    v = visit("phone")
    page = v.open("ko", "multimodal")
    part(page, "②")
    page.get_by_role("button", name="녹음 파일 넣기").click(timeout=SLOW)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "picture.png")
    (tmp_path / "picture.png").rename(tmp_path / "picture.wav")
    page.wait_for_selector("text=WAV, 60초까지", timeout=SLOW)
    file = page.locator(".block:has-text('WAV, 60초까지') input[type=file]").last
    file.set_input_files(str(Path(__file__).with_name("tone.webm")))  # the browser hears it, the server need not
    page.wait_for_selector("text=방금 받은 내 소리예요", timeout=SLOW)
    reads(page, r"0\.5\d초")
    page.get_by_role("button", name="지우기", exact=True).locator("visible=true").first.click()
    file.set_input_files(str(tmp_path / "picture.wav"))
    page.wait_for_selector(".toast-body:has-text('녹음')", timeout=SLOW)
    assert not v.faults


# ---- the microphone: Chromium's fake one beeps twice a second ----

READS = "(words) => (document.body.innerText.match(new RegExp(words)) || [null])[0]"


def reads(page: Any, words: str) -> str:
    """What on the screen says this, once it does."""
    return page.wait_for_function(READS, arg=words, timeout=SLOW).json_value()


def button(page: Any, name: str, nth: int = 0) -> Any:
    return page.get_by_role("button", name=name, exact=True).locator("visible=true").nth(nth)


def record(page: Any, nth: int = 0) -> None:
    """Press, wait until it says that it records, and stop: what it hears from then on must be there."""
    button(page, "Record", nth).click(timeout=SLOW)
    page.wait_for_selector("text=Recording. Speak now.", timeout=SLOW)
    page.wait_for_timeout(1500)
    button(page, "Stop recording").click()


def test_a_recording_becomes_a_wave_a_picture_and_a_word(visit: Any) -> None:
    v = visit()
    page = v.open("en", "multimodal")
    part(page, "②")
    span = r"The wave, [\d.]+ s long"
    formula = reads(page, span)
    record(page)
    reads(page, "Your own sound, just received")
    assert reads(page, span) != formula and button(page, "Listen to it").is_visible()
    reads(page, r"Mel spectrogram: .* × \d+ numbers")
    v.shot("recorded_en")
    button(page, "Cannot speak now? Make example recordings").click()
    reads(page, "3 words")
    page.get_by_label("① Word").fill("beep")
    record(page, 1)
    reads(page, "4 words")
    button(page, "③ Train").click()
    reads(page, "Now say something at ④")
    record(page, 2)
    word = reads(page, r"It heard “[^”]+”").split("“")[1][:-1]
    assert page.get_by_label("Word it heard").input_value() == word
    button(page, "Start listening").click()
    reads(page, r"loudness\s+\d+%")
    v.shot("listening_en")
    part(page, "③")  # out of sight, it goes off by itself; and a first round is drawn
    waits(page, "The cosine of .red apple. and this picture")
    button(page, "The word it heard").click()
    page.wait_for_function(
        "(word) => [...document.querySelectorAll('textarea')].some((e) => e.value === word)", arg=word
    )
    part(page, "②")
    page.wait_for_selector("text=Start listening", timeout=SLOW)
    assert not v.faults


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("NotAllowedError", "마이크를 쓰지 못하게 막혀 있어요"), ("NotFoundError", "쓸 수 있는 마이크가 없어요")],
)
def test_a_microphone_refused_is_told_in_one_sentence(visit: Any, name: str, sentence: str) -> None:
    v = visit("phone")
    v.page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{name}'); }}"
    )
    page = v.open("ko", "multimodal")
    part(page, "②")
    button(page, "녹음하기").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text={sentence}", timeout=SLOW)
    v.shot(f"microphone_{name}_ko_phone")
    button(page, "듣기 시작").click()
    page.wait_for_function("(s) => document.body.innerText.split(s).length === 3", arg=sentence)
    assert button(page, "녹음하기").is_enabled() and page.locator(".toast-body").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not v.faults


def test_a_recording_ends_by_itself(visit: Any) -> None:
    v = visit("phone", dark=True)
    page = v.open("ko", "multimodal")
    part(page, "②")
    page.get_by_label("① 낱말").fill("삑")
    button(page, "녹음하기", 1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=녹음 중이에요", timeout=SLOW)
    v.shot("recording_ko_phone_dark")
    page.wait_for_selector("text=3초가 다 차서", timeout=SLOW)
    reads(page, "낱말 1개")
    assert not v.faults

"""The gallery itself in a real browser: front door, addresses, share links, Stop, work kept, two visitors at once."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from demos import CHAPTERS

pytestmark = pytest.mark.browser


def link(state: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")


def counters(page: Any) -> str:
    page.wait_for_selector(".taste-big p:visible", timeout=120_000)
    return page.locator(".taste-big:visible p").first.inner_text()


def iteration(page: Any) -> int:
    found = re.search(r"(?:iteration|이터레이션) (\d+)", counters(page))
    assert found
    return int(found[1])


def test_a_share_link_restores_the_controls(visit: Any) -> None:
    page = visit().open("en", "epochs", link({"samples": "10", "batch": 4, "epochs": 3, "shuffle": False, "rate": 99}))
    page.wait_for_function("() => document.querySelector('.taste-big')?.textContent.includes('/ 9')")  # 3 updates × 3
    assert page.get_by_label("Shuffle every epoch").is_checked() is False


SHOWN = """() => { window.shown = new Set(); const look = () => { for (const h of document.querySelectorAll('h2'))
  if (h.offsetParent) window.shown.add(h.textContent.trim()); requestAnimationFrame(look); }; requestAnimationFrame(look); }"""


def test_a_link_shows_its_lesson_and_no_other_before_it(visit: Any) -> None:
    v = visit()
    v.page.add_init_script(f"({SHOWN})()")
    page = v.open("en", "perceptron")
    page.wait_for_selector(".taste-plane canvas:visible")
    shown = page.evaluate("[...window.shown]")
    assert "Perceptron" in shown and "Machine learning vs deep learning" not in shown
    v.go("ml_vs_dl")  # waits for its own tab to be filled
    page.wait_for_selector(
        ".taste-plane:visible figcaption:has-text('%')"
    )  # not the perceptron's, which are hidden now
    assert not v.faults


def test_grey_lines_stand_only_until_the_lesson_does(visit: Any) -> None:
    v = visit()
    v.page.add_init_script("""new MutationObserver(() => { if (document.querySelector('.taste-wait')) window.waited = true; })
        .observe(document, {childList: true, subtree: true})""")
    page = v.open("ko", "hidden_layers")
    page.wait_for_selector(".taste canvas:visible")
    assert page.locator(".taste-wait").count() == 0
    assert page.evaluate("window.waited")


def test_the_front_door_moves_before_gradio_stands_and_its_cards_open_lessons(visit: Any) -> None:
    v = visit("phone")
    page = v.open("ko")
    page.wait_for_function("() => performance.getEntriesByName('taste-moving').length > 2", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    assert page.locator(".card").count() == len([slug for chapter in CHAPTERS for slug in chapter.lessons])
    assert page.locator(".card img").evaluate_all("all => all.every((each) => each.getAttribute('alt') === '')")
    page.get_by_role("button", name="멈추기", exact=True).click()
    still = page.locator(".living output").inner_text()
    page.wait_for_timeout(500)
    assert page.locator(".living output").inner_text() == still
    page.locator(".card[data-lesson=epochs]").click()
    assert page.url.endswith("/?lesson=epochs") and page.title().startswith("에폭")
    counters(page)
    page.go_back()
    page.wait_for_selector(".card[data-lesson=epochs][data-state=opened]")
    assert "이어서 하기" in page.locator(".hero-go .go").first.inner_text()
    assert not v.faults


def test_an_address_for_every_place(visit: Any) -> None:
    """Settings and lesson are in the address: Back, reload and the other language find them."""
    v = visit()
    page = v.open("ko", "epochs")
    counters(page)
    page.get_by_label("에폭마다 섞기").uncheck()
    page.wait_for_function("() => location.search.includes('s=')", timeout=30_000)
    v.go("perceptron")
    page.wait_for_selector(".taste-plane canvas:visible", timeout=60_000)
    assert "lesson=perceptron" in page.url
    page.go_back()
    page.wait_for_selector(".taste-big p:visible")
    assert "lesson=epochs" in page.url and "s=" in page.url
    page.locator(".bar-lang").click()
    page.get_by_role("checkbox", name="Shuffle every epoch").wait_for(timeout=60_000)
    assert "/en?lesson=epochs" in page.url
    assert page.get_by_role("checkbox", name="Shuffle every epoch").is_checked() is False
    page.reload()
    page.get_by_role("checkbox", name="Shuffle every epoch").wait_for(timeout=60_000)
    assert page.get_by_role("checkbox", name="Shuffle every epoch").is_checked() is False
    assert page.locator("h2:visible").first.inner_text().startswith("Epoch")
    assert not v.faults


def test_a_tab_of_a_lesson_has_an_address_and_back_leaves_it(visit: Any) -> None:
    v = visit()
    page = v.open("en", "multimodal")
    tabs = page.locator(".taste-lesson [role=tablist]:visible").first.get_by_role("tab")
    tabs.nth(1).click(timeout=60_000)
    page.wait_for_function("() => location.search.includes('tab=0.1')")
    page.reload()
    page.locator(".taste-lesson [role=tab][aria-selected=true]:has-text('②')").first.wait_for(timeout=60_000)
    page.go_back()
    page.wait_for_function("() => !location.search.includes('tab=')")
    assert not v.faults


def test_a_class_link_fixes_hides_and_asks(visit: Any) -> None:
    v = visit()
    page = v.open("en", "epochs")
    counters(page)
    page.get_by_role("button", name="Teachers: class link and worksheet").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Shuffle every epoch").select_option("hide")
    box.locator("select").nth(1).select_option("fix")
    box.locator("textarea").fill("How many updates <in all>?")
    box.locator("fieldset input[type=text]").fill("50")
    for tick in box.locator(".teach-order input").all()[8:]:
        tick.uncheck()
    box.get_by_role("button", name="Make and copy the link").click()
    link = box.get_by_label("Class link").input_value()
    page.goto(link)
    counters(page)
    assert page.locator(".taste-c-epochs--shuffle").first.is_hidden()
    page.wait_for_selector(".taste-lesson .block[inert]", state="attached")
    asked = page.locator(".class-ask")
    assert "<in all>" in asked.inner_text()
    for answer, told in (("7", "Not yet"), ("50", "That is right")):
        asked.get_by_role("textbox").fill(answer)
        asked.get_by_role("button").click()
        page.wait_for_selector(f".class-ask output:has-text('{told}')")
    assert page.locator(".bar-menu li:not([hidden]) > a").count() == 8
    told = "(thing) => thread.listen({value: {lesson: 'epochs', things: [thing]}}, (_, tell) => tell())"
    page.evaluate(told, "picture")  # what is made goes to lessons of the class only
    assert not page.locator(".bar-mine").is_visible()
    page.evaluate(told, "model")
    assert page.locator(".bar-mine a").get_attribute("data-lesson") == "backpropagation"
    page.goto(f"{v.address}/en?lesson=epochs&class=edited-by-hand")
    page.wait_for_selector(".class-fault:has-text('cannot be read')")
    counters(page)
    assert not v.faults


def test_guesses_of_a_class_are_gathered_on_the_teachers_page(visit: Any) -> None:
    v = visit()
    page = v.open("en", "epochs")
    counters(page)
    page.get_by_role("button", name="Teachers: class link and worksheet").click()
    box = page.get_by_role("dialog")
    box.locator("textarea").fill("How many updates?")
    box.get_by_label("Gather the students' answers").check()
    box.get_by_role("button", name="Make and copy the link").click()
    page.wait_for_selector(".class-board:has-text('0 answers')")
    student = v.context.new_page()
    student.goto(box.get_by_label("Class link").input_value())
    asked = student.locator(".class-ask:not(.class-board)")
    asked.get_by_role("textbox").first.fill("<b>50</b>")
    asked.get_by_role("textbox").nth(1).fill("Ada")
    asked.get_by_role("button").click()
    student.wait_for_selector(".class-ask output:has-text('Sent to your teacher')")
    page.wait_for_selector(".class-board li:has-text('Ada: <b>50</b>')")
    page.reload()
    page.wait_for_selector(".class-board li:has-text('Ada: <b>50</b>')")  # the teacher's list is found again
    page.get_by_role("button", name="End the lesson and delete").click()
    page.wait_for_selector(".class-board:has-text('deleted')")
    asked.get_by_role("button").click()
    student.wait_for_selector(".class-ask output:has-text('is over')")
    assert all("404" in fault for fault in v.faults)  # the late guess


def test_a_link_to_the_first_lesson_restores_its_controls(visit: Any) -> None:
    page = visit().open("en", "ml_vs_dl", link({"data": "xor", "samples": 70}))
    page.wait_for_function("() => [...document.querySelectorAll('input:checked')].some((each) => each.value === 'xor')")


def test_stop_stops_within_a_second_and_training_goes_on_from_there(visit: Any) -> None:
    page = visit().open("en", "epochs")
    iteration(page)
    page.get_by_role("radio", name="Slow", exact=True).check()
    page.get_by_role("button", name="Start learning").click()
    page.wait_for_function("() => /iteration [2-9]/.test(document.querySelector('.taste-big').textContent)")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_timeout(1000)
    stopped = iteration(page)
    page.wait_for_timeout(1500)
    assert iteration(page) == stopped
    page.get_by_role("button", name="Just one").click()
    page.wait_for_function(f"() => !document.querySelector('.taste-big').textContent.includes('iteration {stopped} ')")
    assert stopped < iteration(page) <= stopped + 2  # one update may have been under way when Stop was pressed


def test_coming_back_to_a_tab_keeps_the_work(visit: Any) -> None:
    v = visit()
    page = v.open("ko", "epochs")
    before = iteration(page)
    page.get_by_role("button", name="한 번만").click()
    page.wait_for_function(
        f"() => document.querySelector('.taste-big').textContent.includes('이터레이션 {before + 1} ')"
    )
    v.go("perceptron")
    page.wait_for_selector(".taste-plane:visible", timeout=30_000)
    page.go_back()
    page.wait_for_timeout(800)
    assert iteration(page) == before + 1


def test_what_was_made_is_seen_and_taken_along(visit: Any) -> None:
    v = visit("phone")
    page = v.open("en", "hidden_layers")
    page.wait_for_selector(".taste-network:visible figcaption:not(:empty)", timeout=120_000)
    mine = page.locator(".bar-mine")
    assert not mine.is_visible()  # a first screen was made by nobody
    page.get_by_role("button", name="1 epoch", exact=True).click()
    mine.wait_for()
    page.wait_for_selector(".lesson-foot", state="attached")
    assert page.locator(".taste-lesson .thread:visible li").count() == 1
    page.locator(".bar-home").click()
    page.locator(".front .thread a", has_text="Forward, backward").click()
    page.wait_for_selector("text=A model from another lesson", timeout=120_000)
    assert "lesson=backpropagation" in page.url and "2-4-2-1" in page.locator(".taste-lesson:visible").inner_text()
    assert mine.get_attribute("data-here") is not None and page.evaluate("innerWidth") == 390
    mine.locator("summary").click()
    assert mine.locator("button").inner_text() == "Bring it here"
    page.keyboard.press("Escape")
    assert not mine.locator("ul").is_visible() and not v.faults


def test_two_visitors_never_see_each_other(visit: Any) -> None:
    one, two = visit().open("ko", "epochs"), visit().open("ko", "epochs")
    start = iteration(one), iteration(two)
    for page in (one, two):
        page.get_by_label("천천히").check()
    one.get_by_role("button", name="배우기 시작").click()
    one.wait_for_function("() => /이터레이션 [3-9]/.test(document.querySelector('.taste-big').textContent)")
    assert iteration(two) == start[1]
    one.get_by_role("button", name="멈추기").click()


def test_a_wrong_number_gets_one_sentence_and_stays_in_its_box(visit: Any) -> None:
    v = visit()
    page = v.open("ko", "perceptron")
    page.wait_for_selector(".taste-plane canvas:visible")
    page.get_by_label("학습률 α").fill("1e300")
    page.get_by_role("button", name="25걸음").click()
    page.wait_for_selector("text=학습률은")
    assert page.get_by_label("학습률 α").input_value() in ("1e300", "1e+300")
    head = "getComputedStyle(document.querySelector('.toast-title'), '::before').content"
    assert page.evaluate(head) == '"확인해 주세요"'  # Gradio's own says Error, whatever title it is given
    assert not v.faults


def test_the_foot_of_a_page_leads_to_the_endpoints(visit: Any) -> None:
    neighbour = visit().open("en", "epochs")
    neighbour.wait_for_selector("button.primary:visible")
    page = visit().open("en", "perceptron")
    page.wait_for_selector(".taste-plane canvas:visible")  # before that the foot of the page moves down
    page.locator("footer .show-api").click(no_wait_after=True)
    page.wait_for_url(re.compile("/endpoints"), wait_until="commit", timeout=60_000)
    docs = page.locator(".api-docs:visible")
    docs.get_by_text("/train_net").first.wait_for(timeout=120_000)
    before = counters(neighbour)  # building them has not lost those who were here
    neighbour.locator("button.primary:visible").first.click()
    neighbour.wait_for_function("(old) => document.querySelector('.taste-big p')?.innerText !== old", arg=before)

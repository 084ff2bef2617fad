"""Used wrongly in a browser: Train pressed twice, Stop at once, a tab closed in mid-run, calls that no page makes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

pytestmark = pytest.mark.browser
COUNTERS = ".prose.taste-counters"
UPDATES = f"Number((document.querySelector('{COUNTERS}')?.innerText.match(/([\\d,]+) updates/)?.[1] || '0').replace(/,/g, ''))"


def opened(v: Any) -> Any:
    page = v.open("en", "hidden_layers")
    page.wait_for_function(f"() => document.querySelector('{COUNTERS}')?.innerText.includes('Epoch')", timeout=60_000)
    return page


def reach(page: Any, least: int) -> None:
    page.wait_for_function(f"(least) => {UPDATES} >= least", arg=least, timeout=60_000)


def still(page: Any) -> int:
    """Wait until the counters do not move any more: updates so far."""
    before = -1
    for _ in range(20):
        page.wait_for_timeout(2000)
        now = int(page.evaluate(f"() => {UPDATES}"))
        if now == before:
            return now
        before = now
    raise AssertionError("the run goes on after Stop")


def told(address: str, name: str, given: dict[str, Any]) -> str:
    """What a raw call is answered."""
    body, kind = json.dumps(given).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/gradio_api/call/v2/{name}", body, kind)
    with urllib.request.urlopen(request, timeout=60) as answer:
        number = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/{name}/{number}", timeout=60) as answer:
        return str(answer.read().decode())


def test_train_twice_and_stop_at_once(visit: Any) -> None:
    v = visit()
    page = opened(v)
    run, stop = (page.locator(".taste-transport button").nth(i) for i in (0, 3))
    run.dblclick()
    reach(page, 1)
    stop.click()
    still(page)
    run.click()
    stop.click()
    updates = still(page)
    run.click()
    reach(page, updates + 1)  # a run after all that still runs, and stops
    stop.click()
    still(page)
    assert not v.faults


@pytest.mark.parametrize("away", [0, 700])
def test_stop_pressed_before_the_server_has_answered_stops_all_the_same(visit: Any, away: int) -> None:
    """At once, and from far away: Gradio's own Stop would name no run then, and the run would go on unseen."""
    v = visit()
    page = opened(v)
    far = {"offline": False, "latency": away, "downloadThroughput": -1, "uploadThroughput": -1}
    v.context.new_cdp_session(page).send("Network.emulateNetworkConditions", far)
    press = """(which) => document.querySelectorAll('.taste-transport button')[which].click()"""
    for _ in range(3):
        page.evaluate(press, 0)
        page.evaluate(press, 3)
        page.wait_for_timeout(3 * away + 1000)
        seen = [page.evaluate(f"() => {UPDATES}")]
        while len(seen) < 5 and seen[-2:] != 2 * seen[-1:]:  # on a busy machine what was under way takes a moment
            page.wait_for_timeout(1000)
            seen.append(page.evaluate(f"() => {UPDATES}"))
        assert seen[-2] == seen[-1], "the run goes on after Stop"
    updates = seen[-1]
    page.evaluate(press, 0)
    reach(page, updates + 1)
    page.evaluate(press, 3)
    still(page)
    assert not v.faults


def test_a_tab_closed_in_mid_run_leaves_the_server_free(visit: Any) -> None:
    for _ in range(5):  # one more than may train at once
        v = visit()
        page = opened(v)
        page.locator(".taste-transport button").first.click()
        reach(page, 1)
        v.page.close()
    page = opened(visit())
    page.locator(".taste-transport button").first.click()
    reach(page, 1)


def test_raw_calls_get_one_sentence_and_the_server_goes_on(visit: Any) -> None:
    address = visit().address
    for name, given in (
        ("train_net", {"data": "no such data"}),
        ("train_net", {"points": [[1e308, "NaN", 1]]}),
        ("run_sequential", {"epochs": 10**400}),
        ("explain_review", {"review": []}),
        ("classify_picture", {"picture": {"path": "/etc/passwd"}}),
    ):
        answer = told(address, name, given)
        assert "event: error" in answer, (name, given, answer)
        assert len(json.loads(answer.split("data: ")[1])["error"].split()) > 3, answer
    said = told(address, "explain_review", {"review": "good food"})  # conftest looks for tracebacks in the log
    assert "event: complete" in said
    for name, given, code in (
        ("perceptron_gate", {"gate": "and"}, 404),  # an event of a page: private
        ("explain_review", {"text": "good food"}, 400),  # called review
        ("explain_review", {}, 400),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            told(address, name, given)
        assert refused.value.code == code and "/gradio_api/info" in refused.value.read().decode(), (name, given)


def test_a_lost_connection_is_told_in_the_pages_language_and_the_page_comes_back(visit: Any) -> None:
    v = visit()
    page = v.open("ko", "hidden_layers")
    page.wait_for_function(f"() => document.querySelector('{COUNTERS}')?.innerText.includes('0')", timeout=60_000)
    page.evaluate("() => { window.before = true; }")
    try:
        v.context.set_offline(True)
        page.locator(".taste-transport button").first.click()
        page.wait_for_function("() => document.body.innerText.includes('연결')", timeout=30_000)
        said = page.locator("[data-testid=toast-text]").all_inner_texts()
        assert said and not any("onnection" in words for words in said), said
    finally:
        v.context.set_offline(False)
    page.wait_for_function("() => !window.before", timeout=60_000)
    page.wait_for_function(f"() => document.querySelector('{COUNTERS}')?.innerText.includes('0')", timeout=60_000)
    page.locator(".taste-transport button").first.click()
    page.wait_for_function(f"() => /[1-9]/.test(document.querySelector('{COUNTERS}').innerText)", timeout=60_000)

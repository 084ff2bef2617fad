"""How much does each lesson jump about while it opens? Cumulative layout shift (CLS) in headless Chromium, opened by its link.

A new browser context for every visit, as a stranger comes; CLS as web.dev defines it: shifts without recent input, the largest
window of at most 5 s whose shifts lie less than 1 s apart. Prints a table; with ``--sources`` also what moved, and where to;
with ``--parts`` each part of the lesson is opened by its tab and its first button pressed, and the worst part counts.
Usage: python -m benchmarks.layout_shift [--lang ko] [--sources] [--parts] [ml_vs_dl …]
"""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from benchmarks.startup import FLAGS, start
from demos import CHAPTERS

SIZES = {"1440x900": (1440, 900), "390x844": (390, 844)}
MOST = 0.05  # 0.1 is called good by web.dev
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) shifts.push({
    value: e.value, at: e.startTime, sources: e.sources.map((s) => {
      const [a, b] = [s.previousRect, s.currentRect], n = s.node?.nodeType === 1 ? s.node : s.node?.parentElement;
      const kind = n ? n.tagName.toLowerCase() + '.' + [...n.classList].filter((c) => !/^svelte/.test(c)).join('.') : '?';
      const of = n?.closest('.block, .row, .column');
      const words = (n?.innerText || '').trim().slice(0, 24).replace(/\\s+/g, ' ');
      return `${kind} «${words}» in ${of?.className.replace(/svelte-\\S+/g, '').slice(0, 60)}: `
        + `${[a.x, a.y, a.width, a.height].map(Math.round)} → ${[b.x, b.y, b.width, b.height].map(Math.round)}`;
    }) });
}).observe({type: 'layout-shift', buffered: true});
"""
SETTLED = "() => !document.querySelector('.taste-wait') && document.querySelector('.taste-lesson .taste-link')"

PARTS = ".taste-lesson button[role=tab]"
RUN = "() => [...document.querySelectorAll('.taste-lesson button.primary')].findIndex((b) => b.offsetParent && !b.disabled)"


def score(shifts: list[dict[str, Any]]) -> float:
    """The largest window of shifts.

    >>> score([{"value": 0.1, "at": 0}, {"value": 0.1, "at": 900}, {"value": 0.15, "at": 3000}])
    0.2
    """
    best = window = 0.0
    first = last = -1e9
    for shift in shifts:
        if shift["at"] - last > 1000 or shift["at"] - first > 5000:
            window, first = 0.0, shift["at"]
        window, last = window + shift["value"], shift["at"]
        best = max(best, window)
    return best


def opened(browser: Any, url: str, size: tuple[int, int], rest: float, parts: bool) -> dict[str, list[dict[str, Any]]]:
    """The shifts of one visit, by part: the first screen, watched for ``rest`` seconds after its first picture, …"""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 600)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url, timeout=120_000)
    page.wait_for_function(SETTLED, timeout=120_000)
    page.wait_for_timeout(rest * 1000)
    found = {"": page.evaluate("() => shifts")}
    for tab in [None, *page.locator(PARTS).all()] if parts else ():
        if tab is not None and not tab.is_visible():
            continue
        name, since = tab.inner_text() if tab else "run", page.evaluate("() => performance.now()")
        if tab is not None:
            tab.click(timeout=60_000)
            page.wait_for_timeout(rest * 1000)
        first = page.evaluate(RUN)
        if first >= 0:
            page.locator(".taste-lesson button.primary").nth(first).click(timeout=60_000)
            page.wait_for_timeout(2 * rest * 1000)
        found[name] = page.evaluate("(since) => shifts.filter((s) => s.at > since)", since)
    context.close()
    return found


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", default=[slug for chapter in CHAPTERS for slug in chapter.lessons])
    parser.add_argument("--lang", default="ko", choices=("ko", "en"))
    parser.add_argument("--rest", type=float, default=4.0, help="seconds to watch after the first picture")
    parser.add_argument("--parts", action="store_true", help="every part of a lesson, its first button pressed")
    parser.add_argument("--sources", action="store_true", help="tell what moved")
    given = parser.parse_args()
    server, address, _ = start(["app.py"])
    page, over = "en" if given.lang == "en" else "", 0
    try:
        with sync_playwright() as driver:
            chrome = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            print(f"{'lesson':20}" + "".join(f"{size:>10}" for size in SIZES), flush=True)
            for slug in given.lessons:
                found = {
                    name: opened(chrome, f"{address}/{page}?lesson={slug}", size, given.rest, given.parts)
                    for name, size in SIZES.items()
                }
                scores = [max(map(score, parts.values())) for parts in found.values()]
                over += sum(each > MOST for each in scores)
                marks = "".join(f"{each:>9.3f}{'!' if each > MOST else ' '}" for each in scores)
                print(f"{slug:20}{marks}", flush=True)
                told = [(size, part, each) for size, parts in found.items() for part, each in parts.items()]
                for size, part, shifts in told if given.sources else ():
                    for shift in shifts:
                        if shift["value"] >= 0.002:
                            print(f"    {size} {part} {shift['at']:7.0f} ms {shift['value']:.3f}")
                            print("".join(f"        {each}\n" for each in shift["sources"]), end="")
            print(f"{over} of {2 * len(given.lessons)} above {MOST}")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()

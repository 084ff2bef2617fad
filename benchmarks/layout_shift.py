"""How much does each lesson jump about while it opens? Cumulative layout shift (CLS) in headless Chromium, opened by its link.

A new browser context for every visit, as a stranger comes; CLS as web.dev defines it: shifts without recent input, the largest
window of at most 5 s whose shifts lie less than 1 s apart. Prints a table; with ``--sources`` also what moved, and where to.
Usage: python -m benchmarks.layout_shift [--lang ko] [--sources] [ml_vs_dl …]
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


def opened(browser: Any, url: str, size: tuple[int, int], rest: float) -> list[dict[str, Any]]:
    """The shifts of one visit, until nothing has come for ``rest`` seconds after the first picture."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 600)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url, timeout=120_000)
    page.wait_for_function(SETTLED, timeout=120_000)
    page.wait_for_timeout(rest * 1000)
    shifts: list[dict[str, Any]] = page.evaluate("() => shifts")
    context.close()
    return shifts


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", default=[slug for chapter in CHAPTERS for slug in chapter.lessons])
    parser.add_argument("--lang", default="ko", choices=("ko", "en"))
    parser.add_argument("--rest", type=float, default=4.0, help="seconds to watch after the first picture")
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
                    name: opened(chrome, f"{address}/{page}?lesson={slug}", size, given.rest)
                    for name, size in SIZES.items()
                }
                scores = [score(shifts) for shifts in found.values()]
                over += sum(each > MOST for each in scores)
                marks = "".join(f"{each:>9.3f}{'!' if each > MOST else ' '}" for each in scores)
                print(f"{slug:20}{marks}", flush=True)
                for name, shifts in found.items() if given.sources else ():
                    for shift in shifts:
                        if shift["value"] >= 0.002:
                            print(f"    {name} {shift['at']:7.0f} ms {shift['value']:.3f}")
                            print("".join(f"        {each}\n" for each in shift["sources"]), end="")
            print(f"{over} of {2 * len(given.lessons)} above {MOST}")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()

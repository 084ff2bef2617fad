"""Does axe-core find anything serious in a lesson? In headless Chromium, both languages, light and dark, desktop and phone.

Every lesson is opened by its link and judged when its foot is there, as it stands then and after one press of Tab.
Prints each rule that is broken with the first places; nothing is left out but what axe itself calls minor or moderate.
Usage: python -m benchmarks.accessibility [--lang ko] [--dark] [--phone] [ml_vs_dl …]
"""

from __future__ import annotations

import argparse
import shutil
from importlib import resources
from typing import Any

from benchmarks.startup import FLAGS, start
from demos import CHAPTERS

GRAVE = ("serious", "critical")


def serious(page: Any) -> list[str]:
    """What axe-core finds on the open page: "rule: message: element", one line for each place. Empty: nothing."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    page.keyboard.press("Tab")  # as by keyboard: what scrolls can be reached from then on
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {(node['any'] or node['all'] or node['none'])[0]['message'][:160]}: {node['html'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", default=["", *(slug for chapter in CHAPTERS for slug in chapter.lessons)])
    parser.add_argument("--lang", default="ko", choices=("ko", "en"))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--phone", action="store_true")
    given = parser.parse_args()
    server, address, _ = start(["app.py"])
    try:
        with sync_playwright() as driver:
            chrome = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            context = chrome.new_context(
                viewport={"width": 390, "height": 844} if given.phone else {"width": 1440, "height": 900},
                color_scheme="dark" if given.dark else "light",
            )
            count = 0
            for slug in given.lessons:
                page = context.new_page()
                page.goto(
                    f"{address}/{'en' if given.lang == 'en' else ''}{f'?lesson={slug}' if slug else ''}",
                    timeout=120_000,
                )
                page.wait_for_selector(".taste-link:visible" if slug else ".front:visible", timeout=120_000)
                page.wait_for_timeout(3000)
                found = serious(page)
                count += bool(found)
                print(f"{slug or 'front door':20}{len(found):>4}", flush=True)
                print("".join(f"    {line}\n" for line in found[:5]), end="", flush=True)
                page.close()
            print(f"{count} of {len(given.lessons)} pages with something serious")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()

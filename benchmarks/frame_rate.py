"""How smoothly does a run play, and what does a picture cost? In headless Chromium, software drawing, this machine for both ends.

A lesson is opened and its main button pressed; then the run is played again in the browser. Counted are drawings of the
lesson's main picture, the time the page's scripts take for one (all pictures of the lesson on the screen), and the bytes the
server sent for one computed frame of the live run. ``--beside``: another visitor trains the playground meanwhile.
Usage: python -m benchmarks.frame_rate [--beside] [hidden_layers …]
"""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from benchmarks.startup import FLAGS, start

LESSONS = {
    "hidden_layers": ".taste-plane",
    "perceptron": ".taste-plane",
    "gradient_descent": ".taste-plane",
    "epochs": ".taste-cells",
}
# A drawing is told by the canvas being cleared; several between two frames of the screen count as one. What a callback of the
# screen takes is what the scripts took.
COUNT = """() => {
    const ask = window.requestAnimationFrame.bind(window);
    window.counted = {spent: 0, frames: 0, drawn: new Map()};
    const cleared = new Set();
    window.requestAnimationFrame = (fn) => ask((now) => {
        const begun = performance.now(); fn(now); counted.spent += performance.now() - begun; });
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        cleared.add(this.canvas); return clear.apply(this, box); };
    const beat = () => { counted.frames++; ask(beat);
        for (const each of cleared) counted.drawn.set(each, (counted.drawn.get(each) || 0) + 1);
        cleared.clear(); };
    ask(beat);
}"""
READ = """(selector) => {
    const canvas = [...document.querySelectorAll(`${selector} canvas`)].find((each) => each.offsetParent);
    const told = {drawn: counted.drawn.get(canvas) || 0, spent: counted.spent, frames: counted.frames};
    Object.assign(counted, {spent: 0, frames: 0, drawn: new Map()}); return told; }"""


def measured(page: Any, selector: str, seconds: float) -> str:
    page.evaluate(READ, selector)
    page.wait_for_timeout(seconds * 1000)
    told = page.evaluate(READ, selector)
    drawn = told["drawn"]
    return (
        f"{drawn / seconds:5.1f} pictures/s, {told['spent'] / max(1, drawn):5.1f} ms of script each, "
        f"screen {told['frames'] / seconds:.0f}/s"
    )


def visit(context: Any, address: str, slug: str) -> Any:
    page = context.new_page()
    page.add_init_script(f"({COUNT})()")
    page.goto(f"{address}/en?lesson={slug}", timeout=120_000)
    page.wait_for_selector(".taste-link:visible", timeout=120_000)
    page.wait_for_timeout(2000)
    return page


def run(page: Any) -> None:
    page.locator(".taste-lesson button.primary:visible").first.click()


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", default=list(LESSONS))
    parser.add_argument("--beside", action="store_true")
    given = parser.parse_args()
    server, address, _ = start(["app.py"])
    try:
        with sync_playwright() as driver:
            chrome = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            context = chrome.new_context(viewport={"width": 1440, "height": 900})
            for slug in given.lessons:
                page, received = visit(context, address, slug), [0]
                wire = context.new_cdp_session(page)
                wire.send("Network.enable")
                wire.on(
                    "Network.dataReceived", lambda event, sum=received: sum.__setitem__(0, sum[0] + event["dataLength"])
                )
                if given.beside:
                    other = visit(context, address, "hidden_layers")
                    run(other)
                    page.bring_to_front()
                received[0] = 0
                run(page)
                print(f"{slug:18} live    {measured(page, LESSONS[slug], 5)}", flush=True)
                page.wait_for_timeout(6000)
                frames = page.evaluate("Number(document.querySelector('.taste-smooth input').max) + 1")
                print(f"{slug:18} {received[0] / frames:.0f} bytes a frame, {frames} frames", flush=True)
                if given.beside:
                    run(other)
                page.locator(".taste-smooth .taste-play:visible").click()
                print(f"{slug:18} replay  {measured(page, LESSONS[slug], 4)}", flush=True)
                if given.beside:
                    other.close()
                page.close()
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()

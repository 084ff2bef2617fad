"""A share link as the browser makes it (page.js under node) and as the page reads it: all restored, or said what is not."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from demos.shell import links
from tests.places import ROOT

STAND_IN = """
globalThis.window = globalThis;
globalThis.taste = {el() {}};
globalThis.location = {origin: '', pathname: '/'};
Object.defineProperty(globalThis, 'navigator', {value: {}, configurable: true});
globalThis.document = {addEventListener() {}, querySelector() {}, querySelectorAll: () => []};
globalThis.MutationObserver = class { observe() {} disconnect() {} };
"""


def shared(names: list[str], values: list[Any]) -> tuple[dict[str, Any], str]:
    """What a link of these values restores, and what is said under it."""
    if shutil.which("node") is None:
        pytest.skip("node runs the page's script")
    script = (ROOT / "demos" / "views" / "taste" / "page.js").read_text("utf-8")
    call = f"console.log(JSON.stringify(taste.share('sequential', {json.dumps(names)}, {json.dumps(values)}, 'LEFT')))"
    ran = subprocess.run(["node", "-"], input=f"{STAND_IN}{script}\n{call}", capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    link, said = json.loads(ran.stdout)
    query = dict(part.split("=", 1) for part in link.partition("?")[2].split("&"))
    lesson, state = links.read_link(query)
    assert lesson == "sequential"
    return state, said


@pytest.mark.parametrize(
    ("long", "fits"),
    [
        ([[f"{170 + i / 7:.4f}", f"{60 + i / 9:.4f}", "1"] for i in range(60)], True),
        (
            [[f"{170 + i / 7:.4f}", f"{60 + i / 9:.4f}", f"{i / 3:.4f}", f"{i / 7:.4f}", "1"] for i in range(400)],
            False,
        ),  # under 500 rows, and too long
        ([[str(i), "1"] for i in range(501)], False),
        ("가" * 5000, False),  # as long as a box takes, and 20,000 letters in a link
    ],
)
def test_what_does_not_fit_is_said_and_the_rest_is_restored(long: Any, fits: bool) -> None:
    state, said = shared(["epochs", "rate", "table"], [30, 0.1, long])
    assert state == {"epochs": 30, "rate": 0.1} | ({"table": long} if fits else {})
    assert said == ("" if fits else "LEFT")

"""What is brought to the page before the server sees it: large photographs, and a Korean CSV dropped on a grid."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from core.files import tables
from tests.places import ROOT

STAND_IN = "window.taste = {el() {}, bytes() {}};"
DROP = """([place, data, name]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0))], name, {type: 'text/csv'}));
  const drop = new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: files});
  document.querySelector(place).dispatchEvent(drop);
}"""


@pytest.mark.browser
def test_a_large_photograph_is_made_smaller_and_a_dropped_table_is_read(browser: Any, tmp_path: Path) -> None:
    photo = tmp_path / "phone.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (3000, 4000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(photo, quality=95)
    assert os.path.getsize(photo) > 10 * 2**20
    script = (ROOT / "demos" / "views" / "taste" / "page.js").read_text("utf-8")
    with gr.Blocks() as demo:
        gr.Dataframe([["1", "2"]], headers=["a", "b"], interactive=True, type="array")
        file, image = gr.File(file_types=[".csv", ".txt", ".tsv"]), gr.Image(type="filepath")
        names, size = gr.Textbox(label="names"), gr.Textbox(label="size")
        file.upload(lambda path: ", ".join(tables.read_csv(Path(path).read_bytes()).names), file, names)
        image.upload(lambda path: "{} × {}".format(*Image.open(path).size), image, size)
    head = f"<script>{STAND_IN}{script}</script>"
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, max_file_size="10mb", head=head, ssr_mode=False)
    page = browser.new_page()
    try:
        page.goto(address)
        page.wait_for_selector("td", state="attached", timeout=60_000)
        data = base64.b64encode("키,몸무게\n170,65\n160,52\n".encode("cp949")).decode()
        page.evaluate(DROP, ["td", data, "people.csv"])
        says = "(words) => [...document.querySelectorAll('textarea, input')].some((e) => e.value === words)"
        page.wait_for_function(says, arg="키, 몸무게", timeout=60_000)
        page.locator("input[type=file][accept*=image]").set_input_files(photo)
        page.wait_for_function(says, arg="3000 × 2250", timeout=60_000)
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        page.evaluate("() => (document.documentElement.dataset.large = '너무 커요: {files}')")
        heic = tmp_path / "IMG_0001.heic"
        heic.write_bytes(b"\0\0\0\x18ftypheic" + bytes(11 * 2**20))
        page.locator("input[type=file]").last.evaluate("(input) => (input.accept = '')")
        page.locator("input[type=file]").last.set_input_files(heic)
        page.wait_for_selector("[role=alert]:has-text('너무 커요: IMG_0001.heic')", timeout=20_000)
        assert not [url for url in sent if "upload" in url]
    finally:
        page.close()
        demo.close()

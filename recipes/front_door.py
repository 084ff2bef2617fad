"""The pictures of the front door: a real run of lesson 5, frame by frame, and a photo of every lesson's own picture.

    python -m recipes.front_door living            # demos/shell/front/living.png and living.json
    python -m recipes.front_door photos [LESSON…]  # demos/shell/front/<lesson>.webp, needs Chromium and playwright
    python -m recipes.front_door tables            # the same, of lessons whose picture is a table or a wall of pictures

Nothing is drawn by hand: ``living`` trains the playground's net and keeps the boundary after chosen epochs; ``photos``
opens each lesson of a running gallery, presses its first button, and keeps what its picture then shows.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parents[1]
FRONT = HERE / "demos" / "shell" / "front"
SIDE = 48  # pixels of a frame's side
EPOCHS = (*range(0, 20, 2), *range(20, 60, 4), *range(60, 160, 8), *range(160, 401, 16))  # a frame after each
SIZE = (560, 350)  # of a photo
# The picture to take, where it is not the first of the lesson; seconds that the lesson's first button may work.
VIEWS = {"hidden_layers": ".taste-plane", "image_classifier": ".taste-maps", "word_vectors": ".taste-plane"}
SECONDS = {"stable_diffusion": 60, "diffusion": 14, "multimodal": 10, "language_model": 15}


def living() -> None:
    """A net of three hidden layers learns the spiral: the boundary after each of EPOCHS."""
    import numpy as np

    from core.lessons.hidden_layers.playground import Playground, PlaygroundConfig

    config = PlaygroundConfig(
        data="spiral", samples=240, train_ratio=90, hidden=((8, "tanh"),) * 3, optimizer="adam", learning_rate=0.01
    )
    play, frames = Playground(config), []
    for epoch in EPOCHS:
        if epoch > play.epoch:
            play.train(epoch - play.epoch)
        frames.append(play.frame(SIDE).boundary)
    strip = Image.fromarray(np.concatenate(frames).astype(np.uint8), "L")
    strip.save(FRONT / "living.png", optimize=True)
    colours = play.points.colours()[0]
    points = [
        [round(float(a), 2), round(float(b), 2), int(c > 0)]
        for (a, b), c in zip(play.points.x_train, colours, strict=True)
    ]
    scores = play.scores()
    about = {"side": SIDE, "epochs": EPOCHS, "points": points, "parameters": play.model.count_params()}
    about |= {"accuracy": round(scores[0].accuracy or 0, 3), "half": 6}
    (FRONT / "living.json").write_text(json.dumps(about, separators=(",", ":")), "utf-8")
    print((FRONT / "living.png").stat().st_size, scores)


def photos(lessons: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    from demos import CHAPTERS

    lessons = lessons or [slug for chapter in CHAPTERS for slug in chapter.lessons]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    server = subprocess.Popen([sys.executable, "app.py"], cwd=HERE, env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for slug in lessons:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                try:
                    _photo(page, url, slug)
                except Exception as error:
                    print(slug, "no photo:", str(error)[:200])
                page.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def tables() -> None:
    """Attention weights of a head, counts of a bag of words, garments of Fashion-MNIST: core's arrays as cells."""
    import numpy as np

    from core.data import fashion
    from core.lessons.attention import head
    from core.lessons.bag_of_words.stages import stages

    looked = head.matrix(head.toy("the cat sat because the cat was tired today".split()), "weights")
    sentences = ("the dog bites the man", "the man bites the dog", "the cat sleeps", "a dog and a cat")
    counts = stages(sentences, None).counts
    for slug, values in (("attention", looked), ("bag_of_words", counts / counts.max())):
        ends = [np.array([255, 255, 255]), np.array([10, 110, 189])]
        cells = ends[0] + (ends[1] - ends[0]) * (values / values.max())[..., None]
        _save(_cells(cells.astype(np.uint8)), slug)
    images = np.asarray(fashion.load().x_train)[:40].reshape(-1, 28, 28)
    wall = images.reshape(5, 8, 28, 28).transpose(0, 2, 1, 3).reshape(5 * 28, 8 * 28)
    _save(
        Image.fromarray(wall.astype(np.uint8), "L").convert("RGB").resize(SIZE, Image.Resampling.LANCZOS),
        "image_classifier",
    )


def _cells(colours: Any) -> Image.Image:
    """Each colour of (rows, columns, 3) as a square with a white line around, in the middle of a card."""
    rows, columns = colours.shape[:2]
    side = min((SIZE[0] - 40) // columns, (SIZE[1] - 40) // rows)
    card = Image.new("RGB", SIZE, "#eef2f6")
    left, top = (SIZE[0] - side * columns) // 2, (SIZE[1] - side * rows) // 2
    for i in range(rows):
        for j in range(columns):
            place = (left + j * side, top + i * side)
            card.paste(Image.new("RGB", (side - 3, side - 3), tuple(int(v) for v in colours[i, j])), place)
    return card


def _save(picture: Image.Image, slug: str) -> None:
    picture.save(FRONT / f"{slug}.webp", quality=82, method=6)
    print(slug, (FRONT / f"{slug}.webp").stat().st_size)


def _photo(page: Any, url: str, slug: str) -> None:
    page.set_default_timeout(120_000)
    page.goto(f"{url}/en?lesson={slug}")
    page.wait_for_selector(".taste-link:visible")
    wish = f"{VIEWS.get(slug, '.taste')} canvas"
    page.wait_for_function(INK, arg=wish)
    run = page.locator("button.primary:visible").first
    if run.count():
        run.click()
        page.wait_for_timeout(1000 * SECONDS.get(slug, 6))
    page.wait_for_function(INK, arg=wish)
    page.evaluate("(wish) => document.querySelector(wish).scrollIntoView({block: 'center'})", wish)
    page.wait_for_timeout(500)
    box = page.locator(f"{wish}:visible").first.bounding_box()
    picture = Image.open(BytesIO(page.screenshot(clip=box))).convert("RGB")
    _fitted(picture).save(FRONT / f"{slug}.webp", quality=82, method=6)
    print(slug, picture.size, (FRONT / f"{slug}.webp").stat().st_size)


# Something is drawn on the canvas.
INK = """(wish) => [...document.querySelectorAll(wish)].some((canvas) => { if (!canvas.offsetParent || !canvas.width)
  return false; const ink = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(ink.buffer)).size > 9; })"""


def _fitted(picture: Image.Image) -> Image.Image:
    """The shape of a card: cut a little, the rest filled with the colour of the picture's corner."""
    width, height = SIZE
    scale = max(width / picture.width, height / picture.height)
    scale = min(scale, 1.25 * min(width / picture.width, height / picture.height))
    small = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    corner: Any = small.getpixel((1, 1))
    card = Image.new("RGB", SIZE, corner)
    card.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    return card


def _wait(url: str) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["living"]:
            living()
        case ["tables"]:
            tables()
        case ["photos", *lessons]:
            photos(lessons)
        case _:
            raise SystemExit(__doc__)

"""딥러닝 맛보기 — A Taste of Deep Learning. ``python app.py``, then open the address it prints."""

from demos import CHAPTERS
from demos.shell.gallery import build, launch

demo = build(CHAPTERS)

if __name__ == "__main__":
    launch(demo)

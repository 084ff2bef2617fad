"""One lesson alone, both languages: ``python -m demos perceptron``. Without a name: which lessons there are."""

from __future__ import annotations

import sys

from demos import CHAPTERS

names = [slug for chapter in CHAPTERS for slug in chapter.lessons]
if len(sys.argv) != 2 or sys.argv[1] not in names:
    raise SystemExit(f"python -m demos LESSON, where LESSON is one of: {', '.join(names)}")

from demos.shell import gallery  # noqa: E402  (gradio takes seconds: first the mistake, if there is one)

gallery.launch_one(sys.argv[1])

"""A program as text, to copy or to save. Its value is the code itself; props: name (of the file), words (copy copied save)."""

from __future__ import annotations

import functools

from demos.views.component import view

script = functools.partial(view, "script", ())

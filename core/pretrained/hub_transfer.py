"""Fetches named files of a Hub repository into a folder, in a process of its own: ``python -m core.pretrained.hub_transfer``.

A process can be ended at once, wherever its transfer stands, and the next one goes on there. The bytes are asked for here
and not by ``hf_hub_download``: since huggingface_hub 2 that one throws away what a broken download left. Arguments:
repository, commit, folder, then ``size:name`` for each file. Left out: which files, and whether they are right (fetch.py).
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

CHUNK = 1 << 16
SILENT_SECONDS = 60.0


def transfer(repository: str, commit: str, name: str, size: int, part: Path) -> None:
    """Append to ``part`` until it holds ``size`` bytes."""
    from huggingface_hub import hf_hub_url

    utils: Any = importlib.import_module("huggingface_hub.utils")

    have = part.stat().st_size if part.exists() else 0
    if have == size and part.exists():
        return
    headers = utils.build_hf_headers() | {"Accept-Encoding": "identity"}
    if 0 < have < size:
        headers["Range"] = f"bytes={have}-"
    url = hf_hub_url(repository, name, revision=commit, endpoint=os.environ.get("HF_ENDPOINT") or None)
    part.parent.mkdir(parents=True, exist_ok=True)
    with utils.get_session().stream(
        "GET", url, headers=headers, timeout=SILENT_SECONDS, follow_redirects=True
    ) as answer:
        utils.hf_raise_for_status(answer)
        with part.open("ab" if answer.status_code == 206 else "wb") as file:
            for chunk in answer.iter_bytes(CHUNK):
                file.write(chunk)
                file.flush()


if __name__ == "__main__":
    from core.pretrained.convert_gguf import follow

    follow(os.getppid())
    for told in sys.argv[4:]:
        length, _, file_name = told.partition(":")
        transfer(sys.argv[1], sys.argv[2], file_name, int(length), Path(sys.argv[3]) / file_name)

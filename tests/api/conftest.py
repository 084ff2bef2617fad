"""One gallery for the tests of what programs may ask: its address, with assistants served where mcp is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import Unavailable
from demos import Chapter
from demos.api import mcp_server
from demos.shell import gallery


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    try:
        mcp_server.checked_package()
        assistants = True
    except Unavailable:
        assistants = False
    demo = gallery.build((Chapter("basics", ("perceptron",)),))
    _, url, _ = gallery.launch(
        demo, prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", mcp_server=assistants
    )
    yield url
    demo.close()

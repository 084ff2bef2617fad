"""The life of a server: sessions end with their page, libraries stay, and the process ends when it is told to.

Gradio keeps a closed session for an hour, with the lessons built in it, and takes several seconds to end; a class leaves
all at once, and a supervisor waits ten seconds at most. Python looks for garbage in all that a library is made of, too, while
everybody waits: with torch that is half a million things.
"""

from __future__ import annotations

import datetime
import gc
import os
import signal
import sys
import threading
from types import SimpleNamespace
from typing import Any

from gradio.state_holder import SessionState, StateHolder

CLOSED, IDLE = 120.0, 2 * 3600.0  # seconds a session is kept unused: after its page was left, and at all
GRACE = 0.5  # seconds for answers under way
LIBRARY = 200  # modules


class Session(SessionState):
    """Gradio's, without a description of every control, which it makes anew for each visitor to serve deep links.

    There are none here, and it is nearly all that a visitor costs; a control that changes is described when it does.
    """

    def __init__(self, blocks: Any) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))


class Sessions(StateHolder):
    """Gradio's, but a session is small, and what is over is forgotten as a whole."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)

    def delete_all_expired_state(self) -> None:
        super().delete_all_expired_state()  # type: ignore[no-untyped-call]
        now = datetime.datetime.now()
        for name, session in list(self.session_data.items()):
            unused = (now - self.time_last_used.get(name, now)).total_seconds()
            if unused > (CLOSED if session.is_closed else IDLE):
                with self.lock:
                    self.session_data.pop(name, None)
                    self.time_last_used.pop(name, None)


class Runs(dict[str, Any]):
    """Runs under way. One that ends while Gradio is stopping it is gone already when Gradio forgets it."""

    def __delitem__(self, name: str) -> None:
        self.pop(name, None)


def forget_sessions(app: Any) -> None:
    app.state_holder.__class__ = Sessions  # the one that runs, with the visitors in it
    app.iterators = Runs(app.iterators)


_known = 0  # modules that the collector passes over


def spare_libraries() -> None:
    """Let the collector pass over all that is there now, and over a library that comes later, once it has looked through it.

    What a visitor holds at such a moment is freed as ever, unless it holds itself: so it must not come often.
    """
    global _known
    _known = len(sys.modules)
    gc.freeze()
    if _collected not in gc.callbacks:
        gc.callbacks.append(_collected)


def _collected(phase: str, found: dict[str, int]) -> None:
    if phase == "stop" and found["generation"] == 2 and len(sys.modules) >= _known + LIBRARY:
        spare_libraries()


def until_told(demo: Any) -> None:
    """Serve until SIGINT or SIGTERM; then let nobody in any more, and be gone within two seconds."""
    told = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: told.set())
    while not told.wait(3600):
        pass
    if demo.server:
        demo.server.should_exit = True
        demo.server.thread.join(GRACE)
    os._exit(0)  # threads that decode or train do not end by themselves; what is on disk is written whole or not at all

"""One window has the screen at a time: a second one sees that the case is taken, and may take it over.

A window is a browser session. One that is gone (closed, or loaded anew under another name) has nothing any more.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx


class Windows:
    """Which window has the screen. All methods may be called from any thread."""

    def __init__(self, is_open: Callable[[str], bool] | None = None) -> None:
        """Nobody has the screen yet.

        Args:
            is_open: whether a window with that name is still there; asked of Streamlit by default.
        """
        self._is_open = is_open or _is_open
        self._lock = threading.Lock()
        self._holder = ""

    def admit(self, window: str) -> bool:
        """Whether `window` has the screen; it gets it where nobody else has it."""
        with self._lock:
            if not self._held():
                self._holder = window
            return self._holder == window

    def hand_to(self, window: str) -> None:
        """Give the screen to `window`, whoever had it."""
        with self._lock:
            self._holder = window

    def holder(self) -> str:
        """The tag of the window that has the screen; empty where none has it."""
        with self._lock:
            return tag(self._holder) if self._held() else ""

    def _held(self) -> bool:
        return bool(self._holder) and self._is_open(self._holder)


def _is_open(window: str) -> bool:
    return get_instance().is_active_session(window)


def tag(window: str) -> str:
    """What may be told of a window's name: whoever knows the name itself could pass for it."""
    return hashlib.sha256(window.encode()).hexdigest()[:16]


def this_window() -> str:
    """The name of the window that the screen's script runs for.

    Raises:
        RuntimeError: called from another thread than the script's.
    """
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("only the screen's script has a window")
    return context.session_id

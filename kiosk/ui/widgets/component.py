"""A screen's component: `<name>.html`, `<name>.js` and `style/<name>.css`, each after what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from kiosk.ui import device
from kiosk.ui.windows import this_window

WIDGETS = Path(__file__).parent
STYLE = WIDGETS.parent / "style"


Tap = Mapping[str, Any]
"""What a component's script sent, as it came from the browser: it has "name" and may have anything else."""


def mount(
    name: str, data: Mapping[str, Any] | bytes, on_tap: Callable[[Tap], None] | None = None, *, anywhere: bool = False
) -> None:
    """Draw a component, or give the one on the screen new data.

    Args:
        name: of its files.
        data: JSON's types, or one message of `kiosk.ui.packing`.
        on_tap: called with every tap, before the script runs again.
        anywhere: a tap counts in a window that does not have the screen, too.
    """

    def tapped() -> None:
        # a tap may come when its component is gone already, and nothing is known of it then
        tap = st.session_state[name]["tap"] if name in st.session_state else None
        # the screen may have gone to another window since this one was drawn
        if on_tap is not None and isinstance(tap, dict) and (anywhere or device.current().windows.admit(this_window())):
            on_tap(tap)

    # a dictionary Streamlit searches for tables, and loads pandas and pyarrow for that: some 70 MiB and half a second;
    # a list it sends as it is, and shared.js takes it apart
    _component(name)(key=name, data=data if isinstance(data, bytes) else [data], on_tap_change=tapped)


PARTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("unlock", "setup", "archive", "office", "own_pin"), ("pinpad",)),
    "status": ("plots",),
}
"""What a component's script and style are made of beside what all of them share."""


@cache
def _component(name: str) -> Any:
    return st.components.v2.component(
        name,
        html=(WIDGETS / f"{name}.html").read_text(encoding="utf-8"),
        css="\n".join((STYLE / file).read_text(encoding="utf-8") for file in _files(name, "css")),
        js="\n".join((WIDGETS / file).read_text(encoding="utf-8") for file in _files(name, "js")),
    )


def _files(name: str, ending: str) -> list[str]:
    return [f"{part}.{ending}" for part in ("shared", "keypad", *PARTS.get(name, ()), name)]

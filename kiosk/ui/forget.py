"""After Done nothing of a patient stays: what a page that is gone had, and what freed memory still holds."""

from __future__ import annotations

import asyncio

from streamlit.runtime import get_instance

from kiosk.capture.memory import overwrite_cached_chunks, overwrite_freed_objects
from kiosk.capture.station import Station

INTERVAL_S = 1.0
"""How often it is looked whether a case has ended."""


async def forget_ended_cases(station: Station) -> None:
    """Forget every case that ends, once its screen has given way to the next; runs until it is cancelled."""
    before = station.current()
    while True:
        await asyncio.sleep(INTERVAL_S)
        now = station.current()
        ended = before is not None and now is not before
        before = now
        if ended:
            _close_windows_that_are_gone()
            await asyncio.sleep(INTERVAL_S)  # the next screen's messages take the place of the last one's
            await asyncio.to_thread(overwrite_freed_objects)
            overwrite_cached_chunks()  # of this thread, which reads the browser's messages


def _close_windows_that_are_gone() -> None:
    """Streamlit keeps the session of a page that was closed or loaded anew for two minutes, with all that it showed."""
    runtime = get_instance()
    for session in runtime._session_mgr.list_sessions():
        if not runtime.is_active_session(session.session.id):
            runtime.close_session(session.session.id)

"""Captures through the real `Station`, one after another, as a user would make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from benchmarks.board import reading, resident_mib
from kiosk.capture.station import Station
from kiosk.clinical.about import About
from kiosk.clinical.patient import Patient

LONG_S = 30.0


def live(station: Station, after: int = 0) -> int:
    """Wait for a live picture newer than number `after`; returns its number.

    Raises:
        RuntimeError: only faults came, or nothing, for half a minute.
    """
    give_up_s = perf_counter() + LONG_S
    while (left_s := give_up_s - perf_counter()) > 0:
        try:
            preview = station.preview_after(after).result(left_s)
        except TimeoutError:
            break
        if preview is None:
            break
        if preview.jpeg:
            return preview.number
        after = preview.number
    raise RuntimeError(f"the camera shows nothing: {station.status().camera_fault}")


def captures(station: Station, wanted: Callable[[int, float], bool]) -> Iterator[dict[str, Any]]:
    """Capture and assess for as long as `wanted(number of captures so far, seconds so far)` says.

    Before each capture a live picture exposed after the last one is awaited, as the user has looked at it: what the
    camera does between two patients is no part of a capture.

    Yields:
        `at_s` (since the first), `outcome`, `timings_ms` by stage, `inferences_ms` by member and view, `resident_mib`
        and the board's `reading`.

    Raises:
        RuntimeError: the camera or the engine failed; the message says what to do.
    """
    started = perf_counter()
    count = 0
    while wanted(count, perf_counter() - started):
        live(station, live(station) + 1)  # the next picture may have been on its way when the last capture was made
        ticket = station.begin(About(Patient())).ticket
        assessment = station.wait(ticket, LONG_S)
        if assessment is None:
            raise RuntimeError(f"a capture had no result after {LONG_S:.0f} s")
        if assessment.fault:
            raise RuntimeError(assessment.fault)
        said = assessment.prediction or assessment.withheld
        station.done(ticket)
        count += 1
        yield {
            "at_s": perf_counter() - started,
            "outcome": str(assessment.outcome),
            "timings_ms": dict(assessment.timings_ms),
            "inferences_ms": [list(member) for member in said.inferences_ms] if said else [],
            "resident_mib": resident_mib(),
            **reading(),
        }

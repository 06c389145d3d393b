"""Nobody touches the screen: first the patient is covered, then the case ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.workflow.attention import Attention


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Counting:
    """A station as far as the attention goes."""

    def __init__(self) -> None:
        self.abandoned = 0

    def abandon(self) -> None:
        self.abandoned += 1


def made(cover_after_s: float = 120.0, end_after_s: float = 600.0) -> tuple[Attention, Counting, Clock]:
    clock, station = Clock(), Counting()
    return Attention(station, cover_after_s, end_after_s, clock), station, clock  # type: ignore[arg-type]  # all it uses


def test_first_covered_then_ended() -> None:
    attention, station, clock = made()
    clock.now_s = 119.9
    attention.sweep()
    assert (attention.covered(), station.abandoned) == (False, 0)
    clock.now_s = 120.0
    attention.sweep()
    assert (attention.covered(), attention.turn, station.abandoned) == (True, 0, 0)
    clock.now_s = 600.0
    attention.sweep()
    assert (attention.turn, station.abandoned) == (1, 1)


def test_a_touch_starts_the_time_anew() -> None:
    attention, station, clock = made()
    clock.now_s = 599.0
    attention.touched()
    assert not attention.covered()
    clock.now_s = 1198.0
    attention.sweep()
    assert (attention.covered(), station.abandoned) == (True, 0)


def test_nought_switches_off() -> None:
    attention, station, clock = made(0, 0)
    clock.now_s = 1e9
    attention.sweep()
    assert (attention.covered(), attention.turn, station.abandoned) == (False, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=20))
def test_every_untouched_stretch_ends_once(steps: list[tuple[int, bool]]) -> None:
    attention, station, clock = made()
    untouched_s, stretches_ended, ended = 0, 0, False
    for wait_s, touches in steps:
        clock.now_s += wait_s
        untouched_s += wait_s
        attention.sweep()
        attention.sweep()
        stretches_ended += untouched_s >= 600 and not ended
        ended = untouched_s >= 600
        assert (attention.turn, station.abandoned) == (stretches_ended, stretches_ended)
        assert attention.covered() == (untouched_s >= 120)
        if touches:
            attention.touched()
            untouched_s, ended = 0, False

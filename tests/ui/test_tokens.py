"""Tokens of the preview socket: this process's own, for a short time, and nothing else."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.tokens import VALID_S, Tokens


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_token_is_valid_until_its_time_is_over() -> None:
    clock = Clock()
    tokens = Tokens(clock)
    token = tokens.issue()
    clock.now_s += VALID_S - 0.1
    assert tokens.valid(token)
    clock.now_s += 0.2
    assert not tokens.valid(token)


def test_a_token_may_be_a_websocket_subprotocol() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", Tokens().issue())


def test_another_process_has_other_tokens() -> None:
    assert not Tokens().valid(Tokens().issue())


@given(st.text())
def test_nothing_else_is_valid(text: str) -> None:
    assert not Tokens().valid(text)


@given(st.data())
def test_a_changed_token_is_not_valid(data: st.DataObject) -> None:
    tokens = Tokens()
    token = tokens.issue()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(min_codepoint=45, max_codepoint=122).filter(lambda c: c != token[place]))
    assert not tokens.valid(token[:place] + other + token[place + 1 :])

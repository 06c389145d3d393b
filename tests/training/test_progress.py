"""Long steps say how much is left, on a terminal and in a log."""

from __future__ import annotations

import sys

import pytest

from training import progress


@pytest.mark.parametrize(("terminal", "said"), [(True, "3/3"), (False, "pictures: 2 of 3, 00:00 left\n")])
def test_the_items_pass_and_what_is_left_is_said(
    terminal: bool, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LOG_INTERVAL_S", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert list(progress.shown(iter("abc"), 3, "pictures")) == ["a", "b", "c"]
    assert said in capsys.readouterr().err

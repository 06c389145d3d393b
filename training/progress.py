"""How far a long step is and how long it still takes: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

_Item = TypeVar("_Item")
_LOG_INTERVAL_S = 30.0
_LOG_LINE = "{desc}: {n_fmt} of {total_fmt}, {remaining} left\n"


def shown(items: Iterable[_Item], total: int, what: str) -> Iterable[_Item]:
    """The items, as they are; how many of `total` were taken is written to stderr."""
    if sys.stderr.isatty():
        bar: Iterable[_Item] = tqdm(items, what, total)
    else:
        bar = tqdm(items, what, total, leave=False, mininterval=_LOG_INTERVAL_S, bar_format=_LOG_LINE)
    return bar

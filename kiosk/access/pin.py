"""What a PIN must be. It protects little by itself: see SECURITY.md."""

from __future__ import annotations

import re
from itertools import pairwise

from kiosk.errors import PinUnfit

LEAST_DIGITS = 6
MOST_DIGITS = 12
_DIGITS = re.compile(f"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}")
_STEPS = (0, 1, 9)  # the same digit, one up, one down


def check_new_pin(pin: str) -> None:
    """See that a new PIN is fit.

    Raises:
        PinUnfit: not 6 to 12 digits, a row such as 123456 or 777777, or one part over and over such as 121212.
    """
    if not _DIGITS.fullmatch(pin):
        raise PinUnfit(f"A PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits", "Choose another")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {*_STEPS}:
        raise PinUnfit("A PIN whose digits follow one another is guessed first", "Choose another")
    if any(pin == (pin[:size] * len(pin))[: len(pin)] for size in (2, 3)):
        raise PinUnfit("A PIN that repeats itself is guessed first", "Choose another")

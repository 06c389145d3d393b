"""Values of a manifest, checked as they are read."""

from __future__ import annotations


def number(value: object, name: str, low: float, high: float) -> float:
    """A number from JSON.

    Raises:
        ValueError: it is something else, or not from `low` to `high`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")
    return float(value)


def whole_number(value: object, name: str, low: int, high: int) -> int:
    """A whole number from JSON.

    Raises:
        ValueError: it is something else, or not from `low` to `high`.
    """
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value

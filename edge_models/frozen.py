"""Mappings that stay as they were made: what a frozen value holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A read-only copy, in the same order."""
    return MappingProxyType(dict(mapping))

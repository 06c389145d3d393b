"""Damage for bytes and for JSON, drawn from a seeded source: the same seed makes the same input again."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63)
Json = dict[str, Any] | list[Any]
_VALUES: tuple[Callable[[Random], Any], ...] = (
    lambda _: None,
    lambda _: True,
    lambda _: [],
    lambda _: {},
    lambda _: "",
    lambda random: random.choice(_NUMBERS),
    lambda random: -random.choice(_NUMBERS),
    lambda random: random.choice((1e308, -1e308, 1e-300, float("inf"), float("nan"), 0.5)),
    lambda random: "".join(chr(random.choice((0, 9, 10, 34, 92, 127, 160, 0x202E, 0xD800, 0x1F600))) for _ in range(9)),
    lambda random: "x" * random.choice((1, 100, 100_000)),
    lambda random: [{}] * random.choice((1, 100, 20_000)),
    lambda random: _nested(random.choice((10, 500))),
)


def damaged(random: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """`content` with one to eight kinds of damage."""
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        content = random.choice(_DAMAGE)(random, content, others)
    return content


def damaged_json(random: Random, document: dict[str, Any]) -> dict[str, Any]:
    """A copy of a JSON document in which one to four values are something else, gone, or there twice."""
    while True:
        made = copy.deepcopy(document)
        try:
            for _ in range(random.choice((1, 1, 2, 4))):
                _damage_one(random, made)
            json.dumps(made)
        except RecursionError:  # nested in nested lists, deeper than Python copies and writes
            continue
        return made


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _damage_one(random: Random, document: Json) -> None:
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = random.choice(keys)
        deeper = place[key]
        if isinstance(deeper, dict | list) and deeper and random.random() < 0.7:
            place = deeper
            continue
        action = random.random()
        if action < 0.2:
            del place[key]
        elif action < 0.3 and isinstance(place, list):
            place.append(copy.deepcopy(deeper))
        elif action < 0.4 and isinstance(place, dict):
            place[random.choice(("", "x", "../x", "\0", "__class__"))] = deeper
        else:
            place[key] = random.choice(_VALUES)(random)
        return


def _flip(random: Random, content: bytes, _others: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(min(len(changed), random.choice((1, 4, 64)))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(random: Random, content: bytes, _others: Sequence[bytes]) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _lose(random: Random, content: bytes, _others: Sequence[bytes]) -> bytes:
    start = random.randrange(len(content) + 1)
    return content[:start] + content[start + random.choice((1, 2, 100, 5000)) :]


def _put(random: Random, content: bytes, _others: Sequence[bytes]) -> bytes:
    start = random.randrange(len(content) + 1)
    return content[:start] + random.randbytes(random.choice((1, 4, 100))) + content[start:]


def _number(random: Random, content: bytes, _others: Sequence[bytes]) -> bytes:
    """A length, a size or a count that says something else."""
    width = random.choice((2, 4))
    start = random.randrange(max(1, len(content) - width))
    number = (random.choice(_NUMBERS) % 256**width).to_bytes(width, random.choice(("little", "big")))
    return bytes(content[:start] + number + content[start + width :])


def _repeat(random: Random, content: bytes, _others: Sequence[bytes]) -> bytes:
    start = random.randrange(len(content) + 1)
    part = content[start : start + random.choice((1, 50, 1000))]
    return content[:start] + part * random.choice((2, 10, 50)) + content[start:]


def _splice(random: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    return content[: random.randrange(len(content) + 1)] + other[random.randrange(len(other) + 1) :]


_DAMAGE: tuple[Callable[[Random, bytes, Sequence[bytes]], bytes], ...] = (
    _flip,
    _cut,
    _lose,
    _put,
    _number,
    _repeat,
    _splice,
)

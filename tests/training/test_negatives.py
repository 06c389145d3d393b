from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.negatives import generate, widen


def photos() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(1)
    shapes = ((40, 60), (500, 300), (30, 25))
    return [rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in shapes]


def test_every_photo_is_varied_and_none_is_changed() -> None:
    given = photos()
    before = [photo.copy() for photo in given]
    made = widen(given, 1)
    assert len(made) == 6 * len(given)
    assert {(picture.shape, picture.dtype) for picture in made} == {((300, 400, 3), np.dtype(np.uint8))}
    assert len({picture.tobytes() for picture in made}) == len(made)
    for photo, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(photo, copy)


@pytest.mark.parametrize("seed", range(3))
def test_made_pictures_are_many_kinds_of_pictures(seed: int) -> None:
    made = generate(seed, each=3)
    assert {(picture.shape, picture.dtype) for picture in made} == {((300, 400, 3), np.dtype(np.uint8))}
    assert len(made) == 18
    assert len({picture.tobytes() for picture in made}) == 18


def test_the_same_seed_makes_the_same_pictures() -> None:
    assert all(map(np.array_equal, generate(1, each=2), generate(1, each=2)))
    assert all(map(np.array_equal, widen(photos(), 1), widen(photos(), 1)))
    assert not all(map(np.array_equal, widen(photos(), 1), widen(photos(), 2)))

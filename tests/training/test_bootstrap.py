from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_models.labels import LesionClass
from training.bootstrap import by_lesion
from training.dataset import Sample


def samples(*lesions: tuple[LesionClass, int]) -> list[Sample]:
    """That many images of every lesion."""
    return [
        Sample(f"I{number}_{image}", f"L{number}", label, Path())
        for number, (label, count) in enumerate(lesions)
        for image in range(count)
    ]


def test_the_interval_is_that_of_a_proportion() -> None:
    """Oracle: the normal approximation, 1.96 · sqrt(p (1 - p) / n)."""
    cases = samples(*[(LesionClass.NV, 1)] * 400)
    right = np.arange(400) < 280
    low, high = by_lesion(cases, lambda chosen: {"share": float(right[chosen].mean())})["share"]
    half = 1.96 * np.sqrt(0.7 * 0.3 / 400)
    assert abs(low - (0.7 - half)) < 0.01
    assert abs(high - (0.7 + half)) < 0.01


def test_images_of_a_lesion_count_as_one() -> None:
    """Ten copies of every image must not make anything surer."""
    once, ten = ([(LesionClass.NV, count)] * 100 for count in (1, 10))
    right = np.arange(100) < 70
    alone = by_lesion(samples(*once), lambda chosen: {"share": float(right[chosen].mean())})["share"]
    copied = by_lesion(samples(*ten), lambda chosen: {"share": float(right.repeat(10)[chosen].mean())})["share"]
    np.testing.assert_allclose(copied, alone, atol=1e-9)


def test_every_class_stays_in_its_number_and_only_numbers_have_intervals() -> None:
    cases = samples(*[(LesionClass.NV, 1)] * 30, (LesionClass.DF, 2))
    labels = np.array([sample.label is LesionClass.DF for sample in cases])

    def counts(chosen: NDArray[np.int64]) -> dict[str, object]:
        return {"rare": float(labels[chosen].sum()), "images": len(chosen), "by class": {}}

    assert by_lesion(cases, counts, repeats=50) == {"rare": (2.0, 2.0)}

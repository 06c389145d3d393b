from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.dataset import Sample
from training.duplicates import across_parts
from training.split import Part


def write(path: Path, seed: int, *, turned: bool = False) -> Sample:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    rgb = cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_LINEAR)
    cv2.imwrite(str(path), rgb[:, ::-1][::-1] if turned else rgb)
    return Sample(path.stem, path.stem, LesionClass.NV, path)


@pytest.mark.parametrize("turned", [False, True])
def test_a_copy_in_another_part_is_found_and_nothing_else(tmp_path: Path, turned: bool) -> None:
    training = [write(tmp_path / f"train{seed}.jpg", seed) for seed in range(8)]
    training.append(write(tmp_path / "copy_within_the_part.jpg", 0))
    validation = [write(tmp_path / "other.jpg", 50), write(tmp_path / "copy.jpg", 3, turned=turned)]
    ((one, another, likeness),) = across_parts(
        {Part.TRAIN: training, Part.VALIDATION: validation, Part.CALIBRATION: []}
    )
    assert (one.image_id, another.image_id) == ("copy", "train3")
    assert 0.985 < likeness <= 1.001

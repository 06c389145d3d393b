from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.__main__ import main
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
    (found,) = across_parts({Part.TRAIN: training, Part.VALIDATION: validation, Part.CALIBRATION: []})
    assert (found.one.image_id, found.another.image_id) == ("copy", "train3")
    assert found.parts == (Part.VALIDATION, Part.TRAIN)
    assert 0.985 < found.likeness <= 1.001


def test_prepare_looks_for_copies_among_the_official_images_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, table, rows in (
        ("ham10000", "HAM10000_metadata.csv", [f"L{number},I{number},nv" for number in range(6)]),
        ("isic2018_task3_val", "labels.csv", ["V0,V0,nv", "V1,V1,nv"]),
    ):
        (tmp_path / name / "images").mkdir(parents=True)
        (tmp_path / name / table).write_text("\n".join(["lesion_id,image_id,dx", *rows]) + "\n")
    for number in range(6):
        write(tmp_path / "ham10000" / "images" / f"I{number}.jpg", number)
    for number, seed in enumerate((4, 50)):
        write(tmp_path / "isic2018_task3_val" / "images" / f"V{number}.jpg", seed)
    assert main(["prepare", str(tmp_path / "split.csv"), "--data", str(tmp_path)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "alike" in line]
    assert "V0 (official validation)" in line
    assert "I4 (" in line

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.__main__ import main
from training.dataset import Sample
from training.duplicates import across_parts, within
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


def test_two_lesions_with_one_picture_are_found_within_a_set(tmp_path: Path) -> None:
    samples = [write(tmp_path / f"a{seed}.jpg", seed) for seed in range(5)]
    samples.append(write(tmp_path / "twin.jpg", 2, turned=True))
    (found,) = within(samples)
    assert {found.one.image_id, found.another.image_id} == {"a2", "twin"}
    assert within([]) == []


def test_prepare_keeps_new_twins_together_and_known_lesions_in_their_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def images(source: str, table: str, lines: list[str], seeds: dict[str, int]) -> None:
        (tmp_path / source / "images").mkdir(parents=True)
        (tmp_path / source / table).write_text("\n".join(lines) + "\n")
        for name, seed in seeds.items():
            write(tmp_path / source / "images" / f"{name}.jpg", seed)

    rows = [f"L{number},I{number},nv" for number in range(6)]
    seeds = {f"I{n}": n for n in range(6)}
    images("ham10000", "HAM10000_metadata.csv", ["lesion_id,image_id,dx", *rows], seeds)
    more = [f"M{number},,mel" for number in range(9)]
    seeds = {f"M{n}": 20 + n for n in range(8)} | {"M8": 23}
    images("isic2017", "metadata.csv", ["image_id,lesion_id,dx", *more], seeds)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert main(["prepare", str(first), "--data", str(tmp_path), "--held-out", "0.2"]) == 0
    assert (
        main(["prepare", str(second), "--data", str(tmp_path), "--extends", str(first), "--sources", "isic2017"]) == 0
    )
    assert "M8 (isic2017) stay together" in capsys.readouterr().out
    before, after = (
        {row["image_id"]: row["part"] for row in csv.DictReader(path.read_text().splitlines())}
        for path in (first, second)
    )
    assert after["M3"] == after["M8"]
    assert before.items() <= after.items()


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

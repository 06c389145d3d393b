"""ISIC's own layout gives the samples that HAM10000's does, and a wrong row is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_models.labels import LesionClass
from training.errors import DatasetError
from training.isic_layout import read_ground_truth, read_isic2018
from training.sources import read_official_validation, read_training_images

HEADER = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"
NV, MEL = "0.0,1.0,0.0,0.0,0.0,0.0,0.0", "1.0,0.0,0.0,0.0,0.0,0.0,0.0"


def write_part(folder: Path, part: str, rows: list[str], groupings: list[str] | None = None) -> None:
    """The files of one part as they come out of the challenge's archives, with empty images."""
    truth = folder / f"ISIC2018_Task3_{part}_GroundTruth"
    images = folder / f"ISIC2018_Task3_{part}_Input"
    truth.mkdir(parents=True)
    images.mkdir()
    (truth / f"ISIC2018_Task3_{part}_GroundTruth.csv").write_text(HEADER + "\n".join(rows))
    for row in rows:
        (images / f"{row.split(',')[0]}.jpg").touch()
    if groupings is not None:
        (folder / f"ISIC2018_Task3_{part}_LesionGroupings.csv").write_text(
            "image,lesion_id,diagnosis_confirm_type\n" + "\n".join(groupings)
        )


def test_the_training_part_knows_its_lesions(tmp_path: Path) -> None:
    write_part(
        tmp_path,
        "Training",
        [f"ISIC_1,{NV}", f"ISIC_2,{NV}", f"ISIC_3,{MEL}"],
        ["ISIC_2,HAM_1,serial imaging", "ISIC_1,HAM_1,serial imaging", "ISIC_3,HAM_2,histopathology"],
    )
    samples, missing = read_training_images(tmp_path)
    assert missing == []
    assert [(sample.image_id, sample.lesion_id, sample.label) for sample in samples] == [
        ("ISIC_1", "HAM_1", LesionClass.NV),
        ("ISIC_2", "HAM_1", LesionClass.NV),
        ("ISIC_3", "HAM_2", LesionClass.MEL),
    ]
    assert samples[2].confirmed_by == "histopathology"
    assert samples[0].path.is_file()


def test_a_part_to_test_on_needs_no_lesions(tmp_path: Path) -> None:
    write_part(tmp_path, "Validation", [f"ISIC_1,{NV}", f"ISIC_2,{NV}"])
    assert [sample.lesion_id for sample in read_official_validation(tmp_path)] == ["ISIC_1", "ISIC_2"]


def test_training_without_lesions_would_leak_and_is_an_error(tmp_path: Path) -> None:
    write_part(tmp_path, "Training", [f"ISIC_1,{NV}"])
    with pytest.raises(DatasetError, match=r"LesionGroupings\.csv: a split by lesion is not possible"):
        read_isic2018(tmp_path, "Training")


def test_columns_come_in_any_order(tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text("VASC,image,MEL,NV,BCC,AKIEC,BKL,DF\n1,ISIC_1,0,0,0,0,0,0\n")
    (sample,) = read_ground_truth(table, tmp_path)
    assert sample.label is LesionClass.VASC


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([f"I1,{NV}", "I2,1,1,0,0,0,0,0"], "line 3: one class must be 1 and the others 0, not 2 of sum 2"),
        (["I1,0,0,0,0,0,0,0"], "line 2: one class must be 1"),
        (["I1,0,0.5,0,0,0,0,0"], "line 2: one class must be 1"),
        (["I1,0,nan,0,0,0,0,0"], "line 2: one class must be 1"),
        (["I1,0,yes,0,0,0,0,0"], "line 2: could not convert string to float: 'yes'"),
        (["I1,0,1"], "line 2: could not convert"),
        ([f"I1,{NV},1"], "line 2: 9 values under 8 columns"),
        ([f"I1,{NV}", f"I1.JPG,{MEL}"], "line 3.*: lesion I1 has another label"),
        ([f",{NV}"], "line 2: no image is named"),
        ([], "needs rows with the columns image, mel, nv, bcc, akiec, bkl, df, vasc"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_it(tmp_path: Path, rows: list[str], message: str) -> None:
    table = tmp_path / "truth.csv"
    table.write_text(HEADER + "\n".join(rows))
    with pytest.raises(DatasetError, match=message):
        read_ground_truth(table, tmp_path)


def test_an_image_without_a_lesion_and_a_lesion_of_two_classes_are_errors(tmp_path: Path) -> None:
    table, groupings = tmp_path / "truth.csv", tmp_path / "groupings.csv"
    table.write_text(HEADER + f"I1,{NV}\nI2,{MEL}\n")
    groupings.write_text("image,lesion_id\nI1,L1\n")
    with pytest.raises(DatasetError, match=r"line 3 \(I2\): .* does not say which lesion"):
        read_ground_truth(table, tmp_path, groupings)
    groupings.write_text("image,lesion_id\nI1,L1\nI2,L1\n")
    with pytest.raises(DatasetError, match=r"line 3 \(I2\): lesion L1 has another label"):
        read_ground_truth(table, tmp_path, groupings)


def test_no_layout_at_all_is_an_error_that_says_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no ISIC2018_Task3_Training_GroundTruth\.csv"):
        read_training_images(tmp_path)

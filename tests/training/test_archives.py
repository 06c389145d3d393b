"""MILK10k and ISIC 2017 are read into the same samples as HAM10000."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_models.labels import LesionClass
from training.archives import read_isic2017, read_milk10k
from training.dataset import OUTPUTS, Sample
from training.errors import DatasetError
from training.sources import by_source, read_sources

MILK_HEAD = "image_id,lesion_id,ham_lesion_id,dx,dx_full,dx_type,age,sex,localization,site,skin_tone_class"


def write(folder: Path, source: str, head: str, rows: list[str]) -> Path:
    root = folder / source
    (root / "images").mkdir(parents=True)
    (root / "metadata.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    for row in rows:
        (root / "images" / f"{row.split(',')[0]}.jpg").write_bytes(b"")
    return folder


def milk(folder: Path, *rows: str) -> Path:
    return write(folder, "milk10k", MILK_HEAD, list(rows))


def test_a_picture_of_a_known_lesion_has_its_lesion_id(tmp_path: Path) -> None:
    known = [Sample("H", "HAM_1", LesionClass.NV, tmp_path / "H.jpg")]
    folder = milk(
        tmp_path,
        "A,IL_1,HAM_1,nv,Nevus,histopathology,40.0,male,,trunk,3",
        "B,IL_2,,bcc,Basal cell carcinoma,single contributor clinical assessment,,female,,trunk,",
    )
    linked, new = read_milk10k(folder, known).samples
    assert (linked.lesion_id, linked.source, linked.confirmed_by, linked.skin_tone) == ("HAM_1", "milk10k", "histo", 3)
    assert (new.lesion_id, new.confirmed_by, new.skin_tone) == ("IL_2", "consensus", None)
    assert linked.context.age_years == 40.0


def test_squamous_carcinoma_is_an_output_of_its_own_that_the_kiosk_knows_as_akiec(tmp_path: Path) -> None:
    (sample,) = read_milk10k(milk(tmp_path, "A,IL_1,,scc,Keratoacanthoma,histopathology,,,,trunk,2"), []).samples
    assert sample.label is LesionClass.AKIEC
    assert OUTPUTS[sample.output] == "scc"
    assert sample.target != sample.output


def test_what_has_no_class_and_what_contradicts_is_kept_apart(tmp_path: Path) -> None:
    known = [Sample("H", "HAM_1", LesionClass.NV, tmp_path), Sample("K", "HAM_2", LesionClass.AKIEC, tmp_path)]
    folder = milk(
        tmp_path,
        "A,IL_1,HAM_1,bcc,Basal cell carcinoma,histopathology,,,,trunk,2",
        "B,IL_2,,other,Exogenous,histopathology,,,,trunk,2",
        "C,IL_3,HAM_2,scc,Keratoacanthoma,histopathology,,,,trunk,2",
    )
    archive = read_milk10k(folder, known)
    assert archive.samples == []
    assert archive.contradictory == ["A", "C"]
    assert [path.stem for path in archive.others] == ["B"]


def test_a_picture_without_a_lesion_id_is_a_lesion_of_its_own(tmp_path: Path) -> None:
    head = "image_id,lesion_id,dx,dx_full,age,sex,localization,original_px"
    folder = write(tmp_path, "isic2017", head, ["A,,mel,melanoma,,,,512 x 512", "B,MSK4_1,bkl,x,,,,256 x 256"])
    assert [(s.image_id, s.lesion_id) for s in read_isic2017(folder).samples] == [("A", "A"), ("B", "MSK4_1")]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("A,IL_1,,wart,x,histopathology,,,,trunk,2", r"line 2.*wart"),
        ("A,IL_1,,nv,x,histopathology,old,,,trunk,2", r"line 2.*An age is a number of years"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        read_milk10k(milk(tmp_path, row), [])


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    folder = milk(tmp_path, "A,IL_1,,nv,x,histopathology,,,,trunk,2")
    (folder / "milk10k" / "images" / "A.jpg").unlink()
    with pytest.raises(DatasetError, match=r"line 2: there is no image"):
        read_milk10k(folder, [])


def test_sources_are_read_by_their_names(tmp_path: Path) -> None:
    write(tmp_path, "ham10000", "lesion_id,image_id,dx", [])
    (tmp_path / "ham10000" / "HAM10000_metadata.csv").write_text("lesion_id,image_id,dx\nHAM_1,H,nv\n")
    (tmp_path / "ham10000" / "images" / "H.jpg").write_bytes(b"")
    milk(tmp_path, "A,IL_1,HAM_1,nv,Nevus,histopathology,40.0,male,,trunk,3")
    samples = read_sources(tmp_path, {"milk10k", "ham10000"})
    assert {source: [s.image_id for s in some] for source, some in by_source(samples).items()} == {
        "ham10000": ["H"],
        "milk10k": ["A"],
    }
    assert [sample.image_id for sample in read_sources(tmp_path, {"milk10k"})] == ["A"]
    with pytest.raises(DatasetError, match="no source named derm7pt"):
        read_sources(tmp_path, {"derm7pt"})

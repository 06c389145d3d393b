from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_models.context import Context
from edge_models.labels import LesionClass
from edge_models.site_words import SITES
from kiosk.clinical.body_site import BodySite
from kiosk.commands.metadata import read_metadata as read_patients
from training.dataset import (
    Sample,
    check_readable,
    read_ham10000,
    read_isic2018_validation,
    read_metadata,
    read_not_lesions,
    read_rgb,
    remembering_reader,
)
from training.errors import DatasetError

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization\n"


def write_table(folder: Path, *rows: str) -> Path:
    path = folder / "table.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_a_sample(tmp_path: Path) -> None:
    table = write_table(tmp_path, "HAM_1,ISIC_1,mel,histo,80.0,male,scalp", "HAM_2,ISIC_2,nv,histo,,unknown,unknown")
    first, second = read_metadata(table, tmp_path)
    assert (first.lesion_id, first.image_id, first.label) == ("HAM_1", "ISIC_1", LesionClass.MEL)
    assert first.path == tmp_path / "ISIC_1.jpg"
    assert first.context == Context(80.0, "male", "scalp")
    assert second.context == Context()


@pytest.mark.parametrize("word", [*SITES, "Anterior torso", "unknown", ""])
def test_a_site_means_the_same_in_training_as_in_the_kiosk(tmp_path: Path, word: str) -> None:
    table = write_table(tmp_path, f"L1,I1,nv,histo,70,female,{word}")
    (sample,) = read_metadata(table, tmp_path)
    assert sample.context == read_patients(table).contexts["I1"]


def test_an_age_that_is_not_a_number_is_not_known(tmp_path: Path) -> None:
    """float("nan") had passed for an age, and lay in the band above 80."""
    (sample,) = read_metadata(write_table(tmp_path, "H1,I1,nv,histo,nan,male,back"), tmp_path)
    assert sample.context == Context(None, "male", "back")


def test_the_archives_spellings_and_a_column_that_is_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "isic_id,lesion_id,diagnosis,diagnosis_confirm_type,age_approx,anatom_site_1,age_at_onset\n"
        "ISIC_1.jpg,IL_1,Nevus,histopathology,45,Trunk,40\n"
        "ISIC_2,IL_2,MEL,histopathology,unknown,,\n"
    )
    first, second = read_metadata(table, tmp_path)
    context = Context(45.0, site="trunk")
    assert first == Sample("ISIC_1", "IL_1", LesionClass.NV, tmp_path / "ISIC_1.jpg", context, "histopathology")
    assert (second.label, second.context) == (LesionClass.MEL, Context())
    assert [record.message for record in caplog.records] == [f"{table}: nothing is read from age_at_onset"]


def test_the_kiosks_sites_have_words_that_training_reads() -> None:
    assert {site.ham10000 for site in BodySite} - {None} == {*SITES}


def test_a_region_is_the_site_that_lies_in_it(tmp_path: Path) -> None:
    words = ("anterior torso", "posterior torso", "lower extremity", "head/neck")
    table = write_table(tmp_path, *(f"L{number},I{number},nv,histo,,,{word}" for number, word in enumerate(words)))
    sites = [sample.context.site for sample in read_metadata(table, tmp_path)]
    assert sites == ["trunk", "back", "lower extremity", None]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["L1,I1,scc,histo,,,"], "line 2: dx is 'scc'. 'scc' is not a lesion class"),
        (["L1,I1,nv,histo,,,", ",I2,nv,histo,,,"], r"line 3 \(I2\): lesion_id and dx may not be empty"),
        (["L1,I1,,histo,,,"], r"line 2 \(I1\): lesion_id and dx may not be empty"),
        (["L1,,nv,histo,,,"], "line 2: no image is named"),
        (["L1,I1,nv,histo,,,", "L2,I1,nv,histo,,,"], r"line 3: I1 has another row \(line 2\) that says otherwise"),
        (["L1,I1,nv,histo,,,", "L1,I2,mel,histo,,,"], r"line 3 \(I2\): lesion L1 has another label"),
        (["L1,I1,nv,histo,old,,"], "line 2: age is 'old'. An age is a number of years"),
        (["L1,I1,nv,histo,inf,,"], "line 2: age is 'inf'"),
        (["L1,I1,nv,histo,121,,"], "line 2: age is '121'"),
        (["L1,I1,nv,histo,,,moon"], "line 2: localization is 'moon', which is no body site. Use abdomen, "),
        (["L1,I1,nv,3,5,50,male,back"], "line 2: 8 values under 7 columns"),
        ([], "needs rows with the columns image, lesion_id, dx"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_it(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_metadata(write_table(tmp_path, *rows), tmp_path)


def test_a_missing_or_foreign_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_metadata(tmp_path / "none.csv", tmp_path)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="needs rows with the columns image, lesion_id, dx"):
        read_metadata(tmp_path / "other.csv", tmp_path)


def test_a_few_missing_images_are_reported_and_many_are_an_error(tmp_path: Path) -> None:
    images = tmp_path / "ham10000" / "images"
    images.mkdir(parents=True)
    rows = [f"L{number},I{number},nv,histo,,," for number in range(200)]
    (tmp_path / "ham10000" / "HAM10000_metadata.csv").write_text(HEADER + "\n".join(rows))
    for number in range(2, 200):
        (images / f"I{number}.jpg").touch()
    samples, missing = read_ham10000(tmp_path)
    assert missing == ["I0", "I1"]
    assert [sample.image_id for sample in samples] == [f"I{number}" for number in range(2, 200)]
    (images / "I2.jpg").unlink()
    with pytest.raises(DatasetError, match="3 of 200 images are missing, I0 the first"):
        read_ham10000(tmp_path)


def test_every_image_of_the_official_validation_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "isic2018_task3_val").mkdir()
    (tmp_path / "isic2018_task3_val" / "labels.csv").write_text(HEADER + "L,I,nv,x,,,\n")
    with pytest.raises(DatasetError, match="I has no image"):
        read_isic2018_validation(tmp_path)


def test_no_photos_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not_lesions holds no images"):
        read_not_lesions(tmp_path)


def test_an_image_is_read_as_red_green_blue(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((4, 5, 3), (0, 0, 255), np.uint8))
    rgb = read_rgb(path)
    assert rgb.shape == (4, 5, 3)
    assert rgb[0, 0].tolist() == [255, 0, 0]


def test_a_broken_image_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "ISIC_7.jpg"
    path.write_bytes(b"\xff\xd8 not a JPEG")
    with pytest.raises(DatasetError, match=r"ISIC_7\.jpg is not a JPEG"):
        read_rgb(path)


def test_all_unreadable_images_are_named_at_once(tmp_path: Path) -> None:
    samples = [Sample(name, name, LesionClass.NV, tmp_path / f"{name}.png") for name in ("good", "empty", "gone")]
    cv2.imwrite(str(samples[0].path), np.zeros((4, 5, 3), np.uint8))
    check_readable(samples[:1])
    samples[1].path.touch()
    with pytest.raises(DatasetError, match=r"2 of 3 images cannot be read:\n.*empty\.png.*\n.*gone\.png"):
        check_readable(samples)


def test_a_remembering_reader_decodes_once(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((4, 6, 3), (1, 2, 3), np.uint8))
    read = remembering_reader()
    first = read(path)
    path.unlink()
    assert read(path) is first
    assert first[0, 0].tolist() == [3, 2, 1]
    with pytest.raises(DatasetError, match="does not exist"):
        read(tmp_path / "b.png")


def test_without_room_a_remembering_reader_still_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((4, 6, 3), np.uint8))
    monkeypatch.setattr("os.sysconf", lambda name: 1)
    read = remembering_reader()
    assert read(path) is not read(path)

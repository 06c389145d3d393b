"""Which patient an image on the command line has; `tests/edge_models/test_patient_table.py` tests the reader."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models.context import Context
from edge_models.errors import TableError
from edge_models.patient_table import MAX_AGE_YEARS
from edge_models.site_words import SITES
from kiosk.clinical import patient
from kiosk.commands.metadata import Metadata, read_metadata
from kiosk.errors import KioskError


def read(tmp_path: Path, text: str) -> Metadata:
    path = tmp_path / "metadata.csv"
    path.write_bytes(text.encode("utf-8"))
    return read_metadata(path)


def test_rows_become_contexts(tmp_path: Path) -> None:
    text = "lesion_id,image_id,dx,age,sex,localization\nH1,I1,bkl,80.0,male,scalp\nH2,I2,nv,,unknown,unknown\n"
    metadata = read(tmp_path, text)
    assert metadata.contexts == {
        "I1": Context(80.0, "male", "scalp"),
        "I2": Context(),
    }
    assert metadata.unused == ()


def test_an_age_may_have_a_fraction(tmp_path: Path) -> None:
    known = read(tmp_path, "image,age\nA,0.5\nB,120\nC,-0.0\n").contexts
    assert [context.age_years for context in known.values()] == [0.5, 120.0, 0.0]
    assert patient.MAX_AGE_YEARS == MAX_AGE_YEARS


def test_another_sex_says_nothing_to_the_model(tmp_path: Path) -> None:
    assert read(tmp_path, "image,age,sex\nA,40,Other\n").contexts["A"].sex not in ("female", "male")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,sex,diameter_mm,age\nISIC_1,male,3,5,45\n", "line 2: 5 values under 4 columns"),
        ("image,age\nA,50\nB,old\n", "line 3: age is 'old'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        read(tmp_path, text)


def test_columns_that_look_like_an_age_and_are_not_read_are_kept(tmp_path: Path) -> None:
    assert read(tmp_path, "image,age_group,Location,note\nA,40-50,back,x\n").unused == ("age_group", "Location")


def test_images_are_found_by_name_whatever_the_ending_and_the_unicode_form(tmp_path: Path) -> None:
    metadata = read(tmp_path, "image,age\nISIC_1.JPG,40\nM\u00fcller,50\n")
    images = [tmp_path / "x" / "ISIC_1.png", Path(unicodedata.normalize("NFD", "Müller.jpeg")), Path("unknown.jpg")]
    assert [known.age_years for known in metadata.of(images).values()] == [40, 50]
    assert list(metadata.of(images)) == images[:2]


def test_pictures_of_one_name_never_share_a_row(tmp_path: Path) -> None:
    left, right = tmp_path / "left" / "ISIC_1.jpg", tmp_path / "right" / "ISIC_1.png"
    metadata = read(tmp_path, "image,age\nISIC_1,40\n")
    with pytest.raises(KioskError) as caught:
        metadata.of([left, right])
    assert str(left) in str(caught.value)
    assert str(right) in str(caught.value)
    assert metadata.of([left, left]) == {left: Context(40.0)}
    assert read(tmp_path, "image,age\nISIC_2,40\n").of([left, right]) == {}


def test_folders_in_the_table_tell_pictures_of_one_name_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = tmp_path / "left" / "ISIC_1.jpg", tmp_path / "right" / "ISIC_1.jpg"
    known = read(tmp_path, "image,age\nleft/ISIC_1.jpg,40\nright\\ISIC_1,50\nISIC_1,60\n")
    assert [known.of([image])[image].age_years for image in (left, right)] == [40, 50]
    assert [known.age_years for known in known.of([left, right]).values()] == [40, 50]
    assert known.of([tmp_path / "ISIC_1.jpg"])[tmp_path / "ISIC_1.jpg"].age_years == 60
    left.parent.mkdir()
    monkeypatch.chdir(left.parent)
    assert known.of([Path("ISIC_1.jpg")]) == {Path("ISIC_1.jpg"): Context(40.0)}


def test_a_link_to_a_picture_is_that_picture(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first, link = tmp_path / "ISIC_1.jpg", tmp_path / "a" / "ISIC_1.jpg"
    first.touch()
    link.symlink_to(first)
    assert len(read(tmp_path, "image,age\nISIC_1,40\n").of([first, link])) == 2


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text("ABCxyz_019 ,\"'é", min_size=1).map(str.strip).filter(bool),
        st.builds(
            Context,
            age_years=st.none() | st.integers(0, 120).map(float),
            sex=st.none() | st.sampled_from(["female", "male"]),
            site=st.none() | st.sampled_from(SITES),
        ),
    )
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, known: dict[str, Context]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["image_id", "age", "sex", "localization"])
    for name, one in known.items():
        writer.writerow([name, one.age_years, one.sex, one.site])
    assert read(tmp_path_factory.mktemp("csv"), text.getvalue()).contexts == known


@pytest.mark.parametrize(
    "name",
    [
        "ham10000/HAM10000_metadata.csv",
        "isic2018_task3_val/labels.csv",
        "isic2017/metadata.csv",
        "milk10k/metadata.csv",
    ],
)
def test_the_published_files_are_read(name: str) -> None:
    if "DERMAKIOSK_DATA" not in os.environ:
        pytest.skip("DERMAKIOSK_DATA does not name a folder with the published data")
    metadata = read_metadata(Path(os.environ["DERMAKIOSK_DATA"]) / name)
    known = metadata.contexts.values()
    assert sum(known.age_years is not None for known in known) > 0.9 * len(known) > 0
    assert sum(known.site is not None for known in known) > 0.5 * len(known)
    assert metadata.unused == ()

"""Metadata of images: HAM10000's and ISIC's columns; a wrong row is named."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.clinical.body_site import BodySite
from kiosk.clinical.patient import Patient, Sex
from kiosk.commands.metadata import read_metadata
from kiosk.errors import KioskError


def read(tmp_path: Path, text: str | bytes) -> dict[str, Patient]:
    path = tmp_path / "metadata.csv"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_metadata(path)


def test_ham10000s_columns(tmp_path: Path) -> None:
    columns = "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
    assert read(tmp_path, columns + "H1,I1,bkl,histo,80.0,male,scalp\nH2,I2,nv,histo,,unknown,unknown\n") == {
        "I1": Patient(age_years=80, sex=Sex.MALE, site=BodySite.SCALP),
        "I2": Patient(),
    }


def test_isics_columns(tmp_path: Path) -> None:
    text = "\ufeffimage,age_approx,anatom_site_general,sex\r\nA,55,posterior torso,Female\r\nB,40,head/neck,NA\r\n"
    assert read(tmp_path, text) == {
        "A": Patient(age_years=55, sex=Sex.FEMALE, site=BodySite.BACK),
        "B": Patient(age_years=40),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,age\nA,50\nB,old\n", "line 3: age is a number of years, not 'old'"),
        ("image,age\nA,-1\n", "line 2: an age is 0 to 120 years"),
        ("image,age\nA,1e999\n", "line 2: age is a number"),
        ("image,sex\nA,m\n", "line 2: sex is 'm'"),
        ("image,localization\nA,moon\n", "line 2: body site is 'moon'"),
        ("image,age\n,50\n", "line 2: no image is named"),
        ("image,age\nA,50\nA,51\n", "line 3: A has another row"),
        ("name,age\nA,50\n", "no column image"),
        ("", "no column image"),
        (b"image\n\xff\n", "not a CSV file in UTF-8"),
        ('image\n"A', "not a CSV file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(KioskError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert caught.value.remedy


def test_short_rows_know_less(tmp_path: Path) -> None:
    assert read(tmp_path, "image,age,sex\nA\nB,7\n") == {"A": Patient(), "B": Patient(age_years=7)}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KioskError, match="cannot be read"):
        read_metadata(tmp_path / "missing.csv")


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text("ABCxyz_019 ,\"'é", min_size=1).map(str.strip).filter(bool),
        st.builds(
            Patient,
            code=st.just(""),
            age_years=st.none() | st.integers(0, 120),
            sex=st.none() | st.sampled_from(Sex),
            site=st.none() | st.sampled_from(BodySite),
        ),
    )
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, known: dict[str, Patient]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["image_id", "age", "sex", "localization"])
    for name, patient in known.items():
        writer.writerow([name, patient.age_years, patient.sex, patient.site])
    assert read(tmp_path_factory.mktemp("csv"), text.getvalue()) == known


@pytest.mark.parametrize("name", ["ham10000/HAM10000_metadata.csv", "isic2018_task3_val/labels.csv"])
def test_the_published_files_are_read(name: str) -> None:
    if "DERMAKIOSK_DATA" not in os.environ:
        pytest.skip("DERMAKIOSK_DATA does not name a folder with the published data")
    known = read_metadata(Path(os.environ["DERMAKIOSK_DATA"]) / name)
    assert sum(patient.age_years is not None for patient in known.values()) > 0.9 * len(known) > 0

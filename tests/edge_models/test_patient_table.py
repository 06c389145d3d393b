"""What tables say of patients, in the spellings that are published; what nobody can mean is refused."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models.context import Context
from edge_models.errors import TableError
from edge_models.patient_table import AGE, NOT_KNOWN, SEX, SEX_WORDS, SITE, context_of, unused_columns
from edge_models.site_words import SITE_WORDS, SITES, common_site, site_key
from edge_models.table import IMAGE, read_table

# the archive's hierarchy to its third level, as ISIC's own metadata checker has it (ImageMarkup/isic-metadata,
# anatom_site_hierarchical.py), and HAM10000's word for each
HIERARCHY = {
    "Head and neck": None, "Head and neck:Head": None, "Head and neck:Neck": "neck",
    "Head and neck:Head:Scalp": "scalp", "Head and neck:Head:Ear": "ear", "Head and neck:Head:Face": "face",
    "Head and neck:Head:Face:Mouth:Oral mucosa": "face", "Head and neck:Neck:Nape of neck": "neck",
    "Head and neck:Neck:Supraclavicular region": "neck",
    "Trunk": "trunk", "Trunk:Anterior trunk": "trunk", "Trunk:Lateral trunk": "trunk", "Trunk:Posterior trunk": "back",
    "Trunk:Anterior trunk:Anterior chest": "chest", "Trunk:Anterior trunk:Anterior chest:Breast:Nipple": "chest",
    "Trunk:Anterior trunk:Anterior abdomen": "abdomen", "Trunk:Lateral trunk:Axilla": "trunk",
    "Trunk:Lateral trunk:Lateral chest": "chest", "Trunk:Lateral trunk:Lateral abdomen": "abdomen",
    "Trunk:Posterior trunk:Upper back": "back", "Trunk:Posterior trunk:Mid back": "back",
    "Trunk:Posterior trunk:Lower back": "back",
    "Upper extremity": "upper extremity", "Upper extremity:Shoulder": "upper extremity",
    "Upper extremity:Upper arm:Anterior upper arm": "upper extremity", "Upper extremity:Elbow": "upper extremity",
    "Upper extremity:Forearm": "upper extremity", "Upper extremity:Wrist": "upper extremity",
    "Upper extremity:Hand": "hand", "Upper extremity:Hand:Dorsum of hand": "hand",
    "Upper extremity:Hand:Palm of hand": "acral", "Upper extremity:Hand:Fingers and thumb:Thumb": "hand",
    "Lower extremity": "lower extremity", "Lower extremity:Buttock": "lower extremity",
    "Lower extremity:Thigh": "lower extremity", "Lower extremity:Knee": "lower extremity",
    "Lower extremity:Lower leg:Shin": "lower extremity", "Lower extremity:Ankle": "lower extremity",
    "Lower extremity:Foot": "foot", "Lower extremity:Foot:Dorsum of foot": "foot",
    "Lower extremity:Foot:Sole of foot:Heel": "acral", "Lower extremity:Foot:Toes": "foot",
    "Anogenital region": "genital", "Anogenital region:Perianal region": "genital",
    "Anogenital region:Genital region:Vulva": "genital", "Anogenital region:Genital region:Penis": "genital",
}  # fmt: skip


def read(folder: Path, *lines: str) -> dict[str, Context]:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_table(path).by_image(lambda _image, row: context_of(row))


def one(folder: Path, columns: str, cells: str) -> Context:
    return read(folder, f"image,{columns}", f"I,{cells}")["I"]


def test_ham10000(tmp_path: Path) -> None:
    columns = "lesion_id,image_id,dx,dx_type,age,sex,localization"
    assert read(tmp_path, columns, "H1,I1,bkl,histo,80.0,male,scalp", "H2,I2,nv,histo,,unknown,unknown") == {
        "I1": Context(80.0, "male", "scalp"),
        "I2": Context(),
    }


def test_isic_2017_and_2019(tmp_path: Path) -> None:
    assert read(tmp_path, "image_id,age_approximate,sex", "I,unknown,female") == {"I": Context(sex="female")}
    lines = ("image,age_approx,anatom_site_general,sex,lesion_id", "I_downsampled,55,posterior torso,female,")
    assert read(tmp_path, *lines) == {"I_downsampled": Context(55.0, "female", "back")}


def test_isic_2020(tmp_path: Path) -> None:
    columns = "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target"
    rows = (
        "ISIC_1,IP_1,male,45.0,head/neck,unknown,benign,0",
        "ISIC_2,IP_2,female,45.0,upper extremity,unknown,benign,0",
        "ISIC_3,IP_2,NA,NA,torso,unknown,benign,0",
    )
    assert read(tmp_path, columns, *rows) == {
        "ISIC_1": Context(45.0, "male"),
        "ISIC_2": Context(45.0, "female", "upper extremity"),
        "ISIC_3": Context(site="trunk"),
    }
    assert one(tmp_path, "sex,age_approx,anatom_site_general_challenge", "male,45,lower extremity") == Context(
        45.0, "male", "lower extremity"
    )


def test_milk10k(tmp_path: Path) -> None:
    lines = (
        "isic_id,age_approx,sex,skin_tone_class,site",
        "A,85,male,3,head_neck_face",
        "B,5,female,4,upper_extremity",
    )
    assert read(tmp_path, *lines) == {"A": Context(85.0, "male"), "B": Context(5.0, "female", "upper extremity")}


def test_the_new_archive(tmp_path: Path) -> None:
    lines = ("isic_id,age_approx,anatom_site_1,anatom_site_2", "ISIC_1,45,Lower Extremity,Thigh")
    assert read(tmp_path, *lines) == {"ISIC_1": Context(45.0, site="lower extremity")}


@pytest.mark.parametrize(("path", "site"), HIERARCHY.items())
def test_the_archives_hierarchy(tmp_path: Path, path: str, site: str | None) -> None:
    levels = path.split(":")
    columns = ",".join(f"anatom_site_{level}" for level in range(1, 6))
    assert one(tmp_path, columns, ",".join(levels)).site == site


@pytest.mark.parametrize("site", [*SITES, "torso", "head/neck", "palms/soles"])
@pytest.mark.parametrize("dress", [str.upper, str.title, "  {} ".format, "right {}".format, "{}, left".format])
def test_a_site_in_any_dress(tmp_path: Path, site: str, dress: object) -> None:
    assert callable(dress)
    assert one(tmp_path, "body_site", f'"{dress(site)}"').site == SITE_WORDS[site].site


@pytest.mark.parametrize(
    ("columns", "cells", "site"),
    [
        ("anatom_site_general,anatom_site_special", "lower extremity,acral palms or soles", "acral"),
        ("anatom_site_general,anatom_site_special", "upper extremity,acral NOS", "acral"),
        ("anatom_site_general,anatom_site_special", "upper extremity,fingernail", "hand"),
        ("anatom_site_general,anatom_site_special", "head/neck,oral or genital", None),
        ("anatom_site_general,anatom_site_special", "anterior torso,oral or genital", "genital"),
        ("localization,site", "upper extremity,hand", "hand"),
        ("localization,site", ",trunk", "trunk"),
        ("localization,site", "unknown,foot", "foot"),
        ("localization,anatom_site_general", "Back,posterior torso", "back"),
        ("anatom_site_1,anatom_site_2", "Trunk,Somewhere new", "trunk"),
        ("anatom_site_1", "Head & Neck", None),
    ],
)
def test_the_finest_word_counts(tmp_path: Path, columns: str, cells: str, site: str | None) -> None:
    assert one(tmp_path, columns, cells).site == site


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        ("age", "old", "age is 'old'. An age is a number of years, 0 to 120"),
        ("age", "-1", "age is '-1'"),
        ("age", "120.5", "age is '120.5'"),
        ("age", "1e999", "age is '1e999'"),
        ("age", "inf", "age is 'inf'"),
        ("age", "-Infinity", "age is '-Infinity'"),
        ("age", "-nan", "age is '-nan'"),
        ("age", "4_5", "age is '4_5'"),
        ("age", "045Y", "age is '045Y'"),
        ("age", '"45,5"', "age is '45,5'"),
        ("age,age_approx", "45,50", "age says '45' and age_approx says '50'"),
        ("sex", "mail", "sex is 'mail'. Use female, f, male, m, other"),
        ("sex,gender", "f,male", "sex says 'f' and gender says 'male'"),
        ("localization", "moon", "localization is 'moon', which is no body site. Use abdomen, "),
        ("anatom_site_1", "Moon", "anatom_site_1 is 'Moon'"),
        ("anatom_site_2", "Crater", "anatom_site_2 is 'Crater'"),
        ("localization,anatom_site_general", "back,head/neck", "localization says 'back' and anatom_site_general says"),
        (
            "anatom_site_1,anatom_site_2",
            "Upper extremity,Foot",
            "anatom_site_1 says 'Upper extremity' and anatom_site_2",
        ),
    ],
)
def test_what_nobody_can_mean_is_refused(tmp_path: Path, columns: str, cells: str, said: str) -> None:
    with pytest.raises(TableError) as caught:
        one(tmp_path, columns, cells)
    assert f"table.csv, line 2: {said}" in str(caught.value)
    assert caught.value.remedy


def test_columns_that_mean_the_same_may_agree(tmp_path: Path) -> None:
    assert one(tmp_path, "age,age_approx,sex,gender", "45,45.0,m,Male") == Context(45.0, "male")
    assert one(tmp_path, "age,age_approx,sex,gender", "NaN,45.0,unknown,") == Context(45.0)


@pytest.mark.parametrize("word", sorted(NOT_KNOWN))
def test_what_is_not_known(tmp_path: Path, word: str) -> None:
    assert one(tmp_path, "age,sex,localization", f"{word.upper()}, {word},{word.title()}") == Context()


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("age_at_diagnosis", True), ("Age (years)", True), ("PatientAge", True), ("birth_date", True), ("ages", True),
        ("patient_sex", True), ("is_male", True), ("Gender identity", True), ("location", True), ("region", True),
        ("lesion location", True), ("anatom_site", True), ("anatom_site_6", True), ("tbp_lv_location_simple", True),
        ("body_part_examined", True), ("bodySiteDetail", True), ("age.1", True),
        ("image_type", False), ("stage", False), ("lesion_id", False), ("diagnosis", False), ("skin_tone_class", False),
        ("body_mass_index", False), ("age", False), ("AGE_APPROX", False), ("Body Site", False), ("essex", False),
    ],
)  # fmt: skip
def test_columns_that_look_alike_but_are_not_read_are_named(tmp_path: Path, name: str, alike: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"image,{name}\nI,1\n", encoding="utf-8")
    assert unused_columns(read_table(path).columns) == ((name,) if alike else ())


def test_every_word_stands_as_it_is_looked_up() -> None:
    for word, region in SITE_WORDS.items():
        assert site_key(word) == word
        assert region.site is None or region.site in SITES
        assert common_site([region]) == region.site
    assert {region.site for region in SITE_WORDS.values()} == {*SITES, None}
    for site in SITES:
        assert SITE_WORDS[site].site == site


def dressed(word: str) -> st.SearchStrategy[str]:
    """A word as tables write it: any case, spaces around it, either Unicode form."""
    return st.builds(
        lambda case, form, left, right: left + case(unicodedata.normalize(form, word)) + right,
        st.sampled_from([str.upper, str.lower, str.title]),
        st.sampled_from(["NFC", "NFD"]),
        st.text(" ", max_size=2),
        st.text(" ", max_size=2),
    )


@settings(deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_in_any_spelling(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    name = data.draw(st.text("ABÅéñ_0", min_size=1).map(lambda text: unicodedata.normalize("NFC", text)))
    suffix = data.draw(st.sampled_from(["", ".jpg", ".JPG", ".png"]))
    form: Literal["NFC", "NFD"] = data.draw(st.sampled_from(["NFC", "NFD"]))
    age = data.draw(st.none() | st.integers(0, 120) | st.floats(0, 120))
    sex = data.draw(st.none() | st.sampled_from(sorted(SEX_WORDS)))
    site = data.draw(st.none() | st.sampled_from(sorted(SITE_WORDS)))
    cells = {
        data.draw(st.sampled_from(IMAGE).flatmap(dressed)): unicodedata.normalize(form, name) + suffix,
        data.draw(st.sampled_from(AGE).flatmap(dressed)): "nan" if age is None else str(age),
        data.draw(st.sampled_from(SEX).flatmap(dressed)): data.draw(dressed(sex or "unknown")),
        data.draw(st.sampled_from(SITE).flatmap(dressed)): data.draw(dressed(site or "")),
    }
    order = data.draw(st.permutations(list(cells)))
    folder = tmp_path_factory.mktemp("table")
    lines = ",".join(order), ",".join(f'"{cells[column]}"' for column in order)
    assert read(folder, *lines) == {
        name: Context(
            None if age is None else float(age),
            SEX_WORDS[sex] if sex else None,
            SITE_WORDS[site].site if site else None,
        )
    }


@settings(deadline=None)
@given(age=st.text("0123456789+-.eEinfaN_, ", max_size=8) | st.floats().map(str))
def test_any_age_is_in_range_unknown_or_refused(tmp_path_factory: pytest.TempPathFactory, age: str) -> None:
    try:
        years = one(tmp_path_factory.mktemp("table"), "age", f'"{age}"').age_years
    except TableError:
        return
    assert (years is None and age.strip().lower() in NOT_KNOWN) or (years is not None and 0 <= years <= 120)

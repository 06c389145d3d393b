from __future__ import annotations

import pytest

from edge_models.labels import ISIC_COLUMN_ORDER, LesionClass


def test_the_seven_classes_of_ham10000() -> None:
    # HAM10000's metadata, column dx: Tschandl et al. 2018, doi:10.1038/sdata.2018.161, table 3
    assert {lesion.code for lesion in LesionClass} == {"akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"}


def test_isic_columns_in_the_order_of_the_challenge() -> None:
    # the header of ISIC2018_Task3_Training_GroundTruth.csv
    assert ",".join(lesion.isic for lesion in ISIC_COLUMN_ORDER) == "MEL,NV,BCC,AKIEC,BKL,DF,VASC"
    assert set(ISIC_COLUMN_ORDER) == set(LesionClass)


def test_what_is_malignant() -> None:
    assert {lesion.code for lesion in LesionClass if lesion.malignant} == {"mel", "bcc", "akiec"}


@pytest.mark.parametrize("lesion", LesionClass)
def test_a_code_leads_back_to_its_class(lesion: LesionClass) -> None:
    assert LesionClass.from_code(lesion.code) is lesion
    assert str(lesion) == lesion.full_name


@pytest.mark.parametrize("code", ["", "MEL", "scc", "class0"])
def test_an_unknown_code_is_an_error_that_names_it(code: str) -> None:
    with pytest.raises(ValueError, match=f"{code!r} is not a lesion class; known are akiec, bcc"):
        LesionClass.from_code(code)

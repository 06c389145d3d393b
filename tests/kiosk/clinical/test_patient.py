"""What is known of a patient: what the model may know of it, and what puts a picture outside its scope."""

from __future__ import annotations

import pytest

from edge_models.context import Context
from edge_models.site_words import SITES
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.patient import Patient, Sex
from kiosk.clinical.scope import ScopeLimit, limits_of_context


def test_every_site_is_one_that_a_models_tables_know_or_says_that_it_is_none() -> None:
    assert {site.ham10000 for site in BodySite if site.ham10000} <= {*SITES}
    assert len({site.code for site in BodySite}) == len(BodySite)


def test_a_side_belongs_to_its_site() -> None:
    assert Patient(site=BodySite.ARM, side=Side.LEFT).side is Side.LEFT
    for site, side in ((BodySite.ARM, Side.MIDDLE), (BodySite.MUCOSA, Side.LEFT), (None, Side.LEFT)):
        with pytest.raises(ValueError, match="has no side"):
            Patient(site=site, side=side)


def test_the_model_knows_no_code_and_no_sex_that_its_tables_lack() -> None:
    patient = Patient("A-7", 61, Sex.OTHER, BodySite.PALM, Side.LEFT, frozenset({ScopeLimit.DARK_SKIN}))
    assert patient.context() == Context(61, None, "acral")
    assert Patient(sex=Sex.FEMALE, site=BodySite.MUCOSA).context() == Context(None, "female", None)


@pytest.mark.parametrize(
    ("patient", "limits"),
    [
        (Patient(), ()),
        (Patient(age_years=18, site=BodySite.BACK), ()),
        (Patient(age_years=17), (ScopeLimit.UNDER_18,)),
        (Patient(site=BodySite.SOLE), (ScopeLimit.PALM_OR_SOLE,)),
        (Patient(site=BodySite.NAIL), (ScopeLimit.NAIL,)),
        (Patient(site=BodySite.GENITAL), (ScopeLimit.GENITAL_OR_MUCOSA,)),
        (Patient(site=BodySite.MUCOSA), (ScopeLimit.GENITAL_OR_MUCOSA,)),
        (
            Patient(age_years=3, told=frozenset({ScopeLimit.TREATED_BEFORE, ScopeLimit.DARK_SKIN})),
            (ScopeLimit.UNDER_18, ScopeLimit.DARK_SKIN, ScopeLimit.TREATED_BEFORE),
        ),
    ],
)
def test_what_puts_a_picture_outside_the_scope(patient: Patient, limits: tuple[ScopeLimit, ...]) -> None:
    assert patient.scope_limits() == limits


def test_the_operator_is_not_asked_for_what_age_and_site_say() -> None:
    with pytest.raises(ValueError, match="asked"):
        Patient(told=frozenset({ScopeLimit.NAIL}))


def test_a_tables_age_and_site_limit_the_scope_too() -> None:
    assert limits_of_context(Context(4.0, "male", "acral")) == (ScopeLimit.UNDER_18, ScopeLimit.PALM_OR_SOLE)
    assert limits_of_context(Context(None, None, "genital")) == (ScopeLimit.GENITAL_OR_MUCOSA,)
    assert limits_of_context(Context(40.0, None, "foot")) == ()

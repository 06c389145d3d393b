"""Whom the model was not tested on: what is known of a patient that puts a picture outside its scope."""

from __future__ import annotations

from enum import StrEnum

from edge_models.context import Context

ADULT_YEARS = 18


class ScopeLimit(StrEnum):
    """A reason why figures measured on the model's test pictures do not hold for a picture."""

    UNDER_18 = "under_18"
    PALM_OR_SOLE = "palm_or_sole"
    NAIL = "nail"
    GENITAL_OR_MUCOSA = "genital_or_mucosa"
    DARK_SKIN = "dark_skin"
    TREATED_BEFORE = "treated_before"


TOLD_BY_OPERATOR = (ScopeLimit.DARK_SKIN, ScopeLimit.TREATED_BEFORE)
"""What nothing else tells: the operator is asked before the picture is taken."""

_OF_SITE = {"acral": ScopeLimit.PALM_OR_SOLE, "genital": ScopeLimit.GENITAL_OR_MUCOSA}


def limits_of_context(context: Context) -> tuple[ScopeLimit, ...]:
    """What age and site say, by HAM10000's words; nothing where they are not known."""
    limits: list[ScopeLimit] = []
    if context.age_years is not None and context.age_years < ADULT_YEARS:
        limits.append(ScopeLimit.UNDER_18)
    if context.site in _OF_SITE:
        limits.append(_OF_SITE[context.site])
    return tuple(limits)

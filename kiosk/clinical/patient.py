"""What is known of a patient and of where the lesion is: codes and choices, never a name or free text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from edge_models.context import Context
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.scope import TOLD_BY_OPERATOR, ScopeLimit, limits_of_context

CODE = "[A-Z0-9-]{0,16}"
"""The grammar of a patient's code, for this language's regular expressions and for a browser's."""
MAX_AGE_YEARS = 120
_LIMIT_OF_SITE = {
    BodySite.NAIL: ScopeLimit.NAIL,
    BodySite.MUCOSA: ScopeLimit.GENITAL_OR_MUCOSA,
}


class Sex(StrEnum):
    """As in the patient's record; a model's tables know the first two, HAM10000's."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Patient:
    """What the operator entered; everything is optional.

    Attributes:
        code: up to 16 of A–Z, 0–9 and -, the clinic's own code; empty when skipped.
        age_years: 0 … 120.
        site: of the lesion that is examined.
        side: one of the site's; None where it was not said.
        told: of `TOLD_BY_OPERATOR`, what holds.

    Raises:
        ValueError: a code, an age or a side that cannot be.
    """

    code: str = ""
    age_years: int | None = None
    sex: Sex | None = None
    site: BodySite | None = None
    side: Side | None = None
    told: frozenset[ScopeLimit] = frozenset()

    def __post_init__(self) -> None:
        if not re.fullmatch(CODE, self.code):
            raise ValueError("a patient code is up to 16 of A-Z, 0-9 and -")
        if self.age_years is not None and not 0 <= self.age_years <= MAX_AGE_YEARS:
            raise ValueError(f"an age is 0 to {MAX_AGE_YEARS} years, not {self.age_years}")
        if self.side is not None and (self.site is None or self.side not in self.site.sides):
            raise ValueError(f"{self.site} has no side {self.side}")
        if not self.told <= {*TOLD_BY_OPERATOR}:
            raise ValueError("the operator is asked for what nothing else tells alone")

    def without_lesion(self) -> Patient:
        """The same patient, before anything is said of another lesion."""
        return replace(self, site=None, side=None, told=self.told - {ScopeLimit.TREATED_BEFORE})

    def context(self) -> Context:
        """What the model may know of it: never the patient's code."""
        known_sex = self.sex if self.sex in (Sex.FEMALE, Sex.MALE) else None
        return Context(self.age_years, known_sex, self.site.ham10000 if self.site else None)

    def scope_limits(self) -> tuple[ScopeLimit, ...]:
        """What puts a picture of this patient outside what the model was tested on."""
        limits = list(limits_of_context(self.context()))
        if self.site in _LIMIT_OF_SITE:
            limits = [limit for limit in limits if limit is not ScopeLimit.PALM_OR_SOLE]
            limits.append(_LIMIT_OF_SITE[self.site])
        return (*limits, *(limit for limit in TOLD_BY_OPERATOR if limit in self.told))

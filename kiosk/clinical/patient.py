"""What is known of a patient and of where the lesion is: codes and choices, never a name or free text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from edge_models.context import Context
from kiosk.clinical.body_site import BodySite

_CODE = re.compile(r"[A-Z0-9-]{0,16}")
MAX_AGE_YEARS = 120


class Sex(StrEnum):
    """As in HAM10000's metadata."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True)
class Patient:
    """What the operator entered; everything is optional.

    Attributes:
        code: up to 16 of A–Z, 0–9 and -, the clinic's own code; empty when skipped.
        age_years: 0 … 120.
        site: of the lesion that is examined.

    Raises:
        ValueError: a code or an age that cannot be.
    """

    code: str = ""
    age_years: int | None = None
    sex: Sex | None = None
    site: BodySite | None = None

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"a patient code is up to 16 of A-Z, 0-9 and -, not {self.code!r}")
        if self.age_years is not None and not 0 <= self.age_years <= MAX_AGE_YEARS:
            raise ValueError(f"an age is 0 to {MAX_AGE_YEARS} years, not {self.age_years}")

    def context(self) -> Context:
        """What the model may know of it: never the patient's code."""
        return Context(self.age_years, self.sex, self.site)

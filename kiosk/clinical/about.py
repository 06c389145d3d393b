"""What belongs to a case beside its picture: whose it is, and what it is one of."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from kiosk.clinical.examination import Consent
from kiosk.clinical.lesion import Lesion
from kiosk.clinical.patient import Patient


def new_id() -> str:
    """128 random bits in 32 hexadecimal digits, as patients', visits', lesions' and examinations' ids are."""
    return os.urandom(16).hex()


@dataclass(frozen=True)
class About:
    """What was known when Capture was tapped.

    Attributes:
        visit_id: 32 hexadecimal digits that the examinations of one patient in one sitting share.
        number: which of the patient's lesions in this sitting it is, from 1.
        lesion: None where it is not one that is followed.
        consent: what the patient allows the examination to be kept for.
    """

    patient: Patient
    visit_id: str = field(default_factory=new_id)
    number: int = 1
    lesion: Lesion | None = None
    consent: Consent = Consent.CARE

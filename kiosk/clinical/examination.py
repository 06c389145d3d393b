"""An examination: one lesion, one time, one operator, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Assessment
from kiosk.clinical.frame import AUTOMATIC, CameraSettings
from kiosk.clinical.lesion import ID, Lesion
from kiosk.clinical.patient import Patient

ExaminationId = NewType("ExaminationId", str)
"""32 hexadecimal digits."""


class Consent(StrEnum):
    """What the patient agreed to have kept."""

    CARE = "care"
    CARE_AND_RESEARCH = "care_and_research"


class Phase(StrEnum):
    """When a clinician judged: before seeing what the model says, or after."""

    BEFORE = "before"
    AFTER = "after"


class MediaType(StrEnum):
    """How a kept picture is encoded."""

    JPEG = "image/jpeg"
    PNG = "image/png"


@dataclass(frozen=True)
class ClinicalVerdict:
    """A clinician's own judgement.

    Attributes:
        level: what the clinician would do.
        lesion: what the clinician takes it for; None where that was left open.
        operator_id: who judged.
        given_at: with a time zone.

    Raises:
        ValueError: a time without a zone.
    """

    phase: Phase
    level: AdviceLevel
    lesion: LesionClass | None
    operator_id: str
    given_at: datetime

    def __post_init__(self) -> None:
        _need_zone(self.given_at)


@dataclass(frozen=True)
class Histology:
    """What the pathologist found.

    Attributes:
        lesion: the class; None for a finding that is none of the seven.
        reported_on: the report's date.
        operator_id: who entered it.
        entered_at: with a time zone.

    Raises:
        ValueError: a time without a zone.
    """

    lesion: LesionClass | None
    reported_on: date
    operator_id: str
    entered_at: datetime

    def __post_init__(self) -> None:
        _need_zone(self.entered_at)


@dataclass(frozen=True)
class Picture:
    """What is known of a kept picture without opening it.

    Attributes:
        captured_at: when the sensor delivered it, with a time zone.
        source: which camera, in words for the operator.
        simulated: it does not show the patient.

    Raises:
        ValueError: no size, or a time without a zone.
    """

    media_type: MediaType
    width_px: int
    height_px: int
    captured_at: datetime
    source: str
    simulated: bool = False
    settings: CameraSettings = AUTOMATIC

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError("a picture has rows and columns")
        _need_zone(self.captured_at)


@dataclass(frozen=True, eq=False)
class Examination:
    """One lesion, one time, one operator.

    Attributes:
        id: 32 hexadecimal digits.
        visit_id: 32 hexadecimal digits that the examinations of one patient in one sitting share.
        patient: as it was entered for this examination; the code says which patient.
        lesion: None where the examination is not of a lesion that is followed.
        assessment: whole. Its frame is dropped: the picture is kept as a sealed file.
        picture: None where none could be taken.
        verdicts: the clinicians' own, oldest first.
        histology: None until it is entered.

    Raises:
        ValueError: fields that contradict each other.
    """

    id: ExaminationId
    visit_id: str
    patient: Patient
    lesion: Lesion | None
    operator_id: str
    consent: Consent
    assessment: Assessment
    picture: Picture | None
    verdicts: tuple[ClinicalVerdict, ...] = ()
    histology: Histology | None = None

    def __post_init__(self) -> None:
        for name, value in (("an examination's id", self.id), ("a visit's id", self.visit_id)):
            if not ID.fullmatch(value):
                raise ValueError(f"{name} is 32 hexadecimal digits")
        if self.lesion is not None and self.patient.site not in (None, self.lesion.site):
            raise ValueError("the patient's site is another than the lesion's")

    @property
    def examined_at(self) -> datetime:
        """When the assessment was made, with a time zone."""
        return self.assessment.assessed_at

    @property
    def referral_open(self) -> bool:
        """Whether a referral waits for its outcome: histology closes it, and so does a clinician who says routine."""
        if self.histology is not None:
            return False
        if self.verdicts:
            return self.verdicts[-1].level is not AdviceLevel.ROUTINE
        return self.assessment.advice is not None and self.assessment.advice.level is not AdviceLevel.ROUTINE


def _need_zone(time: datetime) -> None:
    if time.tzinfo is None:
        raise ValueError("a time needs a zone")

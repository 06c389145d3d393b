"""What the quality gate found in a picture, and why an assessment is no plain result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge_models.field import Window
from edge_models.frozen import frozen


class Reason(StrEnum):
    """Why there is no plain result, or what was doubtful about one."""

    OUT_OF_FOCUS = "out_of_focus"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    GLARE = "glare"
    MOTION = "motion"
    NOTHING_IN_VIEW = "nothing_in_view"
    NOT_DERMATOSCOPIC = "not_dermatoscopic"
    MODEL_UNSURE = "model_unsure"
    CAMERA_FAULT = "camera_fault"
    ENGINE_FAULT = "engine_fault"


class Verdict(StrEnum):
    """What the gate says of a picture."""

    PASS = "pass"  # noqa: S105 - not a password
    RETAKE = "retake"


@dataclass(frozen=True)
class QualityReport:
    """What the gate measured and what follows from it.

    Attributes:
        reasons: what the operator should change, most important first.
        measures: by the names of `kiosk.pipeline.quality.MEASURES`, in the units that stand there; read-only.
        window: the square within the picture that gate and model looked at, where it shows a round field of view; None
            for the picture's central square.
    """

    reasons: tuple[Reason, ...]
    measures: Mapping[str, float]
    window: Window | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", frozen(self.measures))

    @property
    def verdict(self) -> Verdict:
        """`RETAKE` when there is any reason."""
        return Verdict.RETAKE if self.reasons else Verdict.PASS

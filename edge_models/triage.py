"""From a prediction to what the operator is told: risk outranks rank.

A likely benign first choice never hides a credible melanoma, basal cell carcinoma or actinic keratosis. Three things
make a malignant class credible, each enough by itself: it is the likeliest class; the summed malignant probability
reaches the bundle's referral threshold; or, for melanoma, its probability reaches the bundle's melanoma threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_models.bundle import Decision
from edge_models.labels import LesionClass
from edge_models.prediction import Prediction

UNSURE_SET_SIZE = 5
"""A prediction set of so many of the seven classes says nothing that helps: the model abstains."""


class AdviceLevel(StrEnum):
    """What to do, most pressing first."""

    URGENT_REFERRAL = "urgent_referral"
    REFERRAL = "referral"
    ROUTINE = "routine"


@dataclass(frozen=True)
class Advice:
    """What the operator is told.

    Attributes:
        level: how pressing.
        lesions: the malignant classes behind it, likeliest first; empty for `ROUTINE`.
    """

    level: AdviceLevel
    lesions: tuple[LesionClass, ...]

    def __post_init__(self) -> None:
        if (self.level is AdviceLevel.ROUTINE) != (not self.lesions):
            raise ValueError("a referral names its lesions, routine advice names none")


def advise(prediction: Prediction, decision: Decision) -> Advice:
    """What the operator is told of a prediction, at the thresholds of its bundle."""
    probabilities = prediction.probabilities
    malignant = sorted((c for c in LesionClass if c.malignant), key=lambda c: -probabilities[c])
    (likeliest, _), *_ = prediction.top(1)
    credible: list[LesionClass] = []
    if likeliest.malignant:
        credible.append(likeliest)
    if probabilities[LesionClass.MEL] >= decision.melanoma_threshold:
        credible.append(LesionClass.MEL)
    if sum(probabilities[c] for c in malignant) >= decision.referral_threshold:
        # name what makes up most of the sum, at least the likeliest of them
        largest = probabilities[malignant[0]]
        credible += [c for c in malignant if probabilities[c] >= largest / 2]
    lesions = tuple(c for c in malignant if c in credible)
    if LesionClass.MEL in lesions:
        return Advice(AdviceLevel.URGENT_REFERRAL, lesions)
    return Advice(AdviceLevel.REFERRAL if lesions else AdviceLevel.ROUTINE, lesions)


def is_unsure(prediction: Prediction) -> bool:
    """Whether the prediction is too vague to be shown."""
    return len(prediction.prediction_set) >= UNSURE_SET_SIZE

"""The clinical rule: from a prediction to what the operator is told. Risk outranks rank.

- A malignant class is named when its own calibrated probability reaches its own threshold.
- Refer: at least one class is named. A referral always names a class, and no class is named without a referral.
- Refer urgently: melanoma reaches a point of its own.
- No referral suggested: neither.
- Nothing is said of what is no dermatoscopic image as the model knows them. A model that is unsure names no class, but
  what it says of a referral stands.

What a screen or a file says of a prediction derives from one value, `Advice`. The numbers stand in the bundle's
manifest (`edge_models.decision`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from edge_models.decision import Decision, Thresholds
from edge_models.labels import LesionClass
from edge_models.prediction import Prediction

BARS = 3
"""So many of the likeliest classes are shown, and every named one."""
REFERRED_FROM = 0.5
"""`Advice.malignant` of a referral is so much or more."""


class AdviceLevel(StrEnum):
    """What to do, most pressing first."""

    URGENT_REFERRAL = "urgent_referral"
    REFERRAL = "referral"
    ROUTINE = "routine"


class Abstention(StrEnum):
    """Why no class is shown."""

    NOT_DERMATOSCOPIC = "not_dermatoscopic"
    MODEL_UNSURE = "model_unsure"


@dataclass(frozen=True)
class Ground:
    """Why a class is named.

    Attributes:
        lesion: the class.
        probability: its calibrated probability, 0 … 1.
        threshold: what that reached, 0 … 1.
        level: what reaching it asks for.
    """

    lesion: LesionClass
    probability: float
    threshold: float
    level: AdviceLevel

    def __post_init__(self) -> None:
        if not self.lesion.malignant or self.level is AdviceLevel.ROUTINE:
            raise ValueError("a class is named because it is malignant and asks for a referral")
        if not self.probability >= self.threshold:
            raise ValueError("a class is named because its probability reaches its threshold")


@dataclass(frozen=True)
class Advice:
    """What the operator is told.

    Attributes:
        level: how pressing.
        named: the malignant classes behind it, likeliest first; empty for `ROUTINE`.
        cannot_exclude: the prediction set and what is named, likeliest first. Empty where no class may be named at all
            (`without_classes`); then `named` and `why` are too.
        why: for every class in `named`, in its order.
        malignant: the evidence that a referral judges, 0 … 1: `REFERRED_FROM` or more for a referral, and nothing else.
    """

    level: AdviceLevel
    named: tuple[LesionClass, ...]
    cannot_exclude: tuple[LesionClass, ...]
    why: tuple[Ground, ...]
    malignant: float

    def __post_init__(self) -> None:
        if tuple(ground.lesion for ground in self.why) != self.named:
            raise ValueError("every named class has its ground, and no other")
        if not set(self.named) <= set(self.cannot_exclude):
            raise ValueError("what is named cannot be excluded")
        if (self.level is AdviceLevel.ROUTINE) == (self.malignant >= REFERRED_FROM):
            raise ValueError("a referral, and nothing else, has the evidence for it")
        if not self.cannot_exclude:
            if self.level is AdviceLevel.ROUTINE:
                raise ValueError("routine advice says what cannot be excluded")
        elif self.level is not most_pressing(self.why):
            raise ValueError("the level is that of the most pressing ground: a referral names its classes")

    def tells_of(self, prediction: Prediction) -> bool:
        """Whether this can be the advice of a prediction."""
        shares = prediction.probabilities
        likeliest_first = tuple(sorted(self.cannot_exclude, key=lambda lesion: -shares[lesion]))
        return (
            set(self.cannot_exclude) == prediction.prediction_set | set(self.named)
            and self.cannot_exclude == likeliest_first
            and all(ground.probability == shares[ground.lesion] for ground in self.why)
        )

    def without_classes(self) -> Advice:
        """The same level of a model that is unsure: it may not name a class, and may not hide a referral.

        Raises:
            ValueError: there is no referral to keep.
        """
        return replace(self, named=(), cannot_exclude=(), why=())


def most_pressing(why: tuple[Ground, ...]) -> AdviceLevel:
    """The level of some grounds together."""
    asked = {ground.level for ground in why}
    return next((level for level in AdviceLevel if level in asked), AdviceLevel.ROUTINE)


def advise(prediction: Prediction, decision: Decision) -> Advice:
    """What the operator is told of a prediction, by the numbers of its bundle."""
    thresholds = decision.thresholds(context_used=prediction.context_used)
    ranked = prediction.top(len(LesionClass))
    why = tuple(ground for lesion, p in ranked if (ground := _ground(lesion, p, thresholds)) is not None)
    named = tuple(ground.lesion for ground in why)
    return Advice(
        level=most_pressing(why),
        named=named,
        cannot_exclude=tuple(lesion for lesion, _ in ranked if lesion in prediction.prediction_set or lesion in named),
        why=why,
        malignant=max(_evidence(prediction.probabilities[c], thresholds.named_from(c)) for c in thresholds.naming),
    )


def shown_classes(prediction: Prediction, advice: Advice) -> tuple[tuple[LesionClass, float], ...]:
    """The classes that a screen shows with their probabilities, likeliest first: the likeliest, and every named one."""
    ranked = prediction.top(len(LesionClass))
    return tuple(item for place, item in enumerate(ranked) if place < BARS or item[0] in advice.named)


def abstention(prediction: Prediction, decision: Decision) -> Abstention | None:
    """Why a prediction is not shown; None where it is."""
    if not prediction.familiar:
        return Abstention.NOT_DERMATOSCOPIC
    if len(prediction.prediction_set) >= decision.unsure_set_size:
        return Abstention.MODEL_UNSURE
    return None


def kept(advice: Advice, abstains: Abstention | None) -> Advice | None:
    """What is left of an advice for the operator; None: nothing. An unsure model may not reassure."""
    if abstains is None:
        return advice
    unsure = abstains is Abstention.MODEL_UNSURE
    return advice.without_classes() if unsure and advice.level is not AdviceLevel.ROUTINE else None


def _ground(lesion: LesionClass, probability: float, thresholds: Thresholds) -> Ground | None:
    """Why a class is named, where it is; for melanoma the more pressing reason of two."""
    if lesion is LesionClass.MEL and probability >= thresholds.urgent:
        return Ground(lesion, probability, thresholds.urgent, AdviceLevel.URGENT_REFERRAL)
    if lesion in thresholds.naming and probability >= thresholds.naming[lesion]:
        return Ground(lesion, probability, thresholds.naming[lesion], AdviceLevel.REFERRAL)
    return None


def _evidence(probability: float, threshold: float) -> float:
    """A class's probability 0 … 1 bent so that its threshold comes to lie at `REFERRED_FROM`, whatever it is.

    Below it the share of the threshold, above it the share of what is left. Halves are exact in binary, so the
    comparison with `REFERRED_FROM` is that of probability and threshold, without rounding.
    """
    if probability < threshold:
        return 0.5 * (probability / threshold)
    return 0.5 + 0.5 * ((probability - threshold) / (1.0 - threshold) if threshold < 1.0 else 1.0)

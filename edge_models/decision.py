"""The numbers of the clinical rule (`edge_models.triage`), as a manifest holds them.

They are fitted on lesions that training never saw (`training.calibrate`), twice: for what the picture alone says, and
for a picture with what is known of the patient (`edge_models.context`), which moves every probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_models.checked import number, whole_number
from edge_models.frozen import frozen
from edge_models.labels import LesionClass

MALIGNANT = tuple(lesion for lesion in LesionClass if lesion.malignant)
"""The classes that have a threshold of their own."""


@dataclass(frozen=True)
class Thresholds:
    """On calibrated probabilities, 0 … 1.

    Attributes:
        naming: of each malignant class, its probability from which it is named. A named class is a referral.
        urgent: melanoma's probability from which the referral is urgent. It may lie above or below melanoma's `naming`;
            melanoma is named from the lower of the two.
        conformal: a class is in the prediction set when `1 - probability <= conformal` (LAC, Sadinle, Lei, Wasserman
            2019, doi:10.1080/01621459.2017.1395341).
    """

    naming: Mapping[LesionClass, float]
    urgent: float
    conformal: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "naming", frozen(self.naming))
        if set(self.naming) != set(MALIGNANT):
            raise ValueError(f"naming must hold {_codes()}, no other class")
        if not all(0.0 <= value <= 1.0 for value in (*self.naming.values(), self.urgent, self.conformal)):
            raise ValueError("thresholds must be from 0 to 1")

    def named_from(self, lesion: LesionClass) -> float:
        """The probability from which a malignant class is named, for either reason.

        Raises:
            KeyError: the class is benign.
        """
        own = self.naming[lesion]
        return min(own, self.urgent) if lesion is LesionClass.MEL else own

    def to_json(self) -> dict[str, Any]:
        """The thresholds as the manifest holds them."""
        naming = {lesion.code: self.naming[lesion] for lesion in MALIGNANT}
        return {"naming": naming, "urgent": self.urgent, "conformal": self.conformal}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Thresholds:
        """Read what `to_json` wrote.

        Raises:
            KeyError: something is missing.
            ValueError: a number is none, or not from 0 to 1; or other classes than the malignant ones are named.
        """
        naming = document["naming"]
        if not isinstance(naming, dict) or set(naming) != {lesion.code for lesion in MALIGNANT}:
            raise ValueError(f"naming must hold {_codes()}, no other class")
        return cls(
            naming={lesion: number(naming[lesion.code], f"naming {lesion.code}", 0.0, 1.0) for lesion in MALIGNANT},
            urgent=number(document["urgent"], "urgent", 0.0, 1.0),
            conformal=number(document["conformal"], "conformal", 0.0, 1.0),
        )


@dataclass(frozen=True)
class Decision:
    """All numbers of the rule.

    Attributes:
        picture: where the picture alone was judged.
        with_context: where anything known of the patient was used; None where the bundle cannot use it.
        conformal_coverage: the promised share of cases whose true class lies in the prediction set.
        unsure_set_size: a prediction set of so many classes says nothing that helps: the model abstains.
    """

    picture: Thresholds
    with_context: Thresholds | None
    conformal_coverage: float
    unsure_set_size: int

    def thresholds(self, *, context_used: bool) -> Thresholds:
        """Those that apply to a prediction.

        Raises:
            ValueError: context was used, and there are none for it.
        """
        if not context_used:
            return self.picture
        if self.with_context is None:
            raise ValueError("there are no thresholds for a prediction with context")
        return self.with_context

    def to_json(self) -> dict[str, Any]:
        """The numbers as the manifest holds them."""
        document: dict[str, Any] = {
            "conformal_coverage": self.conformal_coverage,
            "unsure_set_size": self.unsure_set_size,
            "picture": self.picture.to_json(),
        }
        return document if self.with_context is None else document | {"with_context": self.with_context.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, context: bool) -> Decision:
        """Read what `to_json` wrote.

        Args:
            document: the manifest's `decision`.
            context: whether the bundle can use what is known of the patient, and needs thresholds for it.

        Raises:
            KeyError: something is missing.
            ValueError: a number is none, or out of its range.
        """
        return cls(
            picture=Thresholds.from_json(document["picture"]),
            with_context=Thresholds.from_json(document["with_context"]) if context else None,
            conformal_coverage=number(document["conformal_coverage"], "conformal_coverage", 0.5, 1.0),
            unsure_set_size=whole_number(document["unsure_set_size"], "unsure_set_size", 2, len(LesionClass)),
        )


def _codes() -> str:
    return ", ".join(lesion.code for lesion in MALIGNANT)

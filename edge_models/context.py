"""What is known of the patient, as an adjustment of the image's evidence.

Age, sex and body site change how likely each class is before a picture is looked at. The tables hold, for every known
value, log-odds to add to the calibrated log-probabilities: a multinomial logistic regression of the class on age band,
sex and site, fitted on training lesions and damped on calibration lesions (`training.context`). What is not known adds
nothing, so a kiosk where nobody enters anything behaves as if the tables were not there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Context:
    """What is known of the patient and the lesion's place.

    Attributes:
        age_years: None when not known.
        sex: HAM10000's word ("female", "male"), or "other"; None when not known.
        site: HAM10000's word ("back", "lower extremity", …: `edge_models.site_words`); None when not known.
    """

    age_years: float | None = None
    sex: str | None = None
    site: str | None = None


@dataclass(frozen=True)
class ContextTables:
    """Log-odds by class for every known value; see the module's text.

    Attributes:
        age_edges_years: ascending borders of the age bands; a border belongs to the band above it.
        age: one row of C log-odds for each band, one more than there are borders.
        sex: by HAM10000's word, C log-odds each.
        site: by HAM10000's word, C log-odds each.
    """

    age_edges_years: tuple[float, ...]
    age: tuple[tuple[float, ...], ...]
    sex: Mapping[str, tuple[float, ...]]
    site: Mapping[str, tuple[float, ...]]

    def use(self, context: Context) -> bool:
        """Whether the tables say anything of what is known."""
        return context.age_years is not None or context.sex in self.sex or context.site in self.site

    def log_odds(self, context: Context, classes: int) -> NDArray[np.float64]:
        """What `context` adds to the classes' log-probabilities, float64[classes]."""
        total = np.zeros(classes)
        if context.age_years is not None:
            total += self.age[bisect_right(self.age_edges_years, context.age_years)]
        if context.sex is not None and context.sex in self.sex:
            total += self.sex[context.sex]
        if context.site is not None and context.site in self.site:
            total += self.site[context.site]
        return total

    def to_json(self) -> dict[str, Any]:
        """The tables as the manifest holds them."""
        return {
            "age_edges_years": list(self.age_edges_years),
            "age": [list(row) for row in self.age],
            "sex": {word: list(row) for word, row in self.sex.items()},
            "site": {word: list(row) for word, row in self.site.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], classes: int) -> ContextTables:
        """Read what `to_json` wrote.

        Raises:
            KeyError: something is missing.
            ValueError: rows of another length than `classes`, or borders that do not ascend.
        """

        def row(values: Iterable[float]) -> tuple[float, ...]:
            numbers = tuple(float(value) for value in values)
            if len(numbers) != classes or not np.isfinite(numbers).all():
                raise ValueError(f"a row of the context tables must hold {classes} finite numbers")
            return numbers

        edges = tuple(float(edge) for edge in document["age_edges_years"])
        age = tuple(row(values) for values in document["age"])
        if list(edges) != sorted(set(edges)) or len(age) != len(edges) + 1:
            raise ValueError("age_edges_years must ascend and have one row of age fewer than there are bands")
        return cls(
            age_edges_years=edges,
            age=age,
            sex={str(word): row(values) for word, values in document["sex"].items()},
            site={str(word): row(values) for word, values in document["site"].items()},
        )

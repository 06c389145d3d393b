"""What tests of training share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.decision import MALIGNANT, Decision, Thresholds
from edge_models.prediction import Engine, Prediction
from training.dataset import CLASS_ORDER
from training.judge import Judgements, collect

DECISION = Decision(Thresholds(dict.fromkeys(MALIGNANT, 0.1), 0.5, conformal=0.7), None, 0.95, unsure_set_size=5)


def judge_all(
    probabilities: NDArray[np.float64], unfamiliarity: Sequence[float] | None = None, decision: Decision = DECISION
) -> Judgements:
    """What the operator is told of float64[N, 7], classes in `CLASS_ORDER`, by the rule of `decision`."""
    said = []
    for number, row in enumerate(probabilities):
        shares = dict(zip(CLASS_ORDER, row.tolist(), strict=True))
        kept = {lesion for lesion, share in shares.items() if 1.0 - share <= decision.picture.conformal}
        distance = 0.0 if unfamiliarity is None else unfamiliarity[number]
        found = frozenset(kept or {max(shares, key=lambda lesion: shares[lesion])})
        said.append(Prediction(shares, shares, found, distance, None, "m", Engine("runtime", "cpu", 1), {}))
    return collect(said, decision)


@pytest.fixture(scope="session")
def judged() -> Callable[..., Judgements]:
    """`judge_all`."""
    return judge_all

"""Networks that tell more apart than the kiosk shows: an output beyond the classes counts as one of them.

A network may be trained on findings that have no class of their own here, squamous carcinoma for one. The manifest says
which class each of them counts as; their evidence goes there as soon as it is read, so that all that follows knows the
classes only. Softmax of the folded logits is softmax of all, with the probabilities added.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def fold(evidence: NDArray[np.float32], counts_as: Sequence[int]) -> NDArray[np.float32]:
    """Logits float32[..., C + F] → float32[..., C]: log of the summed exponentials of those that count as one.

    Args:
        evidence: the classes first, then what is folded.
        counts_as: F places of classes, one for each output beyond them.
    """
    classes = evidence.shape[-1] - len(counts_as)
    folded = evidence[..., :classes].copy()
    for beyond, place in enumerate(counts_as, start=classes):
        folded[..., place] = np.logaddexp(folded[..., place], evidence[..., beyond])
    return folded

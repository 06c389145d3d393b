"""What `plots.json` holds is counted from judgements, and thinned curves keep their shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_models.labels import LesionClass
from edge_models.plots import parse, to_json
from training.dataset import CLASS_ORDER, Sample
from training.judge import NO_ADVICE, REFERRAL, ROUTINE, URGENT, Judgements
from training.shown import CURVE_POINTS, plots_of, thinned

LABELS = [LesionClass.NV, LesionClass.NV, LesionClass.MEL, LesionClass.BCC, LesionClass.BKL]
CALLED = [LesionClass.NV, LesionClass.MEL, LesionClass.MEL, LesionClass.BCC, LesionClass.NV]


def test_counts_and_curves_of_judgements() -> None:
    samples = [Sample(f"i{n}", f"l{n // 2}", label, Path(f"{n}.jpg")) for n, label in enumerate(LABELS)]
    said = np.full((len(LABELS), len(CLASS_ORDER)), 0.02)
    for row, lesion in enumerate(CALLED):
        said[row, CLASS_ORDER.index(lesion)] = 0.88
    malignant = np.array([0.1, 0.6, 0.9, 0.8, 0.2])
    level = np.array([ROUTINE, URGENT, URGENT, REFERRAL, NO_ADVICE])
    named = said > 0.5
    judged = Judgements(
        said, said, said > 0.5, np.zeros(len(LABELS)), malignant, named, level, np.zeros(len(LABELS), bool)
    )
    plots = plots_of(judged, samples, samples * 3)
    assert parse(to_json(plots)) == plots
    assert (plots.pictures, plots.lesions) == (5, 3)
    nv, mel = CLASS_ORDER.index(LesionClass.NV), CLASS_ORDER.index(LesionClass.MEL)
    assert (plots.confusion[nv][nv], plots.confusion[nv][mel]) == (1, 1)
    assert sum(map(sum, plots.confusion)) == 5
    assert plots.trained_on[nv] == 6
    assert plots.curves["malignant"] == ((0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.3333, 1.0), (0.6667, 1.0), (1.0, 1.0))
    assert [(bar.said, bar.right, bar.pictures) for bar in plots.reliability] == [(0.88, 0.6, 5)]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=400))
def test_a_thinned_curve_ascends_between_its_ends(points: list[tuple[float, float]]) -> None:
    across, up = (np.sort([point[axis] for point in points]) for axis in (0, 1))
    kept = thinned(across, up)
    assert 1 <= len(kept) <= CURVE_POINTS
    assert kept == tuple(sorted(kept))
    assert kept[0] == (round(across[0], 4), round(up[0], 4))
    assert kept[-1] == (round(across[-1], 4), round(up[-1], 4))
    everything = {(round(a, 4), round(b, 4)) for a, b in zip(across, up, strict=True)}
    assert set(kept) <= everything

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.config import Phase, RunConfig, TrainConfig
from training.dataset import CLASS_ORDER, Sample
from training.sampling import Sampler


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """Sixteen naevi and four melanomas, each of one grey."""
    found = []
    for number in range(20):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.full((40, 50, 3), 10 * number + 20, np.uint8))
        found.append(Sample(str(number), str(number), LesionClass.MEL if number >= 16 else LesionClass.NV, path))
    return found


def config(**changes: object) -> RunConfig:
    phases = (Phase(32, 3), Phase(64, 2))
    options: dict[str, Any] = {
        "seed": 1,
        "batch_size": 64,
        "phases": phases,
        "learning_rate": 1e-3,
        "mixup_probability": 0.0,
        **changes,
    }
    return RunConfig(split="none", train=TrainConfig(**options))


def test_classes_are_drawn_by_the_power_of_their_count(samples: list[Sample]) -> None:
    sampler = Sampler(samples, config(label_smoothing=0.0))
    melanoma, naevus = (CLASS_ORDER.index(label) for label in (LesionClass.MEL, LesionClass.NV))
    assert sampler.prior[naevus] == pytest.approx(2 / 3)  # √16 against √4
    assert sampler.prior[melanoma] == pytest.approx(1 / 3)
    drawn = np.concatenate([sampler.batch(step).labels for step in range(5)]).mean(axis=0)
    assert drawn[naevus] == pytest.approx(2 / 3, abs=0.1)


def test_a_batch_depends_on_its_step_alone(samples: list[Sample]) -> None:
    sampler = Sampler(samples, config())
    ahead = list(sampler.ahead(1, 4))
    assert len(ahead) == 3
    for step, batch in enumerate(ahead, start=1):
        again = Sampler(samples, config()).batch(step)
        np.testing.assert_array_equal(batch.pictures, again.pictures)
        np.testing.assert_array_equal(batch.labels, again.labels)
    assert (ahead[0].pictures != ahead[1].pictures).any()


def test_the_phases_follow_each_other(samples: list[Sample]) -> None:
    sampler = Sampler(samples, config())
    assert [sampler.size_at(step) for step in range(6)] == [32, 32, 32, 64, 64, 64]
    assert sampler.batch(3).pictures.shape == (64, 64, 64, 3)
    assert sampler.work(2, 4) == pytest.approx((32**2 + 64**2) * 64 / 1e6)


@pytest.mark.parametrize("mixup", [0.0, 1.0])
def test_labels_are_distributions(samples: list[Sample], mixup: float) -> None:
    batch = Sampler(samples, config(mixup_probability=mixup, label_smoothing=0.1)).batch(0)
    assert batch.pictures.dtype == np.uint8
    assert batch.labels.dtype == np.float32
    np.testing.assert_allclose(batch.labels.sum(axis=1), 1.0, atol=1e-6)
    assert batch.labels.min() == pytest.approx(0.1 / 7)

"""Batches of several sources: shares, priors of their own, and nothing blended across sources."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.config import AugmentConfig, Phase, RunConfig, SourceConfig, TrainConfig
from training.dataset import OUTPUTS, Sample
from training.mixture import Mixture

SHADE = {"ham10000": 40, "milk10k": 200}


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """Of HAM10000 nine dark naevi and a melanoma; of MILK10k four bright scc and sixteen bcc."""
    found = []
    for source, label, finding, count in (
        ("ham10000", LesionClass.NV, "", 9),
        ("ham10000", LesionClass.MEL, "", 1),
        ("milk10k", LesionClass.AKIEC, "scc", 4),
        ("milk10k", LesionClass.BCC, "", 16),
    ):
        for number in range(count):
            name = f"{source}-{label.code}-{number}"
            cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((40, 50, 3), SHADE[source], np.uint8))
            path = tmp_path / f"{name}.png"
            found.append(Sample(name, name, label, path, source=source, finding=finding))
    return found


def config(**changes: object) -> RunConfig:
    sources = (SourceConfig("ham10000", 0.5), SourceConfig("milk10k", 0.25))
    options = {
        "seed": 1,
        "batch_size": 12,
        "phases": (Phase(32, 4),),
        "learning_rate": 1e-3,
        "mixup_probability": 0.0,
        "label_smoothing": 0.0,
        "sources": sources,
        **changes,
    }
    plain = AugmentConfig(gain=0.0, brightness=0.0, contrast=0.0, saturation=0.0, cutout_probability=0.0)
    return RunConfig("none", TrainConfig(**options), augment=plain)  # type: ignore[arg-type]


def test_every_batch_holds_each_sources_share(samples: list[Sample]) -> None:
    batch = Mixture(samples, config()).batch(0)
    assert batch.pictures.shape == (12, 32, 32, 3)
    assert batch.home.tolist() == [True] * 8 + [False] * 4
    assert (batch.pictures.mean(axis=(1, 2, 3)) < 100).tolist() == batch.home.tolist()


def test_the_prior_is_the_sources_own(samples: list[Sample]) -> None:
    batch = Mixture(samples, config()).batch(0)
    prior = np.exp(batch.log_prior)
    np.testing.assert_allclose(prior.sum(axis=1), 1.0, rtol=1e-5)
    nv, mel, bcc, scc = (OUTPUTS.index(code) for code in ("nv", "mel", "bcc", "scc"))
    assert prior[0, nv] / prior[0, mel] == pytest.approx(3.0)  # √9 against √1
    assert prior[-1, bcc] / prior[-1, scc] == pytest.approx(2.0)
    for absent in (prior[0, scc], prior[-1, nv]):
        assert 0.03 < absent <= 0.06, "that a picture is none of what its source never has must be learnt too"


def test_labels_are_of_classes_that_the_source_has(samples: list[Sample]) -> None:
    mixture = Mixture(samples, config())
    for step in range(4):
        batch = mixture.batch(step)
        found = batch.labels.argmax(axis=1)
        assert set(found[batch.home]) <= {OUTPUTS.index("nv"), OUTPUTS.index("mel")}
        assert set(found[~batch.home]) <= {OUTPUTS.index("bcc"), OUTPUTS.index("scc")}


def test_pictures_are_blended_within_their_source_only(samples: list[Sample]) -> None:
    batch = Mixture(samples, config(mixup_probability=1.0, mixup_alpha=5.0)).batch(0)
    shades = batch.pictures.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(shades[batch.home], SHADE["ham10000"], atol=1.5)
    np.testing.assert_allclose(shades[~batch.home], SHADE["milk10k"], atol=1.5)
    assert batch.labels[~batch.home][:, OUTPUTS.index("nv")].max() == 0.0


def test_a_batch_depends_on_its_step_alone(samples: list[Sample]) -> None:
    ahead = list(Mixture(samples, config()).ahead(1, 3))
    again = Mixture(samples, config()).batch(2)
    np.testing.assert_array_equal(ahead[1].pictures, again.pictures)
    np.testing.assert_array_equal(ahead[1].labels, again.labels)


def test_pictures_of_no_lesion_come_last_and_are_no_class(samples: list[Sample], tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.tile(np.array([[[0, 0, 250], [250, 0, 0]]], np.uint8), (40, 25, 1)))
    mixture = Mixture(samples, config(negatives=5), [photo])
    batch = mixture.batch(0)
    assert batch.pictures.shape == (17, 32, 32, 3)
    assert len(batch.labels) == len(batch.log_prior) == len(batch.home) == 12
    plain = Mixture(samples, config()).batch(0)
    np.testing.assert_array_equal(batch.pictures[:12], plain.pictures)
    assert (batch.pictures[12:].std(axis=(1, 2)).max(axis=1) > 5).sum() >= 3, "lesions here are of one shade each"
    np.testing.assert_array_equal(batch.pictures, mixture.batch(0).pictures)

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge_models import bundle as bundles
from edge_models.classifier import Classifier
from training.inference import run_networks


def test_files_and_pixels_give_what_the_classifier_sees(tmp_path: Path, shared_tiny_bundle: Path) -> None:
    coarse = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = np.asarray(cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_NEAREST), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture[:, :, ::-1])
    loaded = bundles.load(shared_tiny_bundle)
    manifest = loaded.manifest
    evidence = run_networks(
        loaded.member_bytes, [tmp_path / "a.png", picture], manifest.views, manifest.input_sizes_px, threads=1
    )
    assert evidence.log_softmax.shape == (2, 2, 4, 7)
    np.testing.assert_array_equal(evidence.log_softmax[0], evidence.log_softmax[1])
    np.testing.assert_array_equal(evidence.embedding[0], evidence.embedding[1])
    pooled = evidence.log_softmax[0].mean(axis=(0, 1)) / manifest.calibration.temperature
    expected = np.exp(pooled + np.asarray(manifest.calibration.class_bias))
    with Classifier.open(shared_tiny_bundle, engine="cpu", threads=1) as classifier:
        said = classifier.classify(picture)
    np.testing.assert_allclose([said.probabilities[c] for c in manifest.classes], expected / expected.sum(), rtol=1e-6)

"""Int8 members and views → a sealed draft bundle with everything fitted; `publish` adds figures and the model card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from edge_models import bundle as bundles
from edge_models.classifier import calibrate
from edge_models.preprocess import View
from training.calibrate import (
    distances,
    familiarity_threshold,
    fit_decision,
    fit_feature_space,
    fit_probabilities,
)
from training.dataset import CLASS_ORDER, Sample, targets
from training.inference import run_networks
from training.model_card import TEXTS
from training.split import Part

FAMILIARITY = "familiarity.npz"
FEATURE_PICTURES = 2000


def write_draft(
    folder: Path,
    model_id: str,
    members: Mapping[str, bytes],
    views: Sequence[View],
    size: int,
    parts: Mapping[Part, Sequence[Sample]],
    not_lesions: Sequence[Path],
) -> None:
    """Fit all that the manifest holds and seal the draft.

    Args:
        folder: of the draft.
        members: .tflite files' bytes by file name.
        views: what the kiosk will cut from a picture.
        size: side of the networks' input in pixels.
        parts: the training part fits the feature space, the calibration part everything else.
        not_lesions: photos to choose the familiarity threshold on; not those to report on.

    Raises:
        BundleError: the result is not a bundle.
    """
    every = [sample for samples in parts.values() for sample in samples]
    prevalence = np.bincount(targets(every), minlength=len(CLASS_ORDER)) / len(every)
    networks = list(members.values())

    calibration = parts[Part.CALIBRATION]
    evidence = run_networks(networks, [sample.path for sample in calibration], views, size)
    mean_log_p = evidence.log_softmax.mean(axis=(1, 2))
    fitted = fit_probabilities(mean_log_p, targets(calibration), prevalence)
    decision = fit_decision(calibrate(mean_log_p, fitted), targets(calibration))

    training = parts[Part.TRAIN]
    chosen = np.linspace(0, len(training) - 1, min(FEATURE_PICTURES, len(training))).astype(int)
    features = run_networks(networks[:1], [training[index].path for index in chosen], views, size).embedding
    space = fit_feature_space(features)
    others = run_networks(networks[:1], not_lesions, views, size).embedding
    threshold = familiarity_threshold(distances(space, evidence.embedding), distances(space, others))

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in members.items():
        (folder / name).write_bytes(content)
    (folder / FAMILIARITY).write_bytes(space.to_npz())
    document = {
        "model_id": model_id,
        "classes": [lesion.code for lesion in CLASS_ORDER],
        "input_size_px": size,
        "members": list(members),
        "views": [view.to_json() for view in views],
        "calibration": asdict(fitted),
        "decision": asdict(decision),
        "familiarity": {"file": FAMILIARITY, "threshold": threshold},
        "created": datetime.now(UTC).strftime("%Y-%m-%d"),
        **TEXTS,
    }
    bundles.seal(folder, document)


def read_document(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed bundle as `edge_models.bundle.seal` was given it."""
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {key: value for key, value in document.items() if key not in ("schema", "files", "digest")}

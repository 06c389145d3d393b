"""Int8 members and views → a sealed draft bundle with everything fitted; `publish` adds figures and the model card."""

from __future__ import annotations

import hashlib
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
from training.calibrate import cross_fitted, fit_decision, fit_probabilities, prevalence_of, source_odds, strictest
from training.context import choose_weight, damped, fit_tables
from training.dataset import CLASS_ORDER, FOLDED, HAM10000, Sample, read_rgb, targets
from training.errors import RunError
from training.familiarity import distances, familiarity_threshold, fit_feature_space
from training.inference import run_networks
from training.model_card import texts
from training.negatives import generate, widen
from training.sources import by_source
from training.split import Part

FIGURES = "figures.json"
"""What `evaluate` measured, beside the draft's folder."""
FAMILIARITY = "familiarity.npz"
FEATURE_PICTURES = 2000
NEGATIVES_SEED = 1


def write_draft(
    folder: Path,
    model_id: str,
    members: Mapping[str, bytes],
    views: Sequence[View],
    sizes: Sequence[int],
    split: str,
    parts: Mapping[Part, Sequence[Sample]],
    not_lesions: Sequence[Path],
) -> None:
    """Fit all that the manifest holds and seal the draft.

    Args:
        folder: of the draft.
        members: .tflite files' bytes by file name.
        views: what the kiosk will cut from a picture.
        sizes: side of every member's input in pixels.
        split: name of the split that the members were trained with.
        parts: of that split; the training part fits the feature space and what age, sex and site say, the calibration
            part the rest. Probabilities are for HAM10000's class frequencies; thresholds hold in each source.
        not_lesions: photos that the feature space and its threshold are fitted on; not those to report on.

    Raises:
        BundleError: the result is not a bundle.
    """
    every = by_source([sample for samples in parts.values() for sample in samples])
    home = HAM10000 if HAM10000 in every else next(iter(every))
    prevalence = prevalence_of(targets(every[home]))
    networks = list(members.values())

    calibration = parts[Part.CALIBRATION]
    evidence = run_networks(networks, [sample.path for sample in calibration], views, sizes)
    mean_log_p = evidence.log_softmax.mean(axis=(1, 2))
    truth = targets(calibration)
    sources = np.array([sample.source for sample in calibration])
    odds = source_odds(sources, {source: targets(some) for source, some in every.items()}, home)
    fitted = fit_probabilities(mean_log_p, truth, prevalence, odds)
    probabilities = calibrate(mean_log_p, fitted)
    as_if_new = cross_fitted(mean_log_p, truth, prevalence, [sample.lesion_id for sample in calibration], odds)
    decisions = [fit_decision(as_if_new[sources == source], truth[sources == source]) for source in np.unique(sources)]

    training = parts[Part.TRAIN]
    one_each = list({sample.lesion_id: sample for sample in training if sample.source == home}.values())
    tables = fit_tables([sample.context for sample in one_each], targets(one_each), len(CLASS_ORDER))
    at_home = sources == home
    contexts = [sample.context for sample in calibration if sample.source == home]
    weight = choose_weight(tables, contexts, probabilities[at_home], truth[at_home])

    chosen = np.linspace(0, len(training) - 1, min(FEATURE_PICTURES, len(training))).astype(int)
    features = run_networks(networks[:1], [training[index].path for index in chosen], views, sizes[:1]).embedding
    photos = run_networks(networks[:1], not_lesions, views, sizes[:1]).embedding
    made = [*widen([read_rgb(path) for path in not_lesions], NEGATIVES_SEED), *generate(NEGATIVES_SEED)]
    others = np.concatenate([photos, run_networks(networks[:1], made, views, sizes[:1]).embedding])
    space = fit_feature_space(features, others)
    away, photos_away = distances(space, evidence.embedding), distances(space, photos)
    threshold = max(familiarity_threshold(away[sources == source], photos_away) for source in np.unique(sources))

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in members.items():
        (folder / name).write_bytes(content)
    (folder / FAMILIARITY).write_bytes(space.to_npz())
    document = {
        "model_id": model_id,
        "classes": [lesion.code for lesion in CLASS_ORDER],
        "input_size_px": list(sizes),
        "members": list(members),
        "views": [view.to_json() for view in views],
        "calibration": asdict(fitted),
        "decision": asdict(strictest(decisions)),
        "context": damped(tables, weight).to_json(),
        "familiarity": {"file": FAMILIARITY, "threshold": threshold},
        "folded": {finding: lesion.code for finding, lesion in FOLDED.items()},
        "split": split,
        "created": datetime.now(UTC).strftime("%Y-%m-%d"),
        **texts(every),
    }
    bundles.seal(folder, document)


def read_document(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed bundle as `edge_models.bundle.seal` was given it."""
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {key: value for key, value in document.items() if key not in ("schema", "files", "digest")}


def fingerprint(folder: Path) -> str:
    """SHA-256 of all that decides a sealed bundle's answers: the same for a draft and what is published of it."""
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    names = (*document["members"], document["familiarity"]["file"])
    decisive = {key: value for key, value in document.items() if key not in ("files", "digest", "figures")}
    decisive["files"] = {name: document["files"][name] for name in names}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def write_figures(path: Path, draft: Path, figures: Mapping[str, Any]) -> None:
    """Keep what `evaluate` measured of a draft, with the draft's fingerprint."""
    report = {"fingerprint": fingerprint(draft), "figures": figures}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def read_figures(path: Path, draft: Path) -> dict[str, Any]:
    """What `write_figures` kept.

    Raises:
        RunError: nothing, or the figures of another draft.
    """
    if not path.is_file():
        raise RunError(f"{draft} was not evaluated: run `python -m training evaluate` first")
    report = json.loads(path.read_text(encoding="utf-8"))
    if report.get("fingerprint") != fingerprint(draft):
        raise RunError(f"{path} is about another draft: run `python -m training evaluate` again")
    return dict(report["figures"])

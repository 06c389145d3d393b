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
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models.bundle import Calibration
from edge_models.classifier import calibrate
from edge_models.context import ContextTables
from edge_models.decision import Decision
from edge_models.familiarity import FeatureSpace
from edge_models.preprocess import View
from training.calibrate import (
    CONFIDENCE,
    FEW_IMAGES,
    cross_fitted,
    fit_decision,
    fit_probabilities,
    prevalence_of,
    source_odds,
    strictest,
)
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
NEGATIVES_SEED = 1
WIDENED = 100
"""Pictures of no lesion that variations are made of: a clinic's, seven times as many, vary by themselves."""


def write_draft(
    folder: Path,
    model_id: str,
    members: Mapping[str, bytes],
    views: Sequence[View],
    sizes: Sequence[int],
    split: str,
    parts: Mapping[Part, Sequence[Sample]],
    not_lesions: Sequence[Path],
    painted: Sequence[Path] = (),
) -> None:
    """Fit all that the manifest holds and seal the draft.

    Args:
        folder: of the draft.
        model_id: its name in the manifest.
        members: .tflite files' bytes by file name.
        views: what the kiosk will cut from a picture.
        sizes: side of every member's input in pixels.
        split: name of the split that the members were trained with.
        parts: of that split; the training part fits the feature space and what age, sex and site say, the calibration
            part the rest. Probabilities are for HAM10000's class frequencies; thresholds hold in each source.
        not_lesions: photos that the feature space and its threshold are fitted on; not those to report on.
        painted: what a simulated camera shows, which is to be as familiar as lesions: every other one is on their side
            of the feature space, in all views, the rest are one more source that the threshold keeps.

    Raises:
        BundleError: the result is not a bundle.
    """
    every = by_source([sample for samples in parts.values() for sample in samples])
    calibration = parts[Part.CALIBRATION]
    evidence = run_networks(list(members.values()), [sample.path for sample in calibration], views, sizes)
    fitted, tables, decision = fit_rule(evidence.log_softmax.mean(axis=(1, 2)), parts, home_of(parts))
    space, threshold = _fit_familiarity(
        next(iter(members.values())), views, sizes[0], parts, not_lesions, painted, evidence.embedding
    )

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
        "decision": decision.to_json(),
        "context": tables.to_json(),
        "familiarity": {"file": FAMILIARITY, "threshold": threshold},
        "folded": {finding: lesion.code for finding, lesion in FOLDED.items()},
        "split": split,
        "created": datetime.now(UTC).strftime("%Y-%m-%d"),
        **texts(every),
    }
    bundles.seal(folder, document)


def home_of(parts: Mapping[Part, Sequence[Sample]]) -> str:
    """The source whose class frequencies probabilities are for: HAM10000 where the split has it, else its first."""
    every = by_source([sample for samples in parts.values() for sample in samples])
    return HAM10000 if HAM10000 in every else next(iter(every))


def fit_rule(
    mean_log_p: NDArray[np.float64], parts: Mapping[Part, Sequence[Sample]], home: str
) -> tuple[Calibration, ContextTables, Decision]:
    """Probabilities, what the patient's details add, and the thresholds without and with that.

    Args:
        mean_log_p: float64[N, 7], pooled log-softmax of the calibration part.
        parts: as `write_draft`.
        home: the source whose prevalence the probabilities are for.
    """
    calibration = parts[Part.CALIBRATION]
    truth, contexts = targets(calibration), [sample.context for sample in calibration]
    lesions = [sample.lesion_id for sample in calibration]
    origin = np.array([sample.source for sample in calibration])
    every = by_source([sample for samples in parts.values() for sample in samples])
    prevalence = prevalence_of(targets(every[home]))
    by_name = {source: targets(some) for source, some in every.items()}
    odds = source_odds(origin, by_name, home)
    fitted = fit_probabilities(mean_log_p, truth, prevalence, odds)
    one_each = list({sample.lesion_id: sample for sample in parts[Part.TRAIN]}.values())
    undamped = fit_tables(
        [sample.context for sample in one_each],
        targets(one_each),
        len(CLASS_ORDER),
        source_odds([sample.source for sample in one_each], by_name, home),
    )
    weight = choose_weight(undamped, contexts, calibrate(mean_log_p, fitted), truth, odds)
    tables = damped(undamped, weight)
    log_odds = np.array([tables.log_odds(context, len(CLASS_ORDER)) for context in contexts])
    known = np.array([tables.use(context) for context in contexts])
    picture = cross_fitted(mean_log_p, truth, prevalence, lesions, elsewhere=odds)
    informed = cross_fitted(mean_log_p, truth, prevalence, lesions, log_odds, odds)
    decisions = []
    for mine in [origin == source for source in np.unique(origin)]:
        told = mine & known if (mine & known).any() else mine
        confidence = CONFIDENCE if mine.all() or mine.sum() >= FEW_IMAGES else 0.5
        decisions.append(
            fit_decision((picture[mine], truth[mine]), (informed[told], truth[told]), prevalence, confidence)
        )
    together = fit_decision((picture, truth), (informed[known], truth[known]), prevalence)
    return fitted, tables, strictest(decisions, together)


def _fit_familiarity(
    network: bytes,
    views: Sequence[View],
    size: int,
    parts: Mapping[Part, Sequence[Sample]],
    not_lesions: Sequence[Path],
    painted: Sequence[Path],
    calibration: NDArray[np.float32],
) -> tuple[FeatureSpace, float]:
    """The feature space of the first member, and the distance from which a picture is refused.

    Args:
        network: the first member's bytes.
        views: as `write_draft`.
        size: side of its input in pixels.
        parts: as `write_draft`.
        not_lesions: as `write_draft`.
        painted: as `write_draft`.
        calibration: float32[N, D], embeddings of the calibration part.
    """
    training = parts[Part.TRAIN]

    def embed(pictures: Sequence[Path | NDArray[np.uint8]], seen_in: Sequence[View] = views) -> NDArray[np.float32]:
        return run_networks([network], pictures, seen_in, [size]).embedding

    photos = embed(not_lesions)
    some = not_lesions[:: max(1, len(not_lesions) // WIDENED)]
    made = [*widen([read_rgb(path) for path in some], NEGATIVES_SEED), *generate(NEGATIVES_SEED)]
    # one view of each: more lesions tell more than more views of them
    lesions = [embed([sample.path for sample in training[place :: len(views)]], [v]) for place, v in enumerate(views)]
    if painted:
        lesions += [embed(painted[::2], [view]) for view in views]
    space = fit_feature_space(np.concatenate(lesions), np.concatenate([photos, embed(made)]))
    far = distances(space, calibration)
    origin = np.array([sample.source for sample in parts[Part.CALIBRATION]])
    every = [far[origin == source] for source in np.unique(origin)]
    kept = [some for some in every if len(some) >= FEW_IMAGES] or [far]
    if painted:
        kept.append(distances(space, embed(painted[1::2])))
    return space, familiarity_threshold(kept, distances(space, photos))


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


def integers_of(published: Path, draft: Path) -> dict[str, dict[str, float]]:
    """What the integers cost, by data set, as a bundle states it that computes the same probabilities.

    Args:
        published: folder of a bundle with figures.
        draft: folder of a sealed draft.

    Raises:
        RunError: members, views or calibration differ, or there are no such figures.
        BundleError: one of both was altered.
    """
    one, other = bundles.load(published), bundles.load(draft)
    ours, theirs = one.manifest, other.manifest
    same = (one.member_bytes, ours.classes, ours.views) == (other.member_bytes, theirs.classes, theirs.views)
    numbers, others = ([*each.class_bias, each.temperature] for each in (ours.calibration, theirs.calibration))
    if not same or not np.allclose(numbers, others, rtol=1e-6, atol=1e-6):  # fitted anew on another machine
        raise RunError(f"{published} and {draft} differ in members, views or calibration")
    figures = read_document(published).get("figures", {})
    measured = {name: dict(values["integers"]) for name, values in figures.items() if "integers" in values}
    if not measured:
        raise RunError(f"{published} does not say what the integers cost")
    return measured

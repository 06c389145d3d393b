"""What a bundle is worth, for people: one report from the kiosk's own classifier on lesions it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_models import bundle as bundles
from edge_models.bundle import Decision
from edge_models.labels import LesionClass
from training.bootstrap import REPEATS
from training.dataset import CLASS_ORDER, Sample, targets
from training.document import Block, Heading, Plot, Table, Text
from training.draft import fingerprint, read_document
from training.evaluate import Judgements, judge, lesion_figures
from training.metrics import area_under_curve, reliability, roc_curve
from training.operators import check_operators
from training.plots import bars, lines
from training.report_tables import (
    Study,
    class_table,
    confusion_table,
    context_table,
    flip_table,
    headline_table,
    intervals,
    strata_table,
    target_table,
)
from training.robustness import CHANGES

_BINS = 15


def study(bundle: Path, name: str, samples: Sequence[Sample], decision: Decision) -> Study:
    """Judge one data set as it is, with context, and after every small change."""
    paths = [sample.path for sample in samples]
    contexts = [sample.context for sample in samples]
    print(f"{name}, {len(samples)} images: as they are", flush=True)
    plain = judge(bundle, paths)
    print(f"{name}: with age, sex and site", flush=True)
    with_context = judge(bundle, paths, contexts)
    changed: dict[str, Judgements] = {}
    for change, function in CHANGES.items():
        print(f"{name}: {change}", flush=True)
        changed[change] = judge(bundle, paths, change=function)
    return Study(
        name=name,
        samples=samples,
        judgements=plain,
        with_context=with_context,
        changed=changed,
        figures=lesion_figures(plain, samples, decision),
        context_figures=lesion_figures(with_context, samples, decision),
        intervals=intervals(plain, samples, decision),
    )


def report(
    bundle: Path,
    lesions: Mapping[str, Sequence[Sample]],
    not_lesions: Sequence[Path],
    costs: Sequence[Mapping[str, Any]],
) -> list[Block]:
    """Measure a sealed bundle and say what came out.

    Args:
        bundle: its folder.
        lesions: samples by the data set's name, the held-out lesions first; nothing of it was fitted on these.
        not_lesions: photos that nothing was fitted on.
        costs: what `quantize` measured of the bundle's members; empty where their runs are not at hand.

    Raises:
        BundleError: the bundle was altered.
        TrainingError: a member is not for an Edge TPU, or an image cannot be read.
    """
    loaded = bundles.load(bundle)
    manifest, decision = loaded.manifest, loaded.manifest.decision
    studies = [study(bundle, name, samples, decision) for name, samples in lesions.items()]
    refused = float(np.mean(judge(bundle, not_lesions).unfamiliarity > 1.0))
    operators = [
        [name, ", ".join(f"{count} × {operator}" for operator, count in sorted(check_operators(content).items()))]
        for name, content in zip(manifest.members, loaded.member_bytes, strict=True)
    ]
    document = read_document(bundle)
    inferences = len(manifest.members) * len(manifest.views)
    blocks: list[Block] = [
        Heading(1, f"What {manifest.model_id} is worth"),
        Text(
            f"{len(manifest.members)} network(s) × {len(manifest.views)} views = {inferences} inferences a picture, "
            f"int8, {manifest.input_size_px} px; created {document['created']}; split {document['split']}. Measured by "
            f"“python -m training report” through the kiosk's own classifier on the published files "
            f"(fingerprint {fingerprint(bundle)})."
        ),
        Text(
            "The held-out lesions chose views and recipe, and nothing else; temperature, biases and thresholds come "
            "from other lesions (the calibration part). Among three "
            "candidates the released one was chosen with the official validation images in view. The official "
            "test split was never seen: targets are for that split, what stands beside them is measured here. In "
            f"brackets: 95 % intervals, {REPEATS} bootstrap repetitions by lesion, within classes; those of the "
            "calibration error lie too high, as repetitions add to it. In balanced accuracy a class "
            "with a handful of images weighs as much as any other."
        ),
        Heading(2, "Targets"),
        Table(target_table(studies, refused, costs)),
        Text(f"Everyday photos: {len(not_lesions)} that nothing was fitted on."),
        Heading(2, "Figures"),
        Text(
            "Balanced accuracy is of the class with the highest score under equal priors, everything else of the "
            "calibrated probabilities. Unfamiliar pictures are not left out."
        ),
        Table(headline_table(studies)),
        *_roc_plots(studies),
        *_reliability_plots(studies),
        Heading(2, "Classes"),
    ]
    for each in studies:
        blocks += [Heading(3, each.name), Table(class_table(each)), Table(confusion_table(each))]
    blocks += [
        Heading(2, "Age, sex, site and kind of label"),
        Text(
            f"{studies[0].name}. Without patient context. “Malignant referred” and “melanoma named” are sensitivities "
            "at the shipped thresholds, with counts: most strata are small. Labels from follow-up or consensus are "
            "benign by construction; only histopathology proves a malignancy."
        ),
        Table(strata_table(studies[0], decision)),
        Heading(2, "Small changes of the picture"),
        Text(
            "Share of pictures whose likeliest class becomes another one. “Farther” mirrors the surroundings from the "
            "picture's edge."
        ),
        Table(flip_table(studies)),
        Heading(2, "What age, sex and site add"),
        Text(
            "Optional in the kiosk. Tables fitted on training lesions, their weight chosen on calibration lesions, "
            "measured here on neither."
        ),
        Table(context_table(studies)),
        Heading(2, "Integers"),
        *_integers(costs),
        Heading(2, "Operators"),
        Text("All on the Edge TPU's documented list, within its limits, at versions that edgetpu_compiler 16.0 reads."),
        Table([["Network", "operators"], *operators]),
        Heading(2, "Not measured"),
        Text(
            "The official test split; dark skin types (almost absent from the data); other dermatoscopes and clinics; "
            "the same model trained on an image-level split, to show what leakage would have claimed."
        ),
    ]
    return blocks


def _roc_plots(studies: Sequence[Study]) -> list[Block]:
    malignant = np.array([lesion.malignant for lesion in CLASS_ORDER])
    groups = {
        "melanoma": np.array([lesion is LesionClass.MEL for lesion in CLASS_ORDER]),
        "malignant": malignant,
    }
    blocks: list[Block] = []
    for name, members in groups.items():
        curves = []
        for each in studies:
            score = each.judgements.probabilities[:, members].sum(axis=1)
            positive = members[targets(each.samples)]
            area = area_under_curve(score, positive)
            curves.append((f"{each.name}: {area:.3f}", *roc_curve(score, positive)))
        title = f"ROC, {name}"
        svg = lines(title, "1 - specificity", "sensitivity", curves)
        blocks.append(Plot(f"roc_{name}", title, svg))
    return blocks


def _reliability_plots(studies: Sequence[Study]) -> list[Block]:
    blocks: list[Block] = []
    for number, each in enumerate(studies):
        filled = reliability(each.judgements.probabilities, targets(each.samples), _BINS)
        title = f"Reliability, {each.name}"
        svg = bars(title, "probability of the likeliest class", "share that is right", _BINS, filled)
        blocks.append(Plot(f"reliability_{number + 1}", title, svg))
    return blocks


def _integers(costs: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not costs:
        return [Text("The float32 checkpoints were not at hand: --runs names their folders.")]
    rows = [["Step", "images", "float32, balanced accuracy", "int8, balanced accuracy", "same class"]]
    for cost in costs:
        accuracies = (f"{cost[f'balanced_accuracy_{kind}']:.3f}" for kind in ("float32", "int8"))
        rows.append(
            [f"{cost['step']} of {cost['steps']}", str(cost["images"]), *accuracies, f"{cost['same_class']:.1%}"]
        )
    return [
        Text("One view of the held-out lesions, uncalibrated, as “python -m training quantize” measured."),
        Table(rows),
    ]

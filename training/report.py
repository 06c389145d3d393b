"""What a bundle is worth, for people: one report from the kiosk's own classifier on lesions it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_models import bundle as bundles
from edge_models.bundle import Bundle, Manifest
from edge_models.labels import LesionClass
from reporting.document import Block, Heading, Plot, Table, Text
from training.ablations import Ablation, to_cells
from training.bootstrap import REPEATS
from training.dataset import CLASS_ORDER, Sample, targets
from training.draft import fingerprint, read_document
from training.evaluate import OTHER_FINDINGS, lesion_figures
from training.inference import run_networks
from training.judge import Judgements, judge, judge_both
from training.leakage import Claim
from training.level_tables import told_blocks
from training.levels import MALIGNANT
from training.metrics import area_under_curve, reliability, roc_curve
from training.operators import check_operators
from training.plots import bars, lines
from training.report_costs import eight_for_four, inference_table, integer_table, leakage_table
from training.report_sources import group_table, other_table, refused_table, source_table
from training.report_tables import (
    Study,
    camera_table,
    class_table,
    confusion_table,
    context_table,
    flip_table,
    gain_intervals,
    headline_table,
    intervals,
    strata_table,
    target_table,
)
from training.robustness import CAMERAS, CHANGES, RULERS, SENSORS
from training.views import CROPS, accuracy_rows, make_views

_BINS = 15


def study(bundle: Path, name: str, samples: Sequence[Sample], integers: Mapping[str, float] | None) -> Study:
    """Judge one data set as it is, with context, after every small change and as other cameras would show it.

    Args:
        bundle: folder of a sealed bundle.
        name: of the data set, for people.
        samples: its images.
        integers: what they cost, `training.evaluate.integer_figures`, where that was measured.
    """
    paths = [sample.path for sample in samples]
    contexts = [sample.context for sample in samples]
    print(f"{name}, {len(samples)} images: as they are, without and with age, sex and site", flush=True)
    plain, with_context = judge_both(bundle, paths, contexts)
    after: dict[str, Judgements] = {}
    for change, function in (CHANGES | CAMERAS | SENSORS | RULERS).items():
        print(f"{name}: {change}", flush=True)
        after[change] = judge(bundle, paths, change=function)
    return Study(
        name=name,
        samples=samples,
        judgements=plain,
        with_context=with_context,
        changed={change: after[change] for change in CHANGES},
        cameras={change: after[change] for change in CAMERAS | SENSORS | RULERS},
        figures=lesion_figures(plain, samples),
        context_figures=lesion_figures(with_context, samples),
        intervals=intervals(plain, samples),
        gain_intervals=gain_intervals(plain, with_context, samples),
        integers=integers,
    )


def accuracy_by_inferences(loaded: Bundle, samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """`training.views.accuracy_rows` of a bundle's networks on held-out lesions."""
    manifest = loaded.manifest
    views = list(dict.fromkeys([*make_views(CROPS, 8), *manifest.views]))
    print(f"{len(samples)} images, {len(manifest.members)} network(s) on {len(views)} views", flush=True)
    paths = [sample.path for sample in samples]
    evidence = run_networks(loaded.member_bytes, paths, views, manifest.input_sizes_px)
    truth = np.array([manifest.classes.index(sample.label) for sample in samples])
    return accuracy_rows(
        evidence.log_softmax, truth, views, manifest.members, manifest.input_sizes_px, manifest.calibration
    )


def report(
    bundle: Path,
    lesions: Mapping[str, Sequence[Sample]],
    not_lesions: Sequence[Path],
    accuracy: Sequence[Mapping[str, Any]],
    measured: Mapping[str, Mapping[str, Any]],
    leakage: Sequence[Claim],
    ablations: Sequence[Ablation],
) -> list[Block]:
    """Measure a sealed bundle and say what came out.

    Args:
        bundle: its folder.
        lesions: samples by the data set's name, the held-out lesions first; nothing of it was fitted on these.
        not_lesions: photos that nothing was fitted on.
        accuracy: `accuracy_by_inferences` of the held-out lesions.
        measured: what `training.evaluate.evaluate` gave, by the data set's name: what the operator is told and, where
            that was measured, what the integers cost. Other sources than `lesions` and pictures of no lesion are shown
            by these alone.
        leakage: what a split by image claims; empty where that was not measured.
        ablations: what was tried.

    Raises:
        BundleError: the bundle was altered.
        TrainingError: a member is not for an Edge TPU, or an image cannot be read.
    """
    loaded = bundles.load(bundle)
    manifest = loaded.manifest
    studies = [
        study(bundle, name, samples, measured.get(name, {}).get("integers")) for name, samples in lesions.items()
    ]
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
            f"int8, {' and '.join(map(str, dict.fromkeys(manifest.input_sizes_px)))} px; created "
            f"{document['created']}; split {document['split']}. Measured by “python -m training report” through the "
            f"kiosk's own classifier on the published files (fingerprint {fingerprint(bundle)})."
        ),
        Text(
            "The held-out lesions chose views, recipe and members; temperature, biases and thresholds come from other "
            "lesions (the calibration part). Those and the official validation images were in view when the released "
            "members were chosen among several, so every column may flatter. The official "
            "test split was never seen: targets are for that split, what stands beside them is measured here. In "
            f"brackets: 95 % intervals, {REPEATS} bootstrap repetitions by lesion, within classes; those of the "
            "calibration error lie too high, as repetitions add to it. In balanced accuracy a class "
            "with a handful of images weighs as much as any other."
        ),
        Heading(2, "Targets"),
        Table(target_table(studies, refused)),
        Text(f"Everyday photos: {len(not_lesions)} that nothing was fitted on."),
        Heading(2, "Figures"),
        Text(
            "Balanced accuracy is of the class with the highest score under equal priors, everything else of the "
            "calibrated probabilities. Unfamiliar pictures are not left out."
        ),
        Table(headline_table(studies)),
        *_told(measured, manifest),
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
            "of the shipped rule, with counts: most strata are small. Labels from follow-up or consensus are "
            "benign by construction; only histopathology proves a malignancy."
        ),
        Table(strata_table(studies[0])),
        *_elsewhere({name: of_it for name, of_it in measured.items() if name not in lesions}),
        Heading(2, "Small changes of the picture"),
        Text(
            "Share of pictures whose likeliest class becomes another one. “Farther” mirrors the surroundings from the "
            "picture's edge."
        ),
        Table(flip_table(studies)),
        Heading(2, "Other cameras"),
        Text(
            "The same pictures with larger changes, made by calculation, as other dermatoscopes may give them. No "
            "threshold was fitted on such pictures. A gain for every channel (warmer, cooler, greener) is what neutral "
            "light takes out by construction, up to what clips at white; mixed colours, another tone curve, sharpening "
            "and coarser detail it does not. The ruler, at another place and size in every picture, shows whether one "
            "is taken for a sign of a malignant lesion: then benign ones with it are referred more often."
        ),
        Table(camera_table(studies)),
        Heading(2, "What age, sex and site add"),
        Text(
            "Optional in the kiosk. Tables fitted on training lesions, their weight chosen on calibration lesions, "
            "measured here on neither. The intervals are of the gain, on the same repetitions with and without."
        ),
        Table(context_table(studies)),
        Heading(2, "Networks and views"),
        Text(
            "The held-out lesions by the work of an assessment in inferences of 224 px (one of 320 px is two), all "
            "under the calibration of what ships, which flatters it in log loss; more sets of crops are in "
            "accuracy.json. The same lesions chose among these, so the best of them flatters. Members are chosen by "
            "log loss, each set with a calibration of its own (“python -m training members”)."
            + eight_for_four(accuracy, manifest.views, len(manifest.members))
        ),
        Table(inference_table(accuracy, manifest.views, len(manifest.members))),
        Heading(2, "Integers"),
        *_integers(studies),
        *_leakage(leakage),
        *_ablations(ablations),
        Heading(2, "Operators"),
        Text("All on the Edge TPU's documented list, within its limits, at versions that edgetpu_compiler 16.0 reads."),
        Table([["Network", "operators"], *operators]),
        Heading(2, "Not measured"),
        Text(
            "The official test split; dark skin types (almost absent from the data); other dermatoscopes and clinics"
            + (
                "."
                if leakage
                else "; the same model trained on an image-level split, to show what leakage would claim."
            )
        ),
    ]
    return blocks


def _elsewhere(figures: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    """What `evaluate` measured on other sources' held-out lesions, and on pictures of no lesion by kind."""
    sources = {name: of_it for name, of_it in figures.items() if "balanced_accuracy" in of_it}
    refused = refused_table(figures)
    blocks: list[Block] = []
    if sources:
        blocks += [
            Heading(2, "Other sources"),
            Text(
                "Held-out lesions of the other sources of the training data, at the shipped thresholds, which hold in "
                "each source's calibration lesions. Squamous carcinoma is left out of balanced accuracy and malignant "
                "in all else. A clinic whose pictures are of none of these sources must expect less, and should "
                "judge the kiosk on its own proven cases before it trusts a threshold."
            ),
            Table(source_table(sources)),
        ]
    for name, of_it in sources.items():
        if of_it.get("strata"):
            blocks += [
                Heading(3, f"{name}: skin tone, proof and squamous carcinoma"),
                Table(group_table(of_it["strata"])),
            ]
    if OTHER_FINDINGS in figures:
        blocks += [
            Heading(2, "Findings outside the seven classes"),
            Text(
                "Pictures of MILK10k whose finding is none of the classes and not squamous carcinoma. Nothing was "
                "trained or fitted on them. The kiosk has no class for them: what it should say is that it does not "
                "know. A referral is no harm; a class named without doubt is."
            ),
            Table(other_table(figures[OTHER_FINDINGS])),
        ]
    if len(refused) > 1:
        blocks += [Heading(2, "Pictures of no lesion"), Table(refused)]
    return blocks


def _told(measured: Mapping[str, Mapping[str, Any]], manifest: Manifest) -> list[Block]:
    """What the operator is told, where that was measured."""
    figures = {name: values for name, values in measured.items() if "levels" in values}
    if not figures:
        return []
    return [Heading(2, "What the operator is told"), *told_blocks(figures, manifest.decision)]


def _roc_plots(studies: Sequence[Study]) -> list[Block]:
    melanoma = CLASS_ORDER.index(LesionClass.MEL)
    blocks: list[Block] = []
    for name in ("melanoma", "malignant"):
        curves = []
        for each in studies:
            truth = targets(each.samples)
            if name == "melanoma":
                score, positive = each.judgements.probabilities[:, melanoma], truth == melanoma
            else:
                score, positive = each.judgements.malignant, MALIGNANT[truth]
            area = area_under_curve(score, positive)
            curves.append((f"{each.name}: {area:.3f}", *roc_curve(score, positive)))
        title = f"ROC, {'melanoma' if name == 'melanoma' else 'evidence of a referral'}"
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


def _integers(studies: Sequence[Study]) -> list[Block]:
    if not any(each.integers for each in studies):
        return [Text("Not measured: “python -m training evaluate” does so where --runs names the members' runs.")]
    return [
        Text(
            "The whole assessment, every network on every view, calibrated: with the float32 networks as they were "
            "trained, and as it ships, by “python -m training evaluate”. The calibration is that of the integers; the "
            "interval is of the loss."
        ),
        Table(integer_table(studies)),
    ]


def _leakage(claims: Sequence[Claim]) -> list[Block]:
    if not claims:
        return []
    return [
        Heading(2, "What leakage would claim"),
        Text(
            "Two runs with the same configuration, one on a split by lesion, one on a split by image, where "
            "training may see other images of a held-out lesion. Each is judged on the held-out images of its own "
            "split: float32, one view, uncalibrated."
        ),
        Table(leakage_table(claims)),
    ]


def _ablations(rows: Sequence[Ablation]) -> list[Block]:
    if not rows:
        return []
    return [
        Heading(2, "Ablations"),
        Text(
            "Runs beside their baseline (training/ablations.csv), on the held-out and calibration lesions together, "
            "which no run learnt from: float32, averaged weights, one view, uncalibrated. The 95 % intervals "
            "(bootstrap by lesion) tell the chance in the draw of lesions; equal runs with other seeds tell the rest."
        ),
        Table(to_cells(rows)),
    ]

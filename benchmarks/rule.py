"""The clinical rule on real pictures: how each one ends, and whether the kiosk ever contradicts itself.

Every labelled picture goes through the kiosk's own pipeline, gate and all, without and with what is known of the
patient. What the screen and `classify --format json` say of it is then held to the manifest's numbers, read as plain
JSON.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import kinds
from edge_models import bundle as bundles
from edge_models.bundle import Bundle
from edge_models.classifier import Classifier
from edge_models.context import Context
from edge_models.engine import Batches, Outputs
from edge_models.image_file import read_rgb
from edge_models.labels import LesionClass
from edge_models.patient_table import context_of, label_of
from edge_models.prediction import Engine, Prediction
from edge_models.reduce import Spread
from edge_models.table import Row, read_table
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.clinical.frame import Frame
from kiosk.clinical.quality_report import Reason
from kiosk.commands.classify import Row as Answer
from kiosk.commands.classify import json_line
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores
from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue, catalogue
from kiosk.ui.screens.result import describe

SPLITS = Path(__file__).parents[1] / "training" / "splits"
OUTCOMES = ("retake", *(str(level) for level in AdviceLevel), "model_unsure", "not_dermatoscopic")
"""How a picture ends; the levels are those with classes shown."""
KINDS = ("picture", "with_context")


class Labelled(NamedTuple):
    """A picture whose class is known."""

    path: Path
    label: LesionClass
    context: Context


class _OnceEach:
    """A classifier that runs its networks once for all assessments of one picture."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._batches: Batches | None = None
        self._outputs: Outputs | None = None

    @property
    def bundle(self) -> Bundle:
        return self._classifier.bundle

    @property
    def engine(self) -> Engine:
        return self._classifier.engine

    def another_picture(self) -> None:
        self._batches = self._outputs = None

    def prepare(self, rgb: NDArray[np.uint8], spread: Spread) -> Batches:
        if self._batches is None:
            self._batches = self._classifier.prepare(rgb, spread)
        return self._batches

    def predict(self, batches: Batches, context: Context | None) -> Prediction:
        if self._outputs is None:
            self._outputs = self._classifier.interpreter.invoke(batches)
        return self._classifier.interpret(self._outputs, context)


def data_sets(data: Path, folder: Path) -> dict[str, list[Labelled]]:
    """The official validation images, and the held-out lesions of the split that a bundle was trained with.

    Args:
        data: holds `isic2018_task3_val/` and `ham10000/`.
        folder: of the bundle.

    Raises:
        TableError: a table is not as published.
        OSError: there is none.
    """
    split = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["split"]
    with (SPLITS / f"{split}.csv").open(encoding="utf-8", newline="") as stream:
        held_out = {row["image_id"] for row in csv.DictReader(stream) if row["part"] == "validation"}
    ham, official = data / "ham10000", data / "isic2018_task3_val"
    every = _read(ham / "HAM10000_metadata.csv", ham / "images")
    return {
        "validation": [labelled for image, labelled in every.items() if image in held_out and labelled.path.is_file()],
        "isic2018_validation": list(_read(official / "labels.csv", official / "images").values()),
    }


def measure(folder: Path | None, data: Path, limit: int | None = None) -> dict[str, Any]:
    """Assess every picture.

    Args:
        folder: of the bundle; None: the one that ships.
        data: as `data_sets`.
        limit: pictures of each set at most.

    Returns:
        `outcomes` by data set, by `KINDS` and by class code: `images` and how many ended as each of `OUTCOMES`;
        `contradictions`, in words; `assessed`, how often the kiosk spoke.
    """
    bundle = folder or bundles.default_bundle()
    document = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    outcomes: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
    found: list[str] = []
    assessed = 0
    with Classifier.open(bundle, engine="cpu") as classifier, Cores() as cores:
        for name, pictures in data_sets(data, bundle).items():
            outcomes[name] = {kind: {} for kind in KINDS}
            for number, (labelled, kind, said, gated) in enumerate(_assess(pictures[:limit], classifier, cores)):
                if number % 200 == 0:
                    print(f"{name}: {number}", flush=True)
                assessed += 1
                found += [f"{labelled.path.stem}, {kind}: {words}" for words in contradictions(said, document)]
                if gated:
                    counts = outcomes[name][kind].setdefault(
                        labelled.label.code, dict.fromkeys(("images", *OUTCOMES), 0)
                    )
                    counts["images"] += 1
                    counts[ended(said)] += 1
    return {
        "kind": kinds.RULE,
        "model_id": document["model_id"],
        "outcomes": outcomes,
        "contradictions": found,
        "assessed": assessed,
    }


def ended(said: Assessment) -> str:
    """Which of `OUTCOMES` an assessment is."""
    if said.outcome is Outcome.RESULT and said.advice is not None:
        return str(said.advice.level)
    return "retake" if said.outcome is Outcome.RETAKE else str(said.reasons[0])


def contradictions(said: Assessment, document: Mapping[str, Any]) -> list[str]:
    """Where the screen in any language, the JSON and the manifest's numbers disagree about one picture.

    Args:
        said: of it.
        document: the manifest.
    """
    told = json.loads(json_line(Answer(Path("picture"), said, 0.0)))
    faults = [] if said.prediction is None else _against_rule(told, said.prediction.context_used, document)
    if said.prediction is None and told["advice"] is not None:
        empty = not any(told["advice"][key] for key in ("named", "cannot_exclude", "why"))
        faults += [] if empty else ["a class in JSON without a result"]
        faults += ["reassured without a result"] if told["advice"]["level"] == "routine" else []
    for language in LANGUAGES:
        words = catalogue(language)
        screen: Any = describe(words, said)
        faults += [f"{fault} ({language})" for fault in _on_screen(told, screen, words)]
    return faults


def _on_screen(told: Mapping[str, Any], screen: Mapping[str, Any], words: Catalogue) -> list[str]:
    """What the screen says against the JSON, whatever the outcome."""
    everything = json.dumps(screen, ensure_ascii=False)
    faults = [f"{share} % on the screen" for share in re.findall(r"(?<![0-9.,])(0|100)\s?%", everything)]
    if told["advice"] is not None and screen["band"]["level"] != told["advice"]["level"]:
        faults.append("the band has another level")
    if told["probabilities"] is not None:
        return faults + _against_screen(told, screen, words)
    names = (words.text(f"lesion.{lesion.code}") for lesion in LesionClass)
    return faults + [f"{name} without a result" for name in names if name in everything]


def table(measured: Mapping[str, Any]) -> str:
    """For people."""
    lines = [f"{'data':<34} {'class':<6} {'images':>6} " + " ".join(f"{name[:16]:>16}" for name in OUTCOMES)]
    for name, by_kind in measured["outcomes"].items():
        for kind, by_class in by_kind.items():
            total = dict.fromkeys(("images", *OUTCOMES), 0)
            for code, counts in sorted(by_class.items()):
                total = {key: total[key] + counts[key] for key in total}
                lines.append(_line(f"{name}, {kind}", code, counts))
            lines.append(_line(f"{name}, {kind}", "all", total))
    lines += ["", f"{measured['assessed']} assessments, {len(measured['contradictions'])} contradictions"]
    return "\n".join([*lines, *measured["contradictions"]])


def _against_rule(told: Mapping[str, Any], context_used: bool, document: Mapping[str, Any]) -> list[str]:
    """What the JSON says against the rule in words, by the manifest's own numbers."""
    at = document["decision"][KINDS[context_used]]
    p, advice, naming = told["probabilities"], told["advice"], at["naming"]
    urgent = p["mel"] >= at["urgent"]
    named = {code for code in naming if p[code] >= naming[code]} | ({"mel"} if urgent else set())
    in_set = {code for code in p if 1.0 - p[code] <= at["conformal"]} | {told["top3"][0]}
    checks = {
        "what is named is not what reaches its threshold": set(advice["named"]) != named,
        "the level is not that of the thresholds": advice["level"]
        != ("urgent_referral" if urgent else "referral" if named else "routine"),
        "what cannot be excluded is not the prediction set and what is named": set(advice["cannot_exclude"])
        != in_set | named,
        "reasons are not those of the named classes": [why["class"] for why in advice["why"]] != advice["named"],
        "a reason below its threshold": any(why["probability"] < why["threshold"] for why in advice["why"]),
        "the evidence is on the other side of the referral": (told["malignant"] >= 0.5) != bool(named),
    }
    return [words for words, fault in checks.items() if fault]


def _against_screen(told: Mapping[str, Any], screen: Mapping[str, Any], words: Catalogue) -> list[str]:
    """What the screen says of the classes against the JSON."""
    advice = told["advice"]
    named, not_excluded, likeliest = (
        [words.text(f"lesion.{code}") for code in codes]
        for codes in (advice["named"], advice["cannot_exclude"], told["top3"])
    )
    bars = [bar["name"] for bar in screen["bars"]]
    whys = [bar["name"] for bar in screen["bars"] if bar["why"]]
    set_note = next((note["text"] for note in screen["notes"] if note["kind"] == "set"), "")
    alone = set_note == words.text("result.one_left")
    detail = words.text(f"advice.{advice['level']}.detail", lesions=", ".join(named))
    checks = {
        "the band names other classes": screen["band"]["detail"] != detail,
        "a named class has no bar": not set(named) <= set(bars),
        "the likeliest classes have no bar": likeliest != bars[: len(likeliest)],
        "“cannot exclude” says something else": not alone
        and set_note != words.text("result.not_excluded", lesions=", ".join(not_excluded)),
        "“no other class is likely” beside others": alone and not_excluded != bars[:1],
        "reasons of other classes": whys != named,
    }
    return [fault for fault, found in checks.items() if found]


def _assess(
    pictures: Sequence[Labelled], classifier: Classifier, cores: Cores
) -> Iterator[tuple[Labelled, str, Assessment, bool]]:
    """Every picture by `KINDS`, as the kiosk says it and, where that is no result, also without the gate (False)."""
    once = _OnceEach(classifier)
    for labelled in pictures:
        once.another_picture()
        frame = Frame(read_rgb(labelled.path), datetime.now(UTC), "file")
        for kind, context in zip(KINDS, (None, labelled.context), strict=True):
            for gate in (True, False):
                said = assess(frame, once, cores, now=datetime.now(UTC), context=context, gate=gate)
                if Reason.ENGINE_FAULT in said.reasons:
                    raise RuntimeError(said.fault)
                yield labelled, kind, said, gate
                if said.outcome is Outcome.RESULT:
                    break


def _read(path: Path, images: Path) -> dict[str, Labelled]:
    def labelled(image: str, row: Row) -> Labelled:
        label = label_of(row)
        if label is None:
            raise RuntimeError(f"{row.where}: {image} has no class")
        return Labelled(images / f"{image}.jpg", label, context_of(row))

    return dict(read_table(path).by_image(labelled))


def _line(name: str, code: str, counts: Mapping[str, int]) -> str:
    return f"{name:<34} {code:<6} {counts['images']:>6} " + " ".join(f"{counts[key]:>16}" for key in OUTCOMES)

"""Write down what the released model says of one picture: `python tests/kiosk/pipeline/make_golden.py`.

To be run from the project's folder when another bundle ships. What changed in golden.json is to be looked at before it
is committed. The picture is kept as golden.png, because processors and versions of numpy paint single pixels otherwise;
of one picture they say the same.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from edge_models.classifier import Classifier
from edge_models.image_file import read_rgb
from kiosk.clinical.frame import Frame
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores

GOLDEN = Path(__file__).with_name("golden.json")
PICTURE = Path(__file__).with_name("golden.png")
"""`kiosk.camera.skin.paint` of seed 3: its likeliest two classes lie close together, so that a small change shows."""


def golden() -> dict[str, dict[str, object]]:
    """By the shipped bundle's name: the bundle, and the assessment of the picture with it."""
    rgb = read_rgb(PICTURE)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with Classifier.open(engine="cpu") as classifier, Cores() as cores:
        manifest = classifier.bundle.manifest
        assessment = assess(Frame(rgb, now, "phantom", simulated=True), classifier, cores, now=now)
    said = assessment.prediction or assessment.withheld
    return {
        manifest.model_id: {
            "model_digest": manifest.digest,
            "outcome": str(assessment.outcome),
            "reasons": [str(reason) for reason in assessment.reasons],
            "top": None if said is None else said.top(1)[0][0].code,
            "probabilities": {} if said is None else {lesion.code: p for lesion, p in said.probabilities.items()},
            "advice": None if assessment.advice is None else str(assessment.advice.level),
            "named": [] if assessment.advice is None else [lesion.code for lesion in assessment.advice.named],
            "unfamiliarity": None if said is None else said.unfamiliarity,
        }
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), indent=2) + "\n", encoding="utf-8")

"""A figure of the model card, recomputed from real images where they lie at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edge_models import bundle as bundles
from edge_models.labels import LesionClass
from training.errors import DatasetError
from training.judge import judge
from training.levels import outcome_counts
from training.sources import read_official_validation

DATA = os.environ.get("DERMAKIOSK_DATA")


def test_what_the_operator_is_told_of_the_official_melanomas_is_what_the_card_says() -> None:
    if DATA is None:
        pytest.skip("needs DERMAKIOSK_DATA with isic2018_task3_val/: the card's figures are not recomputed")
    try:
        official = read_official_validation(Path(DATA))
    except DatasetError as error:
        pytest.skip(f"needs the official validation images: {error}")
    folder = bundles.default_bundle()
    published = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["figures"]["isic2018_validation"]
    melanomas = [sample for sample in official if sample.label is LesionClass.MEL]
    said = judge(folder, [sample.path for sample in melanomas])
    assert outcome_counts(said, melanomas) == {"mel": published["outcomes"]["picture"]["mel"]}
    referred = published["outcomes"]["picture"]["mel"]
    assert f"| Melanoma | {len(melanomas)} | {referred['urgent_referral']} | {referred['referral']} |" in (
        folder / "MODEL_CARD.md"
    ).read_text(encoding="utf-8")

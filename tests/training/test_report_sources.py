"""Tables on other clinics: what is not a lesion's figures is told apart by its kind."""

from __future__ import annotations

from training.evaluate import OTHER_FINDINGS
from training.report_sources import other_table, refused_table

FIGURES = {
    "validation": {"images": 9, "balanced_accuracy": 0.8, "refused_as_unfamiliar": 0.01},
    "not_lesions": {"images": 100, "refused_as_unfamiliar": 0.98},
    "clinical_photo": {"images": 50, "refused_as_unfamiliar": 0.9},
    OTHER_FINDINGS: {"images": 81, "refused_as_unfamiliar": 0.0123, "unsure": 0.25, "referred": 0.75},
}


def test_other_findings_are_no_pictures_without_a_lesion() -> None:
    assert refused_table(FIGURES) == [
        ["kind", "pictures", "refused"],
        ["everyday photos", "100", "98.0%"],
        ["clinical photo", "50", "90.0%"],
    ]
    assert other_table(FIGURES[OTHER_FINDINGS])[1] == ["81", "0.012", "0.250", "0.750"]

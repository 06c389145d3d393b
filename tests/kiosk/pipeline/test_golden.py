"""The released model on one picture, to the sixth digit: no change on the way to a result goes unseen."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
RENEW = "if that is meant: python tests/kiosk/pipeline/make_golden.py"


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return dict(json.loads((HERE / "golden.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return dict(runpy.run_path(str(HERE / "make_golden.py"))["golden"]())


def test_it_is_the_shipped_bundle(expected: dict[str, Any], found: dict[str, Any]) -> None:
    assert found.keys() == expected.keys(), f"another bundle ships; {RENEW}"
    for model_id, one in found.items():
        assert one["model_digest"] == expected[model_id]["model_digest"], f"the bundle was changed; {RENEW}"


def test_the_assessment_is_what_it_was(expected: dict[str, Any], found: dict[str, Any]) -> None:
    for model_id, one in found.items():
        before = expected[model_id]
        for name in ("outcome", "reasons", "top", "advice", "named"):
            assert one[name] == before[name], f"{name} is another; {RENEW}"
        assert one["probabilities"] == pytest.approx(before["probabilities"], abs=1e-6), RENEW
        assert one["unfamiliarity"] == pytest.approx(before["unfamiliarity"], abs=1e-6), RENEW

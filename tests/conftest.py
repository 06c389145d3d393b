"""Fixtures that all rooms share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_models import bundle
from edge_models.familiarity import FeatureSpace
from edge_models.preprocess import View

DATA = Path(__file__).parent / "data"
MEMBERS = ("tiny_a_int8.tflite", "tiny_b_int8.tflite")
EMBEDDING = 12


def new_tiny_document() -> dict[str, Any]:
    return {
        "model_id": "tiny-untrained",
        "created": "2026-01-01",
        "training_data": "none: random weights",
        "licence": "Apache-2.0",
        "intended_use": "tests",
        "not_tested_on": "everything",
        "classes": ["nv", "mel", "vasc", "bkl", "akiec", "df", "bcc"],
        "input_size_px": [32, 48],
        "members": list(MEMBERS),
        "views": [
            View().to_json(),
            View(flip=True).to_json(),
            View(quarter_turns=1).to_json(),
            View(zoom=1.5, dx=0.5, quarter_turns=2, flip=True).to_json(),
        ],
        "calibration": {
            "temperature": 1.5,
            "class_bias": [0.5, -0.25, 0.0, 0.0, 0.25, 0.0, -0.5],
            "prevalence": [0.6, 0.12, 0.02, 0.11, 0.05, 0.02, 0.08],
        },
        "decision": {
            "conformal_coverage": 0.9,
            "unsure_set_size": 5,
            "picture": {"naming": {"akiec": 0.15, "bcc": 0.2, "mel": 0.1}, "urgent": 0.3, "conformal": 0.8},
            "with_context": {"naming": {"akiec": 0.12, "bcc": 0.18, "mel": 0.08}, "urgent": 0.25, "conformal": 0.85},
        },
        "familiarity": {"file": "familiarity.npz", "threshold": 5.0},
    }


@pytest.fixture
def tiny_document() -> dict[str, Any]:
    """A manifest before it is sealed, its classes in no natural order."""
    return new_tiny_document()


@pytest.fixture
def make_bundle(tmp_path: Path, tiny_document: dict[str, Any]) -> Callable[..., Path]:
    """Seal a tiny bundle in a new folder: `make_bundle({"changed key": value}, {"file name": bytes})`."""

    def make(changes: Mapping[str, Any] | None = None, files: Mapping[str, bytes] | None = None) -> Path:
        folder = tmp_path / f"bundle-{len(list(tmp_path.glob('bundle-*')))}"
        folder.mkdir()
        return write_tiny_bundle(folder, {**tiny_document, **(changes or {})}, files)

    return make


@pytest.fixture
def tiny_bundle(make_bundle: Callable[..., Path]) -> Path:
    """The folder of a bundle of two untrained members and four views that takes about a millisecond."""
    return make_bundle()


@pytest.fixture(scope="session")
def shared_tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same bundle for tests that only read it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny"), new_tiny_document())


def write_tiny_bundle(folder: Path, document: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> Path:
    for name in MEMBERS:
        shutil.copy(DATA / name, folder)
    space = FeatureSpace(
        mean=np.full(EMBEDDING, 1.0, np.float32),
        components=np.eye(EMBEDDING, dtype=np.float32)[:4],
        deviation=np.full(4, 0.5, np.float32),
        residual_deviation=1.0,
    )
    (folder / "familiarity.npz").write_bytes(space.to_npz())
    (folder / "MODEL_CARD.md").write_text("# Tiny\n\nUntrained, for tests.\n", encoding="utf-8")
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    bundle.seal(folder, document)
    return folder


@pytest.fixture
def picture() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """uint8[90, 120, 3]: coarse random patches, so that every view differs."""
    coarse = np.random.default_rng(7).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((10, 10, 1), np.uint8))

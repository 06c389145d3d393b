"""`demo`: made-up patients in a store of which nothing survives."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_models.classifier import Classifier
from kiosk.access.policy import Permission
from kiosk.clinical.operator import Role
from kiosk.commands import demo, demo_store
from kiosk.config import Config
from kiosk.records.config import RecordsConfig
from kiosk.workflow.archive import Archive, Listed
from kiosk.workflow.desk import Desk
from kiosk.workflow.office import PERMISSIONS
from tests.kiosk.records.conftest import tmp_path

__all__ = ["tmp_path"]

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_everybody_of_the_demonstration_gets_in_and_sees_made_up_patients(
    tmp_path: Path, shared_tiny_bundle: Path
) -> None:
    folder = tmp_path / "records"
    demo_store.make(folder)
    with Classifier.open(shared_tiny_bundle, engine="cpu") as classifier:
        count = demo_store.fill(folder, classifier, 3, NOW)
    desk = Desk(RecordsConfig(folder), pins=demo_store.PINS)
    try:
        assert desk.demonstration
        assert {role for operator, _ in demo_store.OPERATORS for role in (operator.role,)} >= {Role.CLINICIAN}
        for who, pin in demo_store.PINS.items():
            session = desk.log_in(who, pin)
            assert Permission.SEE_RECORDS in PERMISSIONS[session.operator.role]
        rows = Archive(desk).page(session.number, Listed())
        assert len(rows) == count >= 3
        assert {row.code[:5] for row in rows} == {"DEMO-"}
        assert all(NOW - timedelta(days=241) < row.examined_at < NOW for row in rows)
        for row in rows:
            seen = Archive(desk).examination(session.number, row.id)
            assert seen.examination.assessment.frame is not None
            assert seen.examination.assessment.frame.simulated
    finally:
        desk.close()


def test_nothing_survives_and_what_a_killed_demo_left_goes_with_the_next(
    tmp_path: Path, shared_tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, going_on = tmp_path / "dermakiosk-demo-999999999-x", tmp_path / "dermakiosk-demo-1-y"
    for folder in (left, going_on):
        folder.mkdir()
    served: list[tuple[bool, bool]] = []

    def serve_with(config: Config, _classifier: Classifier, desk: Desk) -> None:
        assert config.camera.source.kind == "demo"
        assert desk.config.folder is not None
        served.append((desk.demonstration, desk.config.folder.is_dir()))
        desk.close()

    monkeypatch.setattr(demo, "MEMORY", tmp_path)
    monkeypatch.setattr(demo, "serve_with", serve_with)
    monkeypatch.setattr(demo, "opened_classifier", lambda _config: Classifier.open(shared_tiny_bundle, engine="cpu"))
    options = argparse.Namespace(config=None, camera=None, port=None, patients=0)
    assert demo.run(options) == 0
    assert served == [(True, True)]
    assert list(tmp_path.iterdir()) == [going_on]

"""A desk before a real store, a real station, and clocks that the test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from edge_models.classifier import Classifier
from kiosk.access.session import Access
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.capture.station import Station
from kiosk.clinical.operator import Operator, Role
from kiosk.clinical.patient import Patient
from kiosk.records.config import RecordsConfig
from kiosk.workflow.desk import Desk
from kiosk.workflow.visit import Visit
from tests.kiosk.records.conftest import tmp_path
from tests.kiosk.records.samples import NOON, PIN, WEAK

__all__ = ["tmp_path"]

LONG_S = 30.0
BEN = Operator("00000000000000bb", "Ben", Role.SCREENER)
BENS_PIN = "31415926"


class Front:
    """A desk, and what the test decides about it."""

    def __init__(self, folder: Path, while_locked: str = "capture", retention_days: int | None = None) -> None:
        self.config = RecordsConfig(folder, while_locked=while_locked, retention_days=retention_days)
        self.now = NOON
        self.uptime_s = 1000.0
        self.boot = "first"
        self.desk = self.new()

    def new(self) -> Desk:
        door = partial(Access, clock=lambda: self.now, boottime=lambda: self.uptime_s, this_boot=self.boot)
        return Desk(self.config, clock=lambda: self.now, make_access=door)

    def cut_power(self) -> None:
        """Pull the plug, and start again."""
        self.desk.close()
        self.uptime_s, self.boot = 5.0, f"{self.boot} and next"
        self.desk = self.new()

    def set_up(self) -> str:
        """Anna administrates, Ben examines; nobody is logged in. The recovery words."""
        words = self.desk.set_up("Anna", PIN, lambda: WEAK)
        ((self.anna, _),) = self.desk.operators()
        session = self.desk.log_in(self.anna, PIN)
        self.desk.access.put_operator(session.number, BEN, BENS_PIN, WEAK)
        self.desk.log_out()
        return words

    def ben(self) -> int:
        """Ben logs in; the number of his session."""
        return self.desk.log_in(BEN.id, BENS_PIN).number

    def events(self) -> list[str]:
        """The audit so far."""
        store = self.desk.access.opened()
        assert store is not None
        return [line.event for line in store.audit_lines(limit=999)]


MakeFront = Callable[..., Front]


@pytest.fixture
def make_front(tmp_path: Path) -> Iterator[MakeFront]:
    """`make_front(while_locked=…)`: the desk of a folder that is not there yet."""
    made: list[Front] = []

    def make(**options: object) -> Front:
        made.append(Front(tmp_path / "records", **options))  # type: ignore[arg-type]  # as Front takes them
        return made[-1]

    yield make
    for front in made:
        front.desk.close()


@pytest.fixture
def front(make_front: MakeFront) -> Front:
    """A desk of a store that is set up, locked."""
    made = make_front()
    made.set_up()
    made.desk.lock()
    return made


@pytest.fixture
def station(shared_tiny_bundle: Path) -> Iterator[Station]:
    """A real one on simulated skin."""
    classifier = Classifier.open(shared_tiny_bundle, engine="cpu")
    device = SimulatedDevice("phantom camera", 25.0)
    with Station(lambda: PhantomCamera(3, device=device), classifier) as opened:
        yield opened


@pytest.fixture
def visit(station: Station) -> Visit:
    """At Capture."""
    made = Visit.resume(station)
    made.confirm(Patient("A-7", 61))
    return made

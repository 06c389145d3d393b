"""The audit chain: what was changed shows, and a clock that was set is an event."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.errors import RecordsError, StoreDamaged
from kiosk.records.audit import Audit, Event, Head, Line, to_csv
from kiosk.records.database import Connection
from tests.kiosk.records.samples import ANNA, NOON, Box


def forge(box: Box, *statements: str) -> None:
    """Change the chain as somebody with the data key could."""

    def job(connection: Connection) -> None:
        for name in ("changed", "deleted"):
            connection.execute(f"DROP TRIGGER audit_is_never_{name}")
        connection.execute("DROP TRIGGER audit_has_no_gaps")
        for statement in statements:
            connection.execute(statement)

    box.store.database.write(job)


@pytest.fixture
def chain(box: Box) -> Box:
    """Ten lines."""
    for number in range(9):
        box.store.note(Event.SEEN, ANNA.id, f"{number:032x}")
    return box


def test_lines_are_only_ever_added(chain: Box) -> None:
    for statement in (
        "UPDATE audit SET operator_id = 'x'",
        "DELETE FROM audit WHERE seq = 3",
        "INSERT INTO audit VALUES (99, '', '', '', 1, '', '', x'')",
        "INSERT OR REPLACE INTO audit VALUES (3, '', '', '', 1, '', '', x'')",
    ):
        with pytest.raises(RecordsError, match="audit lines"):
            chain.store.database.write(lambda connection, s=statement: connection.execute(s))  # type: ignore[misc]
    assert chain.store.verify_audit() == chain.store.audit_head()
    assert chain.store.audit_head().count == 10


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE audit SET subject = 'x' WHERE seq = 4", "line 4 was changed"),
        ("UPDATE audit SET success = 0 WHERE seq = 10", "line 10 was changed"),
        ("UPDATE audit SET mac = zeroblob(32) WHERE seq = 5", "line 5 was changed"),
        ("DELETE FROM audit WHERE seq = 4", "line 4 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "line 1 is missing"),
    ],
)
def test_a_line_that_was_changed_or_removed_is_named(chain: Box, statement: str, complaint: str) -> None:
    forge(chain, statement)
    with pytest.raises(StoreDamaged, match=complaint):
        chain.store.verify_audit()


def test_a_tail_that_was_cut_off_shows_to_whoever_noted_the_end(chain: Box) -> None:
    noted = chain.store.audit_head()
    forge(chain, "DELETE FROM audit WHERE seq > 7")
    assert chain.store.verify_audit().count == 7, "the chain alone does not show it"
    with pytest.raises(StoreDamaged, match="ends at line 7, but line 10 was noted"):
        chain.store.verify_audit(noted)
    chain.store.verify_audit(Head(0, "00" * 32))
    with pytest.raises(StoreDamaged, match="line 5 is not the one noted"):
        chain.store.verify_audit(Head(5, "00" * 32))


def test_a_clock_that_is_set_while_the_kiosk_runs_is_an_event(box: Box) -> None:
    elapsed_s, now = 0.0, NOON
    audit = Audit(bytes(32), lambda: now, lambda: elapsed_s)

    def append() -> list[tuple[str, str]]:
        before = box.store.audit_head().count
        box.store.database.write(lambda connection: audit.append(connection, Event.SEEN, ANNA.id))
        return [(line.event, line.detail) for line in box.store.audit_lines(before)]

    append()
    elapsed_s, now = 5000.0, NOON + timedelta(seconds=5060)
    assert append() == [("seen", "")], "a clock drifts"
    now += timedelta(days=3650)
    assert append() == [("clock_set", "+315360000 s"), ("seen", "")]
    now = NOON
    assert append() == [("clock_set", "-315365060 s"), ("seen", "")]


def test_a_clock_that_went_back_over_a_restart_is_an_event(box: Box) -> None:
    box.now = NOON - timedelta(days=365)
    box.reopen().note(Event.STARTED, "")
    assert [line.event for line in box.store.audit_lines()][-2:] == ["clock_set", "started"]
    assert [line.seq for line in box.store.audit_lines()] == [1, 2, 3]
    box.store.verify_audit()


def test_the_export_is_a_table_that_starts_no_formula(chain: Box) -> None:
    chain.store.note(Event.SEEN, ANNA.id, "=HYPERLINK(1)", '-1, "quoted"', success=False)
    text = to_csv(chain.store.audit_lines(), chain.store.audit_head())
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:5] == ["seq", "utc", "operator", "event", "dicom_code"]
    assert rows[11][3:8] == ["seen", "110110", "0", "'=HYPERLINK(1)", '\'-1, "quoted"']
    assert rows[-1] == ["end", "", "", "", "", "", "count", "11", chain.store.audit_head().mac]
    assert all(row[4].isdigit() for row in rows[1:-1])


def test_pages_of_lines_join(chain: Box, tmp_path: Path) -> None:
    pages: list[Line] = []
    while page := chain.store.audit_lines(pages[-1].seq if pages else 0, limit=3):
        pages += page
    assert [line.seq for line in pages] == list(range(1, 11))

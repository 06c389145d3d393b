"""The database's shape, version by version; every step is one transaction that holds its own record.

A released step is never changed: what comes later is a step of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kiosk.errors import StoreNewer
from kiosk.records.database import Connection, Database


@dataclass(frozen=True)
class Migration:
    """One step.

    Attributes:
        name: what it adds, in words for the record.
        statements: SQL, in order.
    """

    name: str
    statements: tuple[str, ...]


_RECORDS = Migration(
    "patients, lesions, examinations, sealed pictures, audit",
    (
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE operators (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, active INTEGER NOT NULL)",
        "CREATE TABLE patients (id TEXT PRIMARY KEY, code TEXT UNIQUE, created_at TEXT NOT NULL)",
        """CREATE TABLE lesions (
          id TEXT PRIMARY KEY, patient_id TEXT NOT NULL REFERENCES patients (id), site TEXT NOT NULL, side TEXT,
          view TEXT, x REAL, y REAL)""",
        "CREATE INDEX lesions_of_patient ON lesions (patient_id)",
        """CREATE TABLE examinations (
          seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, visit_id TEXT NOT NULL,
          patient_id TEXT NOT NULL REFERENCES patients (id), lesion_id TEXT REFERENCES lesions (id),
          operator_id TEXT NOT NULL, consent TEXT NOT NULL, examined_at TEXT NOT NULL, age_years INTEGER, sex TEXT,
          site TEXT, side TEXT, told TEXT NOT NULL, outcome TEXT NOT NULL, advice TEXT, likeliest TEXT, verdict TEXT,
          referral_open INTEGER NOT NULL)""",
        "CREATE INDEX by_time ON examinations (examined_at, seq)",
        "CREATE INDEX by_patient ON examinations (patient_id, examined_at, seq)",
        "CREATE INDEX by_lesion ON examinations (lesion_id, examined_at, seq)",
        "CREATE INDEX by_site ON examinations (site, examined_at, seq)",
        "CREATE INDEX by_advice ON examinations (advice, examined_at, seq)",
        "CREATE INDEX by_verdict ON examinations (verdict, examined_at, seq)",
        "CREATE INDEX by_open_referral ON examinations (examined_at, seq) WHERE referral_open = 1",
        """CREATE TABLE assessments (
          examination INTEGER PRIMARY KEY REFERENCES examinations (seq), document TEXT NOT NULL)""",
        """CREATE TABLE verdicts (
          seq INTEGER PRIMARY KEY, examination INTEGER NOT NULL REFERENCES examinations (seq), phase TEXT NOT NULL,
          level TEXT NOT NULL, lesion TEXT, operator_id TEXT NOT NULL, given_at TEXT NOT NULL)""",
        "CREATE INDEX verdicts_of_examination ON verdicts (examination, seq)",
        """CREATE TABLE histology (
          seq INTEGER PRIMARY KEY, examination INTEGER NOT NULL REFERENCES examinations (seq), lesion TEXT,
          reported_on TEXT NOT NULL, operator_id TEXT NOT NULL, entered_at TEXT NOT NULL)""",
        "CREATE INDEX histology_of_examination ON histology (examination, seq)",
        """CREATE TABLE pictures (
          examination INTEGER PRIMARY KEY REFERENCES examinations (seq), file TEXT NOT NULL UNIQUE, key BLOB NOT NULL,
          sha256 TEXT NOT NULL, sealed_bytes INTEGER NOT NULL, description TEXT NOT NULL)""",
        """CREATE TABLE audit (
          seq INTEGER PRIMARY KEY, at TEXT NOT NULL, operator_id TEXT NOT NULL, event TEXT NOT NULL,
          success INTEGER NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, mac BLOB NOT NULL)""",
        """CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
          BEGIN SELECT RAISE(ABORT, 'audit lines are never changed'); END""",
        """CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
          BEGIN SELECT RAISE(ABORT, 'audit lines are never deleted'); END""",
        """CREATE TRIGGER audit_has_no_gaps BEFORE INSERT ON audit
          WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
          BEGIN SELECT RAISE(ABORT, 'audit lines follow one another'); END""",
    ),
)

_BY_SITE_AND_ADVICE = Migration(
    "an index for those of one site that were referred",
    ("CREATE INDEX by_site_and_advice ON examinations (site, advice, examined_at, seq)",),
)

MIGRATIONS: tuple[Migration, ...] = (_RECORDS, _BY_SITE_AND_ADVICE)
"""All steps in order; a database's version is how many it has been through."""


def migrate(database: Database, now: datetime, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring a database to the newest version.

    Args:
        database: an open one.
        migrations: all steps in order.
        now: with a time zone, for the record.

    Returns:
        How many steps were taken.

    Raises:
        StoreNewer: it has been through steps that this version does not know; nothing was changed.
    """
    version = version_of(database)
    if version > len(migrations):
        raise StoreNewer(
            f"A later version of the kiosk wrote the records (version {version}, this kiosk knows {len(migrations)})",
            "Update the kiosk; nothing was changed",
        )
    for number, migration in enumerate(migrations[version:], start=version + 1):
        database.write(lambda connection, n=number, m=migration: _step(connection, n, m, now))  # type: ignore[misc]
    return len(migrations) - version


def version_of(database: Database) -> int:
    """How many steps a database has been through."""
    return database.read(lambda connection: int(connection.execute("PRAGMA user_version").fetchone()[0]))


def _step(connection: Connection, number: int, migration: Migration, now: datetime) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
    )
    for statement in migration.statements:
        connection.execute(statement)
    connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, migration.name, now.isoformat()))
    connection.execute(f"PRAGMA user_version = {number}")

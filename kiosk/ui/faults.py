"""Codes of what only the screen notices; `docs/faults.md` lists every code."""

from __future__ import annotations

SERVER_AWAY = "K1"
"""The page has not reached the kiosk's program for a minute."""
SCRIPT_FAILED = "K2"
"""The screen's script failed."""
UNDRAWABLE = "K3"
"""A result could not be put into words."""
RECORDS_NEARLY_FULL = "D0"
"""Little more fits into the records."""
FALLBACK = "E5"
"""Another engine stands in for the one that was asked for."""

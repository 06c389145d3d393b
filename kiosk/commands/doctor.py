"""`dermakiosk doctor`: is everything there that a patient's picture will need?"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence

from kiosk.commands.console import put
from kiosk.config import Config, load
from kiosk.errors import ConfigError
from kiosk.upkeep.checks import examine
from kiosk.upkeep.health import Check, Status

_SIGNS = {Status.OK: "ok", Status.WARNING: "WARNING", Status.FAULT: "FAULT"}


def run(options: argparse.Namespace) -> int:
    """Check, print, and return the exit code: 1 if there is a fault, else 0.

    Args:
        options: `config`, None where it was not given, and `json`, whether scripts read the output.
    """
    try:
        config, fault = load(options.config), None
    except ConfigError as error:
        config, fault = Config(), error
    logging.disable(logging.WARNING)  # the checks say it all
    checks = examine(config.camera, config.model, fault)
    put(as_json(checks) if options.json else as_text(checks))
    return 1 if worst(checks) is Status.FAULT else 0


def worst(checks: Sequence[Check]) -> Status:
    """The gravest status among the checks."""
    order = (Status.FAULT, Status.WARNING)
    return next((status for status in order if any(check.status is status for check in checks)), Status.OK)


def as_text(checks: Sequence[Check]) -> str:
    """For people: a line for each check, and one for its remedy."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{check.name:<{width}}  {_SIGNS[check.status]:<7}  {_coded(check)}")
        if check.remedy:
            lines.append(f"{'':<{width}}  {'':<7}  → {check.remedy}")
    return "\n".join(lines)


def _coded(check: Check) -> str:
    return f"{check.found} ({check.code})" if check.code else check.found


def as_json(checks: Sequence[Check]) -> str:
    """For scripts: the gravest status, and every check with name, status, found, remedy and code."""
    listed = [
        {"name": c.name, "status": c.status.value, "found": c.found, "remedy": c.remedy, "code": str(c.code)}
        for c in checks
    ]
    return json.dumps({"status": worst(checks).value, "checks": listed}, indent=2)

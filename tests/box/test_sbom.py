"""The bill of materials: everything that the device runs, C libraries inside wheels among it, and no addresses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("cyclonedx-py")


def test_it_names_what_the_lock_names_and_what_wheels_carry() -> None:
    lock = PROJECT / "requirements" / "run.lock"
    command: list[str | Path] = [
        PROGRAM,
        "requirements",
        "--output-reproducible",
        "--of",
        "JSON",
        "--short-PURLs",
        lock,
    ]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = subprocess.run(
        [sys.executable, PROJECT / "requirements" / "sbom.py"], input=listed, capture_output=True, text=True, check=True
    )
    document = json.loads(done.stdout)
    names = {each["name"].lower() for each in document["components"]}
    locked = set(re.findall(r"(?m)^([a-z0-9][\w.-]*)==", lock.read_text(encoding="utf-8")))
    assert locked <= {name.replace("_", "-") for name in names}
    assert {"sqlcipher", "sqlite", "openssl"} <= names
    assert all(each["version"] for each in document["components"] if each["name"] in ("SQLCipher", "SQLite", "OpenSSL"))
    assert "https://" not in re.sub(r'"\$schema": "[^"]*"', "", done.stdout)
    assert document["metadata"]["component"]["name"] == "dermakiosk"

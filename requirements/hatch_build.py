"""A build hook of the wheel: records the commit that it is built from, for `kiosk.version.source_commit`."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface[Any]):
    """Adds `kiosk/commit.txt` to a wheel; not to an editable installation, whose source tree has git itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See `BuildHookInterface.initialize`."""
        if version == "editable":
            return
        command = ["git", "-C", self.root, "describe", "--always", "--exclude=*", "--abbrev=40", "--dirty=+"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
            commit = done.stdout.strip()
        except FileNotFoundError:  # a source tree without git: nothing is known
            commit = ""
        recorded = Path(tempfile.mkdtemp()) / "commit.txt"
        recorded.write_text(f"{commit}\n", encoding="ascii")
        build_data["force_include"][str(recorded)] = "kiosk/commit.txt"

"""The whole set on one device, in about ten minutes, and one file to send back."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import kinds, latency
from benchmarks.latency import Options
from benchmarks.machine import this_machine
from edge_models.classifier import Classifier

_SUITES_TIMEOUT_S = 600
_ROOT = Path(__file__).parents[1]


def measure(camera: str, engine: str, minutes: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Latency cold, warm and sustained, the screen, the suites' ratios, and the network in other engines.

    What this device cannot do is left out with the reason; latency is never left out.

    Args:
        camera: as `dermakiosk run --camera`; the screen is measured on the phantom.
        engine: "auto", "cpu" or "edgetpu".
        minutes: of the sustained part.
        say: told what comes next.

    Returns:
        A JSON document: `latency`, `screen`, `ratios` and `peers`, all but the first None where `left_out` says why.

    Raises:
        RuntimeError, EdgeModelError, CameraError: as `latency.measure`.
    """
    say(f"latency: 5 cold starts, 100 captures, then {minutes:g} minutes of captures")
    document: dict[str, Any] = {"kind": kinds.DEVICE, "screen": None, "ratios": None, "peers": None, "left_out": {}}
    document["latency"] = latency.measure(Options(camera, engine, captures=100, minutes=minutes, cold=5))
    for part, run in {"screen": _screen, "ratios": suite_ratios, "peers": _peers}.items():
        say(part)
        try:
            document[part] = run()
        except RuntimeError as error:
            document["left_out"][part] = str(error)
            say(f"  left out: {error}")
    return document


def suite_ratios(
    arguments: tuple[str, ...] = ("--benchmark-max-time=0.3", "--benchmark-min-rounds=3"),
) -> dict[str, float]:
    """Run the pytest-benchmark suites; their ratios to the floor by name.

    Raises:
        RuntimeError: pytest-benchmark is not installed, or a suite failed.
    """
    if importlib.util.find_spec("pytest_benchmark") is None:
        raise RuntimeError("pytest-benchmark is not installed: make bench installs it")
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", "benchmarks", "-q", "-o", "addopts=--import-mode=importlib"]
        command += ["--benchmark-only", f"--benchmark-json={results}", *arguments]
        try:
            done = subprocess.run(
                command, cwd=_ROOT, capture_output=True, text=True, timeout=_SUITES_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"the suites took more than {_SUITES_TIMEOUT_S} s") from error
        if done.returncode:
            raise RuntimeError(f"the suites failed: {done.stdout[-500:].strip()}")
        found = json.loads(results.read_text(encoding="utf-8"))
    ratios: dict[str, float] = {}
    for each in found["benchmarks"]:
        ratios |= each["extra_info"].get("over_floor", {})
    return ratios


def about() -> dict[str, Any]:
    """`machine`, `engine` and `bundle` of the suites here, as a latency document holds them."""
    with Classifier.open(engine="cpu") as classifier:
        return {
            "machine": this_machine().to_json(),
            "engine": asdict(classifier.interpreter.describe()),
            "bundle": latency.bundle_facts(classifier.bundle),
        }


def _screen() -> dict[str, Any]:
    if importlib.util.find_spec("playwright") is None:
        raise RuntimeError("playwright is not installed: make bench installs it")
    from benchmarks import screen

    return screen.measure(taps=20, preview_s=15.0)


def _peers() -> dict[str, Any]:
    from benchmarks import peers
    from benchmarks.peer_pictures import phantoms

    return peers.measure(None, phantoms(16), None, threads=1, rounds=3)

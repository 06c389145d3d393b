"""One kiosk without a screen from process start to its first result; the child of `benchmarks.latency.cold_starts`.

`python -m benchmarks.first_result CAMERA ENGINE [BUNDLE]` prints one JSON line: for each step the time of the system's
monotonic clock, in seconds, at its end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic


def main(camera: str, engine: str, bundle: str = "") -> None:
    """Start the kiosk, take one picture and print when each step ended.

    Args:
        camera: as the configuration names one.
        engine: "auto", "cpu" or "edgetpu".
        bundle: a folder; empty for the bundle that ships.
    """
    marks = {"python": monotonic()}
    from benchmarks.captures import LONG_S, live
    from edge_models.classifier import Classifier
    from kiosk.camera.choose import CameraChoice
    from kiosk.camera.source import Source
    from kiosk.capture.station import Station
    from kiosk.clinical.about import About
    from kiosk.clinical.patient import Patient

    marks["imports"] = monotonic()
    classifier = Classifier.open(Path(bundle) if bundle else None, engine)
    marks["model"] = monotonic()
    with Station(CameraChoice(Source.parse(camera)).open, classifier) as station:
        live(station)
        marks["live picture"] = monotonic()
        assessment = station.wait(station.begin(About(Patient())).ticket, LONG_S)
        marks["result"] = monotonic()
    if assessment is None or assessment.fault:
        raise SystemExit(f"no result came: {assessment.fault if assessment else 'timed out'}")
    print(json.dumps(marks))


if __name__ == "__main__":
    main(*sys.argv[1:])

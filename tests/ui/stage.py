"""A kiosk whose pictures and predictions a test decides: the real server, station and gate; only camera and model act.

Usage: python stage.py PORT SCRIPT; the file SCRIPT holds the name of the act (one of ACTS) and may change at any time.
`kiosk.toml` beside it, where there is one, is the configuration. Two more files beside it are read again and again:
what is wrong with the box (`.box`), and how many seconds have passed that nobody waited for (`.passed`).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Calibration, Familiarity, Manifest
from edge_models.context import Context
from edge_models.decision import Decision, Thresholds
from edge_models.engine import Batches
from edge_models.errors import EngineFailed
from edge_models.labels import LesionClass
from edge_models.plots import FIGURES, Bar, Plots
from edge_models.prediction import Engine, Prediction
from edge_models.preprocess import View
from edge_models.reduce import Spread
from kiosk.access.session import Access
from kiosk.camera.phantom import PhantomCamera
from kiosk.capture.open_case import OpenCase
from kiosk.capture.station import Station
from kiosk.clinical.frame import Frame
from kiosk.config import Config, load
from kiosk.errors import CameraLost, PortInUse
from kiosk.records import capacity
from kiosk.records.capacity import free_bytes
from kiosk.ui import server
from kiosk.upkeep.health import Check, Status
from kiosk.workflow import desk as desk_room
from kiosk.workflow.attention import Attention
from kiosk.workflow.desk import Desk

LIKELY: Mapping[str, Mapping[LesionClass, float]] = {
    "routine": {LesionClass.NV: 0.93, LesionClass.BKL: 0.04},
    "urgent": {LesionClass.NV: 0.52, LesionClass.MEL: 0.31, LesionClass.BKL: 0.11},
    "referral": {LesionClass.AKIEC: 0.61, LesionClass.BCC: 0.2, LesionClass.BKL: 0.14},
    "below": {
        LesionClass.BKL: 0.49,
        LesionClass.NV: 0.31,
        LesionClass.DF: 0.12,
        LesionClass.MEL: 0.031,
        LesionClass.BCC: 0.026,
        LesionClass.AKIEC: 0.021,
    },
    "worst": {LesionClass.AKIEC: 0.34, LesionClass.BCC: 0.33, LesionClass.MEL: 0.32},
    "unsure": {LesionClass.NV: 0.2, LesionClass.MEL: 0.2, LesionClass.BKL: 0.2, LesionClass.AKIEC: 0.15},
    "unfamiliar": {LesionClass.NV: 0.93, LesionClass.BKL: 0.04},
}
"""Classes that the model names and cannot exclude; what is missing to 1 is shared by all the others."""
ACTS = (
    *LIKELY,
    "fallback",
    "slow",
    "dark",
    "blurred",
    "no_camera",
    "no_capture",
    "no_engine",
    "bug",
    "bug_everywhere",
    "marked",
    "simulated",
    "full",
)

MANIFEST = Manifest(
    model_id="stage-model-1",
    classes=tuple(LesionClass),
    input_sizes_px=(224,),
    members=("stage_int8.tflite",),
    views=(View(),),
    calibration=Calibration(1.0, (0.0,) * 7, (1 / 7,) * 7),
    decision=Decision(
        # ordered as the released bundle's
        picture=Thresholds({LesionClass.AKIEC: 0.02, LesionClass.BCC: 0.025, LesionClass.MEL: 0.03}, 0.2, 0.9),
        with_context=None,
        conformal_coverage=0.95,
        unsure_set_size=5,
    ),
    familiarity=Familiarity("familiarity.npz", 1.0),
    context=None,
    digest="d" * 64,
    texts={
        "created": "2026-11-21",
        "training_data": "HAM10000 (Tschandl et al. 2018), 10,013 dermatoscopic pictures, split by lesion",
        "licence": "CC BY-NC 4.0: not for commercial use",
        "intended_use": "Decision support for trained examiners of pigmented skin lesions, with a dermatoscope",
        "not_tested_on": "Dark skin types (almost absent from the training data), children, nails and mucosa",
    },
)


MARK_PX = 64
CAPTURE_MARK, PREVIEW_MARK = 77, 78


def marked(seed: int) -> NDArray[np.uint8]:
    """The corner of a picture that is marked: noise that is found again in a memory."""
    return np.random.default_rng(seed).integers(0, 256, (MARK_PX, MARK_PX, 3), np.uint8)


CURVE = ((0.0, 0.0), (0.02, 0.4), (0.1, 0.75), (0.3, 0.95), (1.0, 1.0))
PLOTS = Plots(
    classes=tuple(LesionClass),
    pictures=982,
    lesions=747,
    curves={"malignant": CURVE, "melanoma": tuple((x, y**1.5) for x, y in CURVE)},
    reliability=tuple(Bar(0.05 + 0.1 * n, 0.1 * n, 10 * n) for n in range(1, 10)),
    confusion=tuple(tuple(500 if row == column else 7 * column for column in range(7)) for row in range(7)),
    trained_on=(260, 412, 879, 92, 890, 5364, 114),
    figures=dict.fromkeys(FIGURES, 0.875),
)


class Script:
    """The act that a test has written down."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def act(self) -> str:
        name = self._path.read_text(encoding="utf-8").strip()
        return name if name in ACTS else "routine"

    def box(self) -> list[Check]:
        """What is wrong with the box: codes in the file beside the script."""
        beside = self._path.with_suffix(".box")
        codes = beside.read_text(encoding="ascii").split() if beside.exists() else []
        return [Check("box", Status.WARNING, "acted", "End the act", code) for code in codes]

    def clock(self) -> float:
        """Seconds that nobody sets back: those that passed, and those that a test let pass at once."""
        beside = self._path.with_suffix(".passed")
        return time.monotonic() + (float(beside.read_text(encoding="ascii")) if beside.exists() else 0.0)

    def free_bytes(self, folder: Path) -> int:
        """What is free on the records' disk: nothing in the act "full"."""
        return 0 if self.act() == "full" else free_bytes(folder)


class ActingClassifier:
    """Says what the script says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.bundle = SimpleNamespace(manifest=MANIFEST)

    @property
    def engine(self) -> Engine:
        return Engine("stage 1.0", "cpu", 2)

    def prepare(self, rgb: NDArray[np.uint8], spread: Spread = map) -> Batches:
        return [np.zeros((1, 224, 224, 3), np.int8)]

    def predict(self, batches: Batches, context: Context | None = None) -> Prediction:
        act = self._script.act()
        if act == "no_engine":
            raise EngineFailed("The engine stopped answering", "Restart the kiosk; if this repeats, report it")
        while self._script.act() == "slow":
            time.sleep(0.02)  # a test goes on when it has seen what it wanted to see, and writes the next act
        likely = LIKELY.get(act, LIKELY["urgent"])
        rest = (1.0 - sum(likely.values())) / (len(LesionClass) - len(likely))
        probabilities = {lesion: likely.get(lesion, rest) for lesion in LesionClass}
        rows, columns = np.mgrid[0:7, 0:7]
        activation = np.exp(-((rows - 2.8) ** 2 + (columns - 3.3) ** 2) / 3.0).astype(np.float32)
        fallen_back = act in ("fallback", "worst")
        note = "the Edge TPU stopped answering and is locked out after 3 crashes: ran on the CPU" if fallen_back else ""
        return Prediction(
            probabilities=probabilities,
            scores=probabilities,
            prediction_set=frozenset(LesionClass if act == "unsure" else list(likely)[:4]),
            unfamiliarity=2.5 if act == "unfamiliar" else 0.4,
            activation_map=activation,
            model_id=MANIFEST.model_id,
            engine=Engine("stage 1.0", "abacus" if act == "bug" else "cpu", 2, note),  # the catalogue knows no abacus
            timings_ms={"invoke": 1.0},
        )

    def close(self) -> None:
        pass


class ActingCamera:
    """The phantom, made dark or blurred or pulled out as the script says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        if script.act() == "no_camera":
            raise self._lost()
        self._phantom = PhantomCamera(3)
        self.name = "phantom on stage"
        self.simulated = script.act() == "simulated"

    def preview(self) -> Frame:
        return self._acted(self._phantom.preview(), PREVIEW_MARK)

    def capture(self) -> Frame:
        if self._script.act() == "no_capture":
            raise self._lost()
        frame = self._acted(self._phantom.capture(), CAPTURE_MARK)
        logging.info("captured")  # counted by tests
        return frame

    def close(self) -> None:
        self._phantom.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _acted(self, frame: Frame, mark: int) -> Frame:
        act = self._script.act()
        if act == "no_camera":
            raise self._lost()
        rgb = frame.rgb
        if act == "dark":
            rgb = (rgb * 0.06).astype(np.uint8)
        elif act == "blurred":
            rgb = np.asarray(cv2.blur(rgb, (max(3, frame.width_px // 24),) * 2), np.uint8)
        elif act == "marked":
            rgb = rgb.copy()
            rgb[:MARK_PX, :MARK_PX] = marked(mark)
        return Frame(rgb, datetime.now(UTC), self.name, simulated=act == "simulated")

    @staticmethod
    def _lost() -> CameraLost:
        return CameraLost("The camera was unplugged", "Plug its cable in again")


def main() -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    port, script = int(sys.argv[1]), Script(Path(sys.argv[2]))
    classifier: Any = ActingClassifier(script)
    folder = Path(sys.argv[2]).parent
    configured = folder / "kiosk.toml"
    config = load(configured) if configured.exists() else Config()
    station = Station(lambda: ActingCamera(script), classifier, OpenCase(folder))
    # the sheet about the device needs every text: without them the script fails at every draw
    manifest = replace(MANIFEST, texts={}) if script.act() == "bug_everywhere" else MANIFEST
    server.Attention = partial(Attention, clock=script.clock)  # type: ignore[attr-defined,assignment]
    server.BOX_INTERVAL_S = server.RECORDS_INTERVAL_S = 0.2
    capacity.free_bytes = script.free_bytes
    desk_room.SPACE_EVERY_S = 0.0
    try:
        server.serve(
            station,
            manifest,
            port=port,
            screen=config.screen,
            pathway=config.pathway,
            plots=PLOTS,
            field_of_view_mm=24.0,
            desk=Desk(config.records, make_access=partial(Access, boottime=script.clock)),
            box=script.box,
        )
    except PortInUse as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The station with a real engine and the phantom camera: double taps, faults that heal, nothing stuck or forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_models.classifier import Classifier
from edge_models.errors import EngineFailed
from kiosk.camera.base import PREVIEW_WIDTH_PX, STALL_TIMEOUT_S, Camera
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.capture.live_camera import Preview
from kiosk.capture.open_case import OpenCase
from kiosk.capture.station import Loss, Station
from kiosk.clinical.about import About
from kiosk.clinical.assessment import Assessment, Outcome
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.frame import Frame
from kiosk.clinical.patient import Patient
from kiosk.clinical.quality_report import QualityReport, Reason
from kiosk.clinical.scope import ScopeLimit
from kiosk.errors import CameraNotFound

LONG_S = 30.0
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATIENT = Patient("A-7", 61, None, BodySite.BACK)
ABOUT = About(PATIENT)


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice("phantom camera", 25.0)


@pytest.fixture
def classifier(make_bundle: Callable[..., Path], tiny_document: dict[str, Any]) -> Classifier:
    """To it everything is familiar and clear: a picture that passes the gate has a result."""
    sharp = {**tiny_document["calibration"], "temperature": 0.01}
    bundle = make_bundle({"familiarity": {"file": "familiarity.npz", "threshold": 1e6}, "calibration": sharp})
    return Classifier.open(bundle, engine="cpu")


@pytest.fixture
def station(device: SimulatedDevice, classifier: Classifier) -> Iterator[Station]:
    with Station(lambda: PhantomCamera(3, device=device), classifier, clock=lambda: NOW) as opened:
        yield opened


def preview_where(station: Station, wanted: Callable[[Preview], bool]) -> Preview:
    """The next preview that is wanted."""
    after = 0
    for _ in range(1000):
        preview = station.preview_after(after).result(LONG_S)
        assert preview is not None, "no preview came"
        if wanted(preview):
            return preview
        after = preview.number
    raise AssertionError("the wanted preview did not come")


def assessed(station: Station, patient: Patient = PATIENT) -> Assessment:
    """What the next case comes to; it is done then."""
    case = station.begin(About(patient))
    assessment = station.wait(case.ticket, LONG_S)
    assert assessment is not None
    assert station.done(case.ticket)
    return assessment


def live(station: Station) -> Preview:
    return preview_where(station, lambda preview: bool(preview.jpeg))


def test_previews_are_new_small_pictures_with_hints(station: Station) -> None:
    first = live(station)
    second = station.preview_after(first.number).result(LONG_S)
    assert second is not None
    assert second.number > first.number
    picture = cv2.imdecode(np.frombuffer(second.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[1] <= PREVIEW_WIDTH_PX
    assert second.quality is not None


def test_all_who_look_share_one_encoding(station: Station) -> None:
    number = live(station).number
    viewers = [station.preview_after(number) for _ in range(3)]
    by_number: dict[int, set[int]] = {}
    for viewer in viewers:
        preview = viewer.result(LONG_S)
        assert preview is not None
        by_number.setdefault(preview.number, set()).add(id(preview.jpeg))
    assert all(len(encodings) == 1 for encodings in by_number.values())


def test_who_stops_waiting_holds_nobody_up(station: Station) -> None:
    number = live(station).number
    gone, stays = station.preview_after(number), station.preview_after(number)
    gone.cancel()
    preview = stays.result(LONG_S)
    assert preview is not None
    assert preview.number > number


def test_a_case_from_tap_to_done(station: Station) -> None:
    live(station)
    ticket = station.begin(ABOUT).ticket
    assessment = station.wait(ticket, LONG_S)
    assert assessment is not None
    assert (assessment.outcome, assessment.reasons) == (Outcome.RESULT, ())
    assert assessment.frame is not None
    assert assessment.frame.width_px == 4056
    assert {"capture", "quality", "invoke", "total"} <= set(assessment.timings_ms)
    case = station.current()
    assert case is not None
    assert (case.ticket, case.about) == (ticket, ABOUT)
    assert station.wait(ticket, 0) is assessment
    assert station.done(ticket)
    assert station.current() is None
    with pytest.raises(KeyError):
        station.wait(ticket, 0)


def test_a_double_tap_is_one_case_and_a_retake_is_another(station: Station) -> None:
    live(station)
    first = station.begin(ABOUT)
    assert station.begin(About(Patient("B-8"))) is first, "whose picture it is does not change either"
    assert station.wait(first.ticket, LONG_S) is not None
    assert station.begin(About(Patient("B-8"))) is first, "a result that nobody closed is not dropped"
    assert station.done(first.ticket)
    retake = station.begin(ABOUT)
    assert retake.ticket != first.ticket
    with pytest.raises(KeyError):
        station.wait(first.ticket, 0)
    assert not station.done(first.ticket)
    assert station.current() is retake, "a late Done of an earlier case does not end this one"
    assert station.wait(retake.ticket, LONG_S) is not None


def test_an_unplugged_camera_is_reported_and_comes_back_by_itself(station: Station, device: SimulatedDevice) -> None:
    live(station)
    device.unplug()
    gone = preview_where(station, lambda preview: bool(preview.fault))
    assert gone.jpeg == b""
    assert "Plug it in" in gone.fault
    assert gone.fault_code in ("C1", "C4")
    assert station.status().camera_fault
    assessment = assessed(station)
    assert (assessment.outcome, assessment.reasons) == (Outcome.DEVICE_FAULT, (Reason.CAMERA_FAULT,))
    assert "Plug it in" in assessment.fault
    assert assessment.fault_code in ("C1", "C4")
    assert station.progressing(), "a missing camera is no reason to restart the kiosk"
    device.restore()
    assert live(station).number > gone.number
    assert not station.status().camera_fault


def test_a_stalled_camera_is_an_error_and_not_an_old_picture(station: Station, device: SimulatedDevice) -> None:
    live(station)
    device.stall()
    fault = preview_where(station, lambda preview: bool(preview.fault))
    assert "no new picture" in fault.fault
    assert fault.fault_code == "C3"
    device.restore()
    live(station)


def test_a_camera_pulled_in_mid_capture_is_a_device_fault(station: Station, device: SimulatedDevice) -> None:
    live(station)
    device.stall()
    case = station.begin(ABOUT)
    device.unplug()
    assessment = station.wait(case.ticket, LONG_S)
    assert assessment is not None
    assert assessment.outcome is Outcome.DEVICE_FAULT
    assert "Open it again" not in assessment.fault, "words for programmers"


@pytest.mark.parametrize("step", ["preview", "capture"])
def test_a_bug_in_a_cameras_adapter_is_a_fault_that_heals(
    station: Station, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(station)
    with monkeypatch.context() as broken:
        broken.setattr(PhantomCamera, step, _raise(TimeoutError("a bug of ours")))
        if step == "preview":
            assert "restart the kiosk" in preview_where(station, lambda preview: bool(preview.fault)).fault
        else:
            assessment = assessed(station)
            assert (assessment.outcome, assessment.reasons) == (Outcome.DEVICE_FAULT, (Reason.CAMERA_FAULT,))
            assert "restart the kiosk" in assessment.fault
    live(station)  # the camera is opened again, perhaps so soon that nobody saw the fault's preview
    assert station.progressing()
    healthy = assessed(station)
    assert healthy.outcome is Outcome.RESULT


def test_a_bug_at_opening_is_a_fault_that_heals(device: SimulatedDevice, classifier: Classifier) -> None:
    tried = threading.Event()

    def open_camera() -> Camera:
        if not tried.is_set():
            tried.set()
            raise ZeroDivisionError("a bug of ours")
        return PhantomCamera(device=device)

    with Station(open_camera, classifier) as station:
        live(station)
        assert tried.is_set()


def test_no_live_picture_is_taken_while_one_is_assessed(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    live(station)
    assessing, disturbed = threading.Event(), threading.Event()
    preview = PhantomCamera.preview

    def watched(camera: PhantomCamera) -> Frame:
        if assessing.is_set():
            disturbed.set()
        return preview(camera)

    def slow(*_: object) -> QualityReport:
        assessing.set()
        disturbed.wait(0.5)  # ten idle checks long: that none of them came is told by nothing but time
        assessing.clear()
        return QualityReport((Reason.GLARE,), {})

    monkeypatch.setattr(PhantomCamera, "preview", watched)
    monkeypatch.setattr("kiosk.pipeline.assess.judge", slow)
    monkeypatch.setattr("kiosk.capture.live_camera.IDLE_CHECK_INTERVAL_S", 0.05)
    assert assessed(station).reasons == (Reason.GLARE,)
    assert not disturbed.is_set()
    live(station)


def test_an_absent_camera_at_start_is_shown_with_its_remedy(classifier: Classifier) -> None:
    plugged_in = threading.Event()

    def open_camera() -> Camera:
        if not plugged_in.is_set():
            raise CameraNotFound("There is no camera", "Connect one")
        return PhantomCamera(device=SimulatedDevice("late camera", 25.0))

    with Station(open_camera, classifier) as station:
        preview_where(station, lambda preview: preview.fault == "There is no camera. Connect one.")
        plugged_in.set()
        live(station)


def test_an_engine_that_breaks_is_a_device_fault_and_the_next_case_goes_on(
    station: Station, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(station)
    with monkeypatch.context() as broken:
        broken.setattr(classifier, "predict", _raise(EngineFailed("The engine stopped", "Restart the kiosk")))
        broken.setattr("kiosk.pipeline.assess.judge", classifier_is_asked)
        failed = assessed(station)
    assert failed.fault == "The engine stopped. Restart the kiosk."
    assert station.status().engine_fault == failed.fault, "the lamp and /health tell it"
    assert station.status().engine_code == failed.fault_code == EngineFailed.code
    with monkeypatch.context() as broken:
        broken.setattr("kiosk.pipeline.assess.judge", _raise(ZeroDivisionError("a bug of ours")))
        failed = assessed(station)
    assert (failed.outcome, failed.reasons) == (Outcome.DEVICE_FAULT, (Reason.ENGINE_FAULT,))
    assert failed.frame is not None
    healthy = assessed(station)
    assert healthy.outcome is Outcome.RESULT
    assert "invoke" in healthy.timings_ms
    assert not station.status().engine_fault


@pytest.mark.parametrize("broken", ["kiosk.pipeline.assess.judge", "kiosk.camera.phantom.PhantomCamera.capture"])
def test_a_fault_keeps_what_puts_the_patient_outside_the_models_scope(
    station: Station, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    live(station)
    monkeypatch.setattr(broken, _raise(ZeroDivisionError("a bug of ours")))
    failed = assessed(station, Patient("A-8", 12))
    assert failed.outcome is Outcome.DEVICE_FAULT
    assert failed.limits == (ScopeLimit.UNDER_18,)


def test_a_camera_that_cannot_be_given_back_does_not_end_the_kiosk(
    station: Station, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(station)
    with monkeypatch.context() as broken:
        broken.setattr(PhantomCamera, "close", _raise(OSError("the driver refuses")))
        device.unplug()
        assert preview_where(station, lambda preview: bool(preview.fault)).fault_code in ("C1", "C4")
    device.restore()
    live(station)
    assert station.progressing()


def test_the_last_patients_live_picture_is_forgotten(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.capture.live_camera.VIEWER_MEMORY_S", 0.0)
    monkeypatch.setattr("kiosk.capture.live_camera.IDLE_CHECK_INTERVAL_S", 0.05)
    number = live(station).number
    time.sleep(1.0)  # nothing tells that nobody looks
    fresh = station.preview_after(0).result(LONG_S)
    assert fresh is not None
    assert fresh.number > number
    assert fresh.jpeg


def test_closing_gives_the_camera_back_and_wakes_who_waits(device: SimulatedDevice, classifier: Classifier) -> None:
    with Station(lambda: PhantomCamera(device=device), classifier) as station:
        number = live(station).number
        viewer = station.preview_after(number + 10_000)
    assert viewer.result(STALL_TIMEOUT_S + 1) is None
    assert station.preview_after(number + 10_000).result(0) is None
    with PhantomCamera(device=device):
        pass
    assert not station.progressing()


def classifier_is_asked(*_: object) -> object:
    return QualityReport((), {})


def _raise(error: Exception) -> Callable[..., object]:
    def raising(*_: object) -> object:
        raise error

    return raising


def test_a_case_that_nobody_closed_is_known_to_the_next_run(classifier: Classifier, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()

    def run() -> Station:
        return Station(lambda: PhantomCamera(3), classifier, OpenCase(folder))

    with run() as station:
        assert station.loss() is None
        station.begin(ABOUT)
    with run() as station:
        assert station.loss() is Loss.RESTART
    with run() as station:
        assert station.loss() is Loss.RESTART, "until another case is begun"
        case = station.begin(ABOUT)
        assert station.loss() is None
        station.done(case.ticket)
    with run() as station:
        assert station.loss() is None
    assert list(folder.iterdir()) == []


def test_a_case_that_is_abandoned_is_told_until_the_next_one(station: Station) -> None:
    station.abandon()
    assert station.loss() is None, "there was none"
    case = station.begin(ABOUT)
    station.abandon()
    assert (station.current(), station.loss()) == (None, Loss.UNTOUCHED)
    with pytest.raises(KeyError):
        station.wait(case.ticket, 0.0)
    station.begin(ABOUT)
    assert station.loss() is None


def test_a_folder_that_cannot_be_written_to_costs_no_case(classifier: Classifier, tmp_path: Path) -> None:
    with Station(lambda: PhantomCamera(3), classifier, OpenCase(tmp_path / "not there")) as station:
        assert assessed(station).outcome in set(Outcome)

"""What a picture costs on its way: from the camera to the station, and from there to the browser's WebSocket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.captures import LONG_S, live
from benchmarks.turns import RecordRatio
from edge_models.classifier import Classifier
from kiosk.camera.base import PREVIEW_WIDTH_PX
from kiosk.camera.phantom import FULL_SIZE, PhantomCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.capture.live_camera import Preview, encode_preview
from kiosk.capture.station import Station
from kiosk.clinical.frame import Frame
from kiosk.pipeline.quality import check_preview
from kiosk.ui.packing import pack
from kiosk.ui.preview import words

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNLIMITED_HZ = 10_000.0
"""A sensor that never makes anyone wait: what is measured is the work."""


@pytest.fixture
def camera() -> Iterator[PhantomCamera]:
    """A phantom that makes nobody wait for its next exposure."""
    with PhantomCamera(device=SimulatedDevice("phantom camera", UNLIMITED_HZ), now=lambda: NOW) as opened:
        yield opened


def test_camera_preview(
    benchmark: BenchmarkFixture, camera: PhantomCamera, frame: Frame, record_ratio: RecordRatio
) -> None:
    """What the phantom's live picture costs, over a copy of the full picture; a real sensor does this in hardware."""
    record_ratio(camera.preview, frame.rgb.copy)
    assert benchmark(camera.preview).width_px == PREVIEW_WIDTH_PX


def test_hand_over(benchmark: BenchmarkFixture) -> None:
    """A live picture from the sensor through the station's thread to one who waits for it, encoded."""
    device = SimulatedDevice("phantom camera", UNLIMITED_HZ)
    # the assessing side is not used: this station is entered for its preview thread alone
    with Station(lambda: PhantomCamera(device=device), Classifier.open(engine="cpu")) as station:
        live(station)
        numbers = _numbers(station)
        assert benchmark.pedantic(next, args=(numbers,), rounds=50) > 0  # type: ignore[no-untyped-call]  # no types


def _numbers(station: Station) -> Iterator[int]:
    number = 0
    while True:
        preview = station.preview_after(number).result(LONG_S)
        assert preview is not None
        assert preview.jpeg
        number = preview.number
        yield number


def test_capture(benchmark: BenchmarkFixture, camera: PhantomCamera) -> None:
    """A 12-megapixel still of the phantom; the next patient is painted outside the clock, as during a live picture."""
    show = partial(_show, camera)
    frame = benchmark.pedantic(camera.capture, setup=show, rounds=15)  # type: ignore[no-untyped-call]  # no types
    assert (frame.width_px, frame.height_px) == FULL_SIZE


def _show(camera: PhantomCamera) -> None:
    camera.preview()


def test_websocket_frame(
    benchmark: BenchmarkFixture, camera: PhantomCamera, frame: Frame, record_ratio: RecordRatio
) -> None:
    """Encode and pack one live picture, as the station and the socket do for all viewers at once."""
    preview = camera.preview().rgb

    def work() -> bytes:
        return pack(words(Preview(1, b"", None)), encode_preview(preview))

    record_ratio(work, frame.rgb.copy)
    assert len(benchmark(work)) > 10_000


def test_live_hint(benchmark: BenchmarkFixture, camera: PhantomCamera, frame: Frame, record_ratio: RecordRatio) -> None:
    """The gate's judgement of a live picture, about six times a second."""
    before, now = (camera.preview().rgb for _ in range(2))
    work = partial(check_preview, now, before)
    record_ratio(work, frame.rgb.copy)
    assert benchmark(work).measures

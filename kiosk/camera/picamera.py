"""The Raspberry Pi's own cameras, through picamera2 (the only file that imports it).

One configuration serves preview and still: the full picture as the main stream, the preview as the second one, both in
every request. A switch between two modes costs half a second on a Pi and fragments the memory that pictures need.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import Any, Self

import numpy as np

from kiosk.camera.base import PREVIEW_WIDTH_PX, STALL_TIMEOUT_S, utc_now
from kiosk.camera.driver_faults import RECONNECT, failure, refused_size, size_refused
from kiosk.camera.pictures import shrink_to_preview, to_rgb
from kiosk.clinical.frame import AUTOMATIC, CameraSettings, Frame
from kiosk.errors import (
    CameraClosed,
    CameraError,
    CameraLost,
    CameraNotFound,
    CameraStalled,
)

BUFFER_COUNT = 3
"""Pictures in flight: two keep the sensor busy while one is read; each takes 37 MB of CMA at 12 megapixels."""
SETTLE_TIMEOUT_S = 3.0
"""How long exposure, white balance and focus may take to settle before they are locked as they are."""
_START_TIMEOUT_S = 5.0  # the first picture after opening may take longer than any later one
_SAME_PICTURE_NS = 1_000_000  # no sensor exposes twice in a millisecond, but libcamera's virtual camera stamps so

# values of libcamera's controls of the same names
_AF_MANUAL, _AF_AUTO, _AF_CONTINUOUS, _AF_START, _AF_FOCUSED, _AF_FAILED = 0, 1, 2, 0, 2, 3
_AE_CONVERGED = 2

_CONTROLS = ("ExposureTime", "AnalogueGain", "ColourGains", "LensPosition")
"""libcamera's names of what can be locked, in the order of `CameraSettings`."""

_log = logging.getLogger(__name__)


class PicameraCamera:
    """A camera module of the Raspberry Pi. Its colours and focus can be locked; see `lock`."""

    def __init__(
        self,
        number: int = 0,
        *,
        still_size: tuple[int, int] | None = None,
        settings: CameraSettings = AUTOMATIC,
        stall_timeout_s: float = STALL_TIMEOUT_S,
        now: Callable[[], datetime] = utc_now,
        picamera2_class: Any = None,
    ) -> None:
        """Open the camera, start both streams and wait for the first picture.

        Args:
            number: as `rpicam-hello --list-cameras` counts.
            still_size: width and height of a capture in px; the sensor's own by default.
            settings: what is not None is fixed from the start, the rest follows what is in view. A contact
                dermatoscope's focus distance never changes: a fixed lens position saves the time that focusing takes.
            stall_timeout_s: without a new picture for so long the camera has stalled.
            now: the clock that dates the frames.
            picamera2_class: picamera2's own class by default.

        Raises:
            CameraNotFound: picamera2 is not installed, or the camera is not connected.
            CameraBusy: another program, or another part of this one, has it.
            CameraOutOfMemory: no memory is left for its pictures.
            CameraSizeRefused: it does not deliver pictures of `still_size`.
            CameraStalled, CameraLost: it was opened but delivers nothing.
        """
        self._stall_timeout_s = stall_timeout_s
        self._now = now
        self._closed = False
        self._life = threading.Lock()  # guards _closed
        self._turn = threading.Lock()  # whoever has a request in flight or reads one; guards _last_ns
        self._last_ns = 0
        self._calibrated_on = settings.calibrated_on
        self._fixed_lens = settings.lens_position_dioptre is not None
        self._class = picamera2_class or _picamera2()
        info = _connected(self._class, number)
        self._id, self._name = info["Id"], _name(info)
        self._device = _open(self._class, number, self._name)
        try:
            self._configure(still_size)
            if not self._fixed_lens and "AfMode" in self._device.camera_controls:
                self._device.set_controls({"AfMode": _AF_CONTINUOUS})  # libcamera leaves the lens where it is otherwise
            self._control(settings)
            self._device.start()
            self._take("lores", None, _START_TIMEOUT_S)
        except Exception as error:
            with suppress(CameraError):  # the first fault is told; the log has the other
                self.close()
            if isinstance(error, CameraError):
                raise
            raise failure(error, self._name, "does not start") from error

    @property
    def name(self) -> str:
        """The sensor, as the driver names it."""
        return self._name

    @property
    def simulated(self) -> bool:
        """It shows the patient."""
        return False

    def preview(self) -> Frame:
        """The next picture of the second stream, at most `PREVIEW_WIDTH_PX` wide. Raises as `Camera.preview`."""
        frame = self._take("lores", None, self._stall_timeout_s)
        # a camera without a scaler may have answered with a larger stream than it was asked for
        return replace(frame, rgb=shrink_to_preview(frame.rgb))

    def capture(self) -> Frame:
        """A picture of the main stream whose exposure began after this call. Raises as `Camera.capture`."""
        return self._take("main", monotonic_ns(), self._stall_timeout_s)

    def lock(self, timeout_s: float = SETTLE_TIMEOUT_S) -> CameraSettings:
        """Let exposure, white balance and focus settle on what is in view, then hold them.

        Controls that the camera lacks are passed over. What has not settled after `timeout_s` is held as it is, with a
        warning. Hold a grey card or plain skin in view.

        Returns:
            What is held now: pass it as `settings` when the camera is opened again.

        Raises:
            CameraClosed, CameraStalled, CameraLost: as `Camera.preview`.
        """
        offered = self._device.camera_controls
        focusing = "AfMode" in offered and not self._fixed_lens
        if focusing:
            self._device.set_controls({"AfMode": _AF_AUTO, "AfTrigger": _AF_START})
        deadline_s = monotonic() + timeout_s
        before: Mapping[str, Any] = {}
        while True:
            with self._request(None, self._stall_timeout_s) as (request, _):
                metadata = request.get_metadata()
            if _settled(before, metadata, focusing):
                break
            if monotonic() >= deadline_s:
                _log.warning("%s: exposure, white balance or focus did not settle in %g s", self._name, timeout_s)
                break
            before = metadata
        offered_metadata = {key: metadata[key] for key in _CONTROLS if key in metadata and key in offered}
        settings = _taken_with(offered_metadata)
        if settings != AUTOMATIC:
            settings = replace(settings, calibrated_on=self._now().date())
        self._control(settings)
        return settings

    def close(self) -> None:
        """Stop the sensor and give it back; a waiting thread gets `CameraClosed`.

        Raises:
            CameraError: the driver refuses; it may stay busy until the process ends.
        """
        with self._life:
            if self._closed:
                return
            self._closed = True
        failures: list[Exception] = []

        def close_device() -> None:
            try:
                self._device.close()
            except Exception as error:  # noqa: BLE001 - picamera2's are of every kind; told below
                failures.append(error)

        try:
            # picamera2 would wait for ever behind a request that a stalled sensor never completes
            self._device.cancel_all_and_flush()
        except Exception as error:  # noqa: BLE001 - the same
            failures.append(error)
        reading = not self._turn.acquire(timeout=self._stall_timeout_s)
        closing = threading.Thread(target=close_device, name="close picamera2", daemon=True)
        closing.start()
        closing.join(self._stall_timeout_s)
        if not reading:
            self._turn.release()
        if closing.is_alive():
            _log.warning("%s: the driver does not let go of the camera; it stays busy until it does", self._name)
        elif failures:
            _log.warning("%s: the camera could not be given back: %s", self._name, failures[0])
            raise failure(failures[0], self._name, "could not be given back") from failures[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _configure(self, still_size: tuple[int, int] | None) -> None:
        device = self._device
        width, height = still_size or device.sensor_resolution
        preview_width = min(PREVIEW_WIDTH_PX, width)
        main, lores = _formats(device)
        configuration = device.create_still_configuration(
            main={"size": (width, height), "format": main},
            lores={"size": (preview_width, preview_width * height // width // 2 * 2), "format": lores},
            raw=None,  # a raw stream would take another 18 MB of CMA a buffer, and nobody reads it
            buffer_count=BUFFER_COUNT,
            queue=False,  # never hand out a picture from before the call
        )
        try:
            device.configure(configuration)
        except Exception as error:
            raise refused_size(error, self._name, (width, height)) from error
        given = tuple(device.camera_configuration()["main"]["size"])
        if still_size is not None and given != still_size:
            raise size_refused(self._name, still_size, f"its nearest is {given[0]} x {given[1]}")

    def _control(self, settings: CameraSettings) -> None:
        wanted: dict[str, Any] = {}
        if settings.exposure_us is not None or settings.gain is not None:
            wanted["AeEnable"] = False
        if settings.exposure_us is not None:
            wanted["ExposureTime"] = settings.exposure_us
        if settings.gain is not None:
            wanted["AnalogueGain"] = settings.gain
        if settings.colour_gains is not None:
            wanted.update(AwbEnable=False, ColourGains=settings.colour_gains)
        if settings.lens_position_dioptre is not None:
            wanted.update(AfMode=_AF_MANUAL, LensPosition=settings.lens_position_dioptre)
        offered = self._device.camera_controls
        for key in sorted(wanted.keys() - offered.keys()):
            _log.info("%s has no %s control", self._name, key)
        self._device.set_controls({key: value for key, value in wanted.items() if key in offered})

    def _take(self, stream: str, not_before_ns: int | None, timeout_s: float) -> Frame:
        with self._request(not_before_ns, timeout_s) as (request, exposed_ns):
            configuration = self._device.camera_configuration()
            array = request.make_array(stream)
            taken_with = replace(_taken_with(request.get_metadata()), calibrated_on=self._calibrated_on)
            age = timedelta(microseconds=(monotonic_ns() - exposed_ns) / 1000)
            captured_at = self._now() - age
        rgb = to_rgb(
            array, configuration[stream]["format"], configuration[stream]["size"][0], _full_range(configuration)
        )
        return Frame(rgb, captured_at, self._name, settings=taken_with)

    @contextmanager
    def _request(self, not_before_ns: int | None, timeout_s: float) -> Iterator[tuple[Any, int]]:
        """A completed request that nobody had before, and when its exposure began (nanoseconds of `monotonic_ns`)."""
        deadline_s = monotonic() + timeout_s
        if not self._turn.acquire(timeout=timeout_s):
            raise self._silent()
        try:
            while True:
                request = self._next(deadline_s)
                try:
                    metadata = request.get_metadata()
                    sensor_ns = metadata["SensorTimestamp"]
                    exposed_ns = sensor_ns - 1000 * metadata.get("ExposureTime", 0)
                    new = sensor_ns - self._last_ns >= _SAME_PICTURE_NS
                    if new and (not_before_ns is None or exposed_ns >= not_before_ns):
                        self._last_ns = sensor_ns
                        yield request, exposed_ns
                        return
                finally:
                    request.release()
                if monotonic() >= deadline_s:  # pictures come, but none was exposed in time
                    raise self._silent()
        except (RuntimeError, OSError, KeyError) as error:
            raise failure(error, self._name, "failed") from error
        finally:
            self._turn.release()

    def _next(self, deadline_s: float) -> Any:
        if self._closed:
            raise self._closed_error()
        job = self._device.capture_request(wait=False)
        try:
            return job.get_result(timeout=max(0.0, deadline_s - monotonic()))
        except CancelledError:
            raise self._closed_error() from None
        except TimeoutError:
            self._device.cancel_all_and_flush()
        try:  # it may have come just now; left in the job, its buffer would be lost
            return job.get_result(timeout=0.1)
        except (CancelledError, TimeoutError):
            raise self._silent() from None

    def _closed_error(self) -> CameraError:
        return CameraClosed(f"The {self._name} was closed", "Open it again")

    def _silent(self) -> CameraError:
        if self._closed:
            return self._closed_error()
        if self._id not in {info["Id"] for info in self._class.global_camera_info()}:
            return CameraLost(f"The {self._name} is gone", RECONNECT)
        return CameraStalled(f"The {self._name} delivers no new picture", RECONNECT)


def detect() -> str:
    """The name of the first connected camera, without opening it.

    Raises:
        CameraNotFound: there is none, or picamera2 is not installed.
    """
    return _name(_connected(_picamera2(), 0))


def _taken_with(metadata: Mapping[str, Any]) -> CameraSettings:
    """What a request's metadata say of exposure, colours and focus."""
    exposure_us, gain, colour_gains, lens = (metadata.get(key) for key in _CONTROLS)
    return CameraSettings(
        exposure_us=exposure_us,
        gain=gain,
        colour_gains=None if colour_gains is None else (colour_gains[0], colour_gains[1]),
        lens_position_dioptre=lens,
    )


def _full_range(configuration: Mapping[str, Any]) -> bool:
    return str(getattr(configuration["colour_space"], "range", "Full")).endswith("Full")


def _formats(device: Any) -> tuple[str, str]:
    """Pixel formats of the main and the second stream; libcamera replaces what the camera cannot do."""
    if "ColorFilterArrangement" not in device.camera_properties:  # not behind a Raspberry Pi's image processor
        return "NV12", "NV12"
    # the processor of the Pi 4 and before gives a second stream in YUV only
    return "BGR888", "YUV420" if device.platform.name == "VC4" else "BGR888"


def _settled(before: Mapping[str, Any], now: Mapping[str, Any], focusing: bool) -> bool:
    if int(now.get("AeState", _AE_CONVERGED)) != _AE_CONVERGED or now.get("AeLocked") is False:
        return False
    if focusing and now.get("AfState") not in (_AF_FOCUSED, _AF_FAILED):
        return False
    return bool(before) and all(
        np.allclose(before[key], now[key], rtol=0.01)
        for key in ("ExposureTime", "AnalogueGain", "ColourGains")
        if key in now
    )


def _picamera2() -> Any:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        remedy = "Run: sudo apt install python3-picamera2"
        if sys.prefix != sys.base_prefix:
            remedy += "; the virtual environment must have been made with --system-site-packages"
        raise CameraNotFound(f"picamera2 is not installed ({error})", remedy) from error
    except Exception as error:  # built for another numpy, or a broken libcamera
        raise CameraNotFound(
            f"picamera2 cannot be loaded ({error})", "On Raspberry Pi OS Bookworm it needs: pip install 'numpy<2'"
        ) from error
    return Picamera2


def _connected(picamera2_class: Any, number: int) -> Mapping[str, Any]:
    # USB cameras have an adapter of their own
    cameras = [info for info in picamera2_class.global_camera_info() if "/usb" not in info["Id"]]
    if number >= len(cameras):
        raise CameraNotFound(
            f"No camera module {number} is connected" if number else "No camera module is connected",
            "Check the ribbon cable with the power off, then: rpicam-hello --list-cameras",
        )
    found: Mapping[str, Any] = cameras[number]
    return found


def _name(info: Mapping[str, Any]) -> str:
    return f"picamera2 {info.get('Model', info['Id'])}"


def _open(picamera2_class: Any, number: int, name: str) -> Any:
    device: Any = picamera2_class.__new__(picamera2_class)
    try:
        device.__init__(number)
    except Exception as error:
        # picamera2 leaves this pipe open when it fails, and a kiosk that waits for its camera tries all day
        device.notifymeread.close()
        os.close(device.notifyme_w)
        raise failure(error, name, "cannot be opened") from error
    return device

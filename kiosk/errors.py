"""The errors of the kiosk; every one says what to do next, and carries the code that an operator reads.

KioskError                      a `edge_models.errors.DermakioskError`
├── ConfigError             the configuration file has a wrong key or value (names its line)
├── PortInUse               another program listens where the kiosk should
├── OutputFailed            a result cannot be written where it should go
├── AssessmentFailed        a picture could not be assessed, for a reason that nobody foresaw
└── CameraError             it cannot be opened or used
    ├── CameraStarting      it was not opened yet
    ├── CameraNotFound      no such camera, or none at all
    ├── CameraBusy          another owner has it
    ├── CameraClosed        used after close()
    ├── CameraOutOfMemory   the system has no memory left for its pictures
    ├── CameraStalled       it is there but delivers no new frame in time
    └── CameraLost          it was there and is gone (unplugged, driver error)
"""

from __future__ import annotations

from edge_models.errors import DermakioskError


class KioskError(DermakioskError):
    """Base of the kiosk's errors."""

    code = "S1"


class ConfigError(KioskError):
    """The configuration has a wrong key, type or value."""

    code = "S2"


class PortInUse(KioskError):
    """Another program listens on the kiosk's port."""

    code = "S3"


class OutputFailed(KioskError):
    """A result cannot be written where it should go."""

    code = "S4"


class AssessmentFailed(KioskError):
    """A picture could not be assessed, for a reason that nobody foresaw."""

    code = "E6"


class CameraError(KioskError):
    """A camera cannot be used."""

    code = "C6"


class CameraNotFound(CameraError):
    """The camera asked for is not there."""

    code = "C1"


class CameraBusy(CameraError):
    """Another owner has the camera."""

    code = "C2"


class CameraClosed(CameraError):
    """The camera was used after `close()`."""

    code = "C7"


class CameraStarting(CameraError):
    """The camera was not opened yet."""

    code = "C8"


class CameraOutOfMemory(CameraError):
    """The system has no memory left for the camera's pictures."""

    code = "C5"


class CameraStalled(CameraError):
    """The camera is there but delivered no new frame in time."""

    code = "C3"


class CameraLost(CameraError):
    """The camera was there and is gone."""

    code = "C4"

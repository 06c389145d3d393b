"""The errors of the kiosk; every one says what to do next.

KioskError                      a `edge_models.errors.DermakioskError`
├── ConfigError             the configuration file has a wrong key or value (names its line)
├── PortInUse               another program listens where the kiosk should
├── OutputFailed            a result cannot be written where it should go
└── CameraError
    ├── CameraNotFound      no such camera, or none at all
    ├── CameraBusy          another owner has it
    ├── CameraClosed        used after close()
    ├── CameraStalled       it is there but delivers no new frame in time
    └── CameraLost          it was there and is gone (unplugged, driver error)
"""

from __future__ import annotations

from edge_models.errors import DermakioskError


class KioskError(DermakioskError):
    """Base of the kiosk's errors."""


class ConfigError(KioskError):
    """The configuration has a wrong key, type or value."""


class PortInUse(KioskError):
    """Another program listens on the kiosk's port."""


class OutputFailed(KioskError):
    """A result cannot be written where it should go."""


class CameraError(KioskError):
    """A camera cannot be used."""


class CameraNotFound(CameraError):
    """The camera asked for is not there."""


class CameraBusy(CameraError):
    """Another owner has the camera."""


class CameraClosed(CameraError):
    """The camera was used after `close()`."""


class CameraStalled(CameraError):
    """The camera is there but delivered no new frame in time."""


class CameraLost(CameraError):
    """The camera was there and is gone."""

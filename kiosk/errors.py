"""The errors of the kiosk; every one says what to do next, and carries the code that an operator reads.

KioskError                      a `edge_models.errors.DermakioskError`
├── ConfigError             the configuration file has a wrong key or value (names its line)
├── PortInUse               another program listens where the kiosk should
├── OutputFailed            a result cannot be written where it should go
├── AssessmentFailed        a picture could not be assessed, for a reason that nobody foresaw
├── CameraError             it cannot be opened or used
│   ├── CameraStarting      it was not opened yet
│   ├── CameraNotFound      no such camera, or none at all
│   ├── CameraBusy          another owner has it
│   ├── CameraClosed        used after close()
│   ├── CameraOutOfMemory   the system has no memory left for its pictures
│   ├── CameraSizeRefused   it does not deliver pictures of the size that is configured
│   ├── CameraStalled       it is there but delivers no new frame in time
│   └── CameraLost          it was there and is gone (unplugged, driver error)
├── RecordsError            records cannot be kept or read
│   ├── StoreMissing        there is no store, or a part of it is gone
│   ├── StoreInUse          another process has it
│   ├── StoreDamaged        a file is not what was written (names it)
│   ├── StoreNewer          a later version of the kiosk wrote it
│   ├── StoreFull           no space is left
│   ├── StoreUnwritable     the disk refuses to write, or fails
│   ├── StoreClosed         used after close()
│   ├── NotInStore          no such patient, lesion or examination
│   ├── KeyRefused          a PIN, recovery words or a device secret do not open it
│   └── BackupError         a backup cannot be made or restored
├── HandoffError            something cannot be made for others, or put where they take it
└── AccessError             somebody may not do what they asked for
    ├── PinUnfit            a new PIN is too short, or easy to guess
    ├── WrongPin            it does not open this operator's slot
    ├── OperatorLocked      too many wrong PINs; says how long to wait
    ├── NotPermitted        the operator's role does not allow it
    └── SessionEnded        nobody is logged in, or the session has expired
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


class CameraSizeRefused(CameraError):
    """The camera does not deliver pictures of the size that is configured."""

    code = "C9"


class CameraStalled(CameraError):
    """The camera is there but delivered no new frame in time."""

    code = "C3"


class CameraLost(CameraError):
    """The camera was there and is gone."""

    code = "C4"


class RecordsError(KioskError):
    """Records cannot be kept or read."""

    code = "R0"


class StoreMissing(RecordsError):
    """There is no store, or a part of it is gone."""

    code = "R1"


class StoreInUse(RecordsError):
    """Another process has the store."""

    code = "R2"


class StoreDamaged(RecordsError):
    """A file of the store is not what was written."""

    code = "R3"


class StoreNewer(RecordsError):
    """A later version of the kiosk wrote the store."""

    code = "R4"


class StoreFull(RecordsError):
    """No space is left on the store's disk."""

    code = "R5"


class StoreUnwritable(RecordsError):
    """The store's disk refuses to write, or fails."""

    code = "R6"


class StoreClosed(RecordsError):
    """The store was used after `close()`."""

    code = "R7"


class NotInStore(RecordsError):
    """There is no such patient, lesion or examination."""

    code = "R8"


class KeyRefused(RecordsError):
    """A PIN, recovery words or a device secret do not open the store."""

    code = "A6"


class BackupError(RecordsError):
    """A backup cannot be made or restored."""

    code = "R9"


class HandoffError(KioskError):
    """Something cannot be made for others, or cannot be put where they take it."""

    code = "H0"


class AccessError(KioskError):
    """Somebody may not do what they asked for."""

    code = "A0"


class PinUnfit(AccessError):
    """A new PIN is too short, or easy to guess."""

    code = "A1"


class WrongPin(AccessError):
    """The PIN does not open this operator's slot."""

    code = "A2"


class OperatorLocked(AccessError):
    """Too many wrong PINs were entered.

    Attributes:
        wait_s: seconds until the next try.
    """

    code = "A3"

    def __init__(self, what: str, remedy: str, wait_s: float) -> None:
        super().__init__(what, remedy)
        self.wait_s = wait_s


class NotPermitted(AccessError):
    """The operator's role does not allow it."""

    code = "A4"


class SessionEnded(AccessError):
    """Nobody is logged in, or the session has expired."""

    code = "A5"

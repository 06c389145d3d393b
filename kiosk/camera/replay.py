"""A camera that shows the pictures of a folder, one after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_models.errors import ImageUnreadable
from edge_models.image_file import read_rgb
from edge_models.picture_names import SUFFIXES
from kiosk.camera.base import utc_now
from kiosk.camera.pictures import shrink_to_preview
from kiosk.camera.simulation import SimulatedDevice, shared_device
from kiosk.clinical.frame import Frame
from kiosk.errors import CameraNotFound

RATE_HZ = 20.0

_log = logging.getLogger(__name__)


class ReplayCamera:
    """Shows the pictures of a folder in the order of their names, from the first again after the last.

    The preview stays on one picture until it is captured, and then goes on to the next: what is captured is what was
    shown, and a session of N captures sees the first N pictures, however long each took.
    """

    def __init__(
        self, folder: Path, *, device: SimulatedDevice | None = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        """Find the folder's pictures and start to show the first.

        Args:
            folder: image files; others in it and unreadable ones are passed over, the latter with a warning.
            device: what the pictures are seen through; by default the one of this folder in this program.
            now: the clock that dates the frames.

        Raises:
            CameraNotFound: the folder is not there or holds no readable image.
            CameraBusy: this program shows the folder already.
        """
        self._paths = _images(folder)
        self._index = -1
        self._captured = False
        self._now = now
        self._source = f"replay of {folder.name}"
        self._pictures = threading.Lock()  # guards the index and the two arrays
        self._lease = (device or shared_device(f"replay of {folder.resolve()}", RATE_HZ)).claim()
        try:
            self._advance()
        except BaseException:
            self._lease.close()
            raise

    @property
    def name(self) -> str:
        """The folder that is shown."""
        return self._source

    @property
    def simulated(self) -> bool:
        """It shows pictures taken at another time, of anybody."""
        return True

    def preview(self) -> Frame:
        """The current picture, at most `PREVIEW_WIDTH_PX` wide. Raises as `Camera.preview`."""
        self._lease.expose()
        with self._pictures:
            self._advance_if_captured()
            return Frame(self._small, self._now(), self._source, simulated=True)

    def capture(self) -> Frame:
        """The current picture as it is in its file; the next one comes into view. Raises as `Camera.capture`."""
        self._lease.expose()
        with self._pictures:
            self._advance_if_captured()
            self._captured = True  # the next one is read when it is looked at: the capture does not wait for it
            return Frame(self._full, self._now(), self._source, simulated=True)

    def close(self) -> None:
        """Give the folder back."""
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance_if_captured(self) -> None:
        if self._captured:
            self._advance()
            self._captured = False

    def _advance(self) -> None:
        """Load the next picture that can be read; a file can go bad or away while the kiosk runs."""
        for _ in range(len(self._paths)):
            self._index = (self._index + 1) % len(self._paths)
            try:
                self._full = read_rgb(self._paths[self._index])
            except ImageUnreadable as error:
                _log.warning("replay passes over a picture: %s", error)
                continue
            self._small = shrink_to_preview(self._full)
            return
        raise CameraNotFound(f"No picture in {self._paths[0].parent} can be read", "Put JPEG or PNG pictures into it")


def _images(folder: Path) -> tuple[Path, ...]:
    try:
        paths = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES))
    except OSError as error:
        raise CameraNotFound(
            f"The replay folder {folder} cannot be read ({error.strerror})", "Name a folder of pictures: replay:DIR"
        ) from error
    if not paths:
        raise CameraNotFound(f"The replay folder {folder} holds no picture", "Put JPEG or PNG pictures into it")
    return paths

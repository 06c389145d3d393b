"""How an operator names a camera: the one grammar of `--camera` and of the configuration's `[camera] source`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

SOURCES = "auto, picamera2, usb, usb:N, usb:/dev/v4l/by-id/NAME, replay:DIR, phantom or demo"

_GRAMMAR = re.compile(
    r"(auto|picamera2|phantom|demo)"
    r"|usb(?::(?:(?P<number>[0-9]{1,3})|(?P<link>/dev/v4l/by-(?:id|path)/(?!\.{1,2}$)[^/\0\n]+)))?"
    r"|replay:(?P<folder>[^\0]+)"
)


class SourceKind(StrEnum):
    """Where pictures come from.

    `AUTO` is the first camera that is really there, and never a simulated one: pictures of nobody must not pass for a
    patient's. `DEMO` is the same, but the phantom where there is none.
    """

    AUTO = "auto"
    PICAMERA2 = "picamera2"
    USB = "usb"
    REPLAY = "replay"
    PHANTOM = "phantom"
    DEMO = "demo"


@dataclass(frozen=True)
class Source:
    """One camera, or the rule by which one is chosen.

    Attributes:
        number: N of /dev/videoN, for one USB camera; None for the first there is.
        folder: of the pictures, for a replay alone.
        link: for one USB camera: udev's link to it, which stays when numbers change.
    """

    kind: SourceKind
    number: int | None = None
    folder: Path | None = None
    link: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """The camera that an operator named.

        Raises:
            ValueError: nothing of `SOURCES`.
        """
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise ValueError(f"one of {SOURCES}")
        number, folder, link = match["number"], match["folder"], match["link"]
        return cls(
            SourceKind(text.partition(":")[0]),
            None if number is None else int(number),
            Path(folder) if folder else None,
            Path(link) if link else None,
        )

    def below(self, base: Path) -> Source:
        """The same camera; a folder that is not absolute starts from `base`, and ~ is the user's home.

        Raises:
            RuntimeError: the home of an unknown user.
        """
        return self if self.folder is None else replace(self, folder=base / self.folder.expanduser())

    def __str__(self) -> str:
        """As an operator names it."""
        which = next((each for each in (self.folder, self.link, self.number) if each is not None), None)
        return str(self.kind) if which is None else f"{self.kind}:{which}"


AUTO = Source(SourceKind.AUTO)
"""The first camera that is really there."""

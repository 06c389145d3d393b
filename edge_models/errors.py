"""The errors of edge_models, and the base of the whole project's; every one says what to do next and carries a code.

DermakioskError
├── EdgeModelError
│   ├── BundleError          a model bundle is missing, incomplete or not what was published
│   ├── ImageUnreadable      a file is not an image that can be used
│   ├── TableError           a table of pictures cannot be read, or says something impossible
│   └── EngineError
│       ├── EngineUnavailable   a runtime, delegate or device is not there
│       └── EngineFailed        an engine that was there stopped answering in mid-run
└── kiosk.errors.KioskError
"""

from __future__ import annotations


class DermakioskError(Exception):
    """Base of the project's errors: what is wrong, and the remedy.

    `str()` of it is one line fit for an engineer or a log: "<what>. <remedy>." An operator reads the catalogue's words
    for `code` instead. `docs/faults.md` lists every code; each class has one of its own.
    """

    code = "S0"

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return " ".join(f"{part.rstrip('.')}." for part in (self.what, self.remedy) if part)


class EdgeModelError(DermakioskError):
    """Base of this package's errors."""

    code = "E0"


class BundleError(EdgeModelError):
    """A model bundle is missing, incomplete or not what was published."""

    code = "E3"


class ImageUnreadable(EdgeModelError):
    """A file is not an image that can be used."""

    code = "S5"


class TableError(EdgeModelError):
    """A table of pictures and their patients cannot be read, or says something impossible; names the file and line."""

    code = "S6"


class EngineError(EdgeModelError):
    """An inference engine cannot be used."""

    code = "E4"


class EngineUnavailable(EngineError):
    """A runtime, delegate or device that was asked for is not there."""

    code = "E2"


class EngineFailed(EngineError):
    """An engine that was there stopped answering in mid-run."""

    code = "E1"

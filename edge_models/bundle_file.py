"""One file of a bundle, read with bounds: a regular file within the folder, and no larger than its kind may be.

A bundle may come from anybody's stick. A FIFO would be waited for, /dev/zero never ends, and a link may point at
anything that this process can read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edge_models.errors import BundleError

REMEDY = "Install the bundle again; if you made it yourself, publish it again with `python -m training publish`"

MANIFEST_BYTES = 1 << 20
"""The released manifest has 30 kB."""
FILE_BYTES = 64 << 20
"""The released members have 2.7 MB each."""
BUNDLE_BYTES = 128 << 20
"""Of all files together."""


def read(folder: Path, name: str, at_most: int) -> bytes:
    """The content of `folder / name`.

    Raises:
        BundleError: it is missing, unreadable, no regular file, outside the folder, or larger than `at_most` bytes.
    """
    path = folder / name
    try:
        place = path.resolve(strict=True)
        if not place.is_relative_to(folder.resolve(strict=True)):
            raise BundleError(f"{path} leads out of the bundle", REMEDY)
        # O_NONBLOCK: a FIFO is opened without its writer; O_NOFOLLOW: the place is still what it was
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BundleError(f"{path} cannot be read (not a regular file)", REMEDY)
            content = file.read(at_most + 1)
    except (
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # the last two for a name that cannot be one, and links in a ring
        detail = error.strerror if isinstance(error, OSError) else str(error)
        raise BundleError(f"{path} cannot be read ({detail})", REMEDY) from error
    if len(content) > at_most:
        raise BundleError(f"{path} has more than {at_most} bytes", REMEDY)
    return content

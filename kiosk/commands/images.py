"""The image files that were named on a command line, by themselves or by their folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from edge_models.errors import ImageUnreadable
from edge_models.picture_names import FIRST_BYTES, SUFFIXES, UNREAD_SUFFIXES, image_id, unread_format
from kiosk.errors import KioskError


def find_images(paths: Sequence[Path]) -> tuple[list[Path], list[ImageUnreadable]]:
    """The images to classify, and what is wrong with the rest.

    A file is taken as it is, whatever its name. Of a folder the images right in it are taken, sorted by name, and not
    those of folders in it.
    """
    images: list[Path] = []
    problems: list[ImageUnreadable] = []
    for path in paths:
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            problems.append(ImageUnreadable(f"{path} cannot be read ({error.strerror})", "Check its permissions"))
            continue
        found = [file for file in inside if file is path or _is_image_name(file)]
        if not found:
            problems.append(ImageUnreadable(f"{path} holds no images", f"Name a folder of {_suffixes()} files"))
        images += found
    return images, problems


def passed_over(paths: Sequence[Path]) -> str | None:
    """One line on the pictures right in folders that are in formats which are not read; None where there are none."""
    formats = Counter(kind for path in paths for kind in _unread_formats(path))
    if not formats:
        return None
    count = formats.total()
    kinds = ", ".join(f"{number} {kind}" for kind, number in formats.most_common())
    return (
        f"{count} picture{'s' if count > 1 else ''} passed over in formats that are not read: {kinds}. "
        f"Save {'them' if count > 1 else 'it'} as JPEG, PNG or TIFF."
    )


def check_told_apart(images: Sequence[Path]) -> None:
    """Check that no two images would be one in an ISIC submission, which has file names without endings only.

    Raises:
        KioskError: two would; names both.
    """
    seen: dict[str, Path] = {}
    for image in images:
        name = image_id(image.name)
        if name in seen:
            raise KioskError(
                f"{seen[name]} and {image} would both be {name} in a submission",
                "Classify their folders one by one, or give each a name of its own",
            )
        seen[name] = image


def _is_image_name(file: Path) -> bool:
    # os.path's isdir and isfile say no where Path's raise, as for a link to a name that is too long
    return file.suffix.lower() in SUFFIXES and not _is_hidden(file) and not os.path.isdir(file)  # noqa: PTH112 - see above


def _is_hidden(file: Path) -> bool:
    return file.name.startswith(".")


def _unread_formats(folder: Path) -> Iterator[str]:
    """The format of every picture right in a folder that is in none that is read."""
    try:
        inside = list(folder.iterdir())
    except OSError:  # not a folder, or what `find_images` complains of
        return
    for file in inside:
        if file.suffix.lower() in SUFFIXES or _is_hidden(file) or not os.path.isfile(file):  # noqa: PTH113 - as above
            continue
        first = b""
        if file.suffix.lower() not in UNREAD_SUFFIXES:
            with suppress(OSError), file.open("rb") as stream:
                first = stream.read(FIRST_BYTES)
        if (kind := unread_format(file.name, first)) is not None:
            yield kind


def _suffixes() -> str:
    return ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))

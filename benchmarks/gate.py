"""What the quality gate lets pass: real pictures, sharp and blurred, drawn over, inside round fields.

Every picture is one that experts published as fit for use; what the gate sends back of them as they are is counted
first. A blurred one that passes would be classified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.disturb import BLUR_AT_450_PX, OVERLAYS, Field, Rgb, blurred, drawn_over, within
from edge_models.image_file import read_rgb
from kiosk.pipeline.quality import check

SETS = {
    "ISIC 2018 official validation": "isic2018_task3_val/images",
    "HAM10000": "ham10000/images",
    "MILK10k": "milk10k/images",
    "ISIC 2017": "isic2017/images",
}
BLURS_PX = (0.0, 2.0, BLUR_AT_450_PX, 6.0)
"""Standard deviations in a picture 450 px high."""
FIELDS: tuple[Field | None, ...] = (
    None,
    *(Field(radius, rim) for radius in (0.30, 0.36, 0.42, 0.48, 0.50) for rim in (0.0, 0.04)),
)
OFF_CENTRE = (0.0, 0.1)
"""In heights; the direction is drawn."""
_SEED = 20


@dataclass(frozen=True)
class Row:
    """One way of showing the pictures, and how many of them came to what.

    Attributes:
        shown: overlay, blur and field.
        passed: the gate let them through.
        reasons: how many were sent back, by all their reasons.
    """

    shown: tuple[str, float, str]
    passed: int
    reasons: Counter[str]

    @property
    def count(self) -> int:
        """Of pictures."""
        return self.passed + self.reasons.total()


def pictures(data: Path, folder: str, count: int) -> list[Path]:
    """Every n-th picture of a set, `count` of them; all for 0.

    Raises:
        RuntimeError: there are none.
    """
    found = sorted((data / folder).glob("*.jpg"))
    if not found:
        raise RuntimeError(f"{data / folder} holds no pictures")
    return found[:: max(1, len(found) // count)][:count] if count else found


def plain(data: Path, count: int) -> dict[str, Row]:
    """What the gate says of each set's pictures as they are."""
    return {
        name: _judged((name, 0.0, "none"), [read_rgb(path) for path in pictures(data, folder, count)], lambda rgb: rgb)
        for name, folder in SETS.items()
        if (data / folder).is_dir()
    }


def measure(data: Path, count: int) -> list[Row]:
    """Overlays × blurs × fields over `count` pictures of every set but the soft ones of ISIC 2017.

    Pictures that are sent back as they are do not count.
    """
    folders = [folder for name, folder in SETS.items() if name != "ISIC 2017" and (data / folder).is_dir()]
    read = [read_rgb(path) for folder in folders for path in pictures(data, folder, count)]
    good = [rgb for rgb in read if not check(rgb).reasons]
    rng = np.random.default_rng(_SEED)
    rows = []
    for field in FIELDS:
        for blur in BLURS_PX:
            for overlay in OVERLAYS:

                def shown(rgb: Rgb, overlay: str = overlay, blur: float = blur, field: Field | None = field) -> Rgb:
                    return drawn_over(within(blurred(rgb, blur), _off_centre(field, rng)), overlay, rng)

                rows.append(_judged((overlay, blur, _named(field)), good, shown))
    return rows


def table(plain_rows: dict[str, Row], rows: Sequence[Row]) -> str:
    """Both as text: sharp and blurred side by side, and by what reasons the sharp ones were sent back."""
    lines = ["pictures as they are: sent back"]
    for name, row in plain_rows.items():
        sent_back = row.reasons.total()
        lines.append(f"  {name:32} {sent_back:5} of {row.count:5}  {sent_back / row.count:6.2%}  {_said(row.reasons)}")
    lines += ["", f"{'field':22} {'overlay':8}" + "".join(f"{f'blur {blur:g} px':>14}" for blur in BLURS_PX)]
    lines.append(" " * 31 + "      passed" * len(BLURS_PX))
    by_shown = {row.shown: row for row in rows}
    for field in dict.fromkeys(row.shown[2] for row in rows):
        for overlay in OVERLAYS:
            cells = [by_shown[overlay, blur, field] for blur in BLURS_PX]
            said = _said(cells[0].reasons)
            counts = "".join(f"{f'{cell.passed} of {cell.count}':>14}" for cell in cells)
            lines.append(f"{field:22} {overlay:8}{counts}  {said and f'sharp: {said}'}".rstrip())
    return "\n".join(lines)


def _judged(shown: tuple[str, float, str], rgbs: Sequence[Rgb], show: Callable[[Rgb], Rgb]) -> Row:
    found = [check(show(rgb)).reasons for rgb in rgbs]
    return Row(shown, found.count(()), Counter(" + ".join(reasons) for reasons in found if reasons))


def _off_centre(field: Field | None, rng: np.random.Generator) -> Field | None:
    if field is None:
        return None
    angle, off = rng.uniform(0, 2 * np.pi), rng.uniform(*OFF_CENTRE)
    return Field(field.radius, field.rim, off * float(np.cos(angle)), off * float(np.sin(angle)))


def _named(field: Field | None) -> str:
    return "none" if field is None else f"R {field.radius:.2f}, {'soft' if field.rim else 'hard'} rim"


def _said(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} {words}" for words, count in reasons.most_common())

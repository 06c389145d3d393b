"""What the phantom camera takes, as picture files, which `training calibrate --painted` makes familiar.

Training may not enter the kiosk's rooms, and a kiosk that is shown without a camera must not end without a result.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from kiosk.camera.phantom import FULL_SIZE, PhantomCamera

FIRST_SEED = 20_000
"""Nothing else shows the patients of this seed and the next ones, so that what is tried out later was not fitted on."""
_PATIENTS = 20
"""Of one seed, which also decides how the hand sways."""
_SIZE = (FULL_SIZE[0] // 4, FULL_SIZE[1] // 4)


def write(folder: Path, count: int) -> None:
    """Write `count` captures, reduced to a quarter of their width, as JPEG files 0000.jpg … into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, count, _PATIENTS):
        with PhantomCamera(FIRST_SEED + first // _PATIENTS) as camera:
            for number in range(first, min(count, first + _PATIENTS)):
                rgb = cv2.resize(camera.capture().rgb, _SIZE, interpolation=cv2.INTER_AREA)
                cv2.imwrite(str(folder / f"{number:04}.jpg"), np.ascontiguousarray(rgb[:, :, ::-1]))

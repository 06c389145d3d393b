"""`python -m benchmarks.arm64.pictures OUT`: what both machines classify, or the one frame whose stages are counted.

OUT ending in .npy gets one 12-megapixel frame of the phantom camera; else it is a folder that gets images of the ISIC
2018 validation split, where DERMAKIOSK_DATA names the data, or pictures of the phantom camera as lossless files.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from kiosk.camera.phantom import PhantomCamera
from kiosk.commands.images import find_images


def main() -> None:
    """Write the frame or the folder that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    if options.out.suffix == ".npy":
        with PhantomCamera() as camera:
            np.save(options.out, camera.capture().rgb)
        return
    options.out.mkdir(parents=True)
    data = os.environ.get("DERMAKIOSK_DATA")
    if data:
        copy_real(Path(data) / "isic2018_task3_val" / "images", options.out, options.count)
    else:
        save_phantoms(options.out, options.count)


def copy_real(source: Path, out: Path, count: int) -> None:
    """Copy `count` images of a folder, evenly thinned."""
    files, problems = find_images([source])
    if problems:
        raise SystemExit(str(problems[0]))
    for index in range(min(count, len(files))):
        shutil.copy(files[index * len(files) // min(count, len(files))], out)
    print(f"{min(count, len(files))} of the {len(files)} images of the ISIC 2018 Task 3 validation split")


def save_phantoms(out: Path, count: int) -> None:
    """Write pictures of the phantom camera, a quarter of their size."""
    with PhantomCamera() as camera:
        for index in range(count):
            Image.fromarray(camera.capture().rgb).reduce(4).save(out / f"phantom_{index:03}.png")
    print(f"{count} pictures of the phantom camera")


if __name__ == "__main__":
    main()

"""An Edge TPU that is not there: a stand-in for its library, and the shipped bundle as if compiled for it.

The stand-in claims no layer, so the networks run on the CPU, in the child process that a real stick would have.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from edge_models import bundle as bundles

_SOURCE = Path(__file__).parents[2] / "tests" / "edge_models" / "fakedelegate.c"
_ADDED = ("schema", "files", "digest")


def write(folder: Path, compiler: str) -> None:
    """Write `libedgetpu.so.1`, `bundle/` and `kiosk.toml`, which names that bundle, into a folder."""
    library = folder / "libedgetpu.so.1"
    subprocess.run([compiler, "-DMODE=OK", "-shared", "-fPIC", "-o", library, _SOURCE], check=True)
    bundle = folder / "bundle"
    shutil.copytree(bundles.default_bundle(), bundle)
    document = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    for name in document["members"]:
        # bytes after a network's end change the file and not the network
        compiled = (bundle / name).read_bytes() + bytes(8)
        (bundle / f"{Path(name).stem}_edgetpu.tflite").write_bytes(compiled)
    bundles.seal(bundle, {key: value for key, value in document.items() if key not in _ADDED})
    (folder / "kiosk.toml").write_text(f'[model]\nbundle = "{bundle}"\nengine = "edgetpu"\n', encoding="utf-8")

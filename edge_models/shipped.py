"""Where the bundles that ship with the package lie; this module loads nothing, so that a configuration may ask."""

from __future__ import annotations

from pathlib import Path

BUNDLES = Path(__file__).parent / "bundles"
"""The folder of all of them."""
FAST = "fast"
"""The folder in `BUNDLES` of the fast bundle, for small boards; what ships beside it is the main one."""

"""PDF by typst: for print, for an archive (PDF/A-2a) and for a screen reader (PDF/UA-1), all in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.errors import HandoffError


def render(template: Path, content: Mapping[str, Any]) -> bytes:
    """Set a template with a content.

    Args:
        template: a typst file; the content reaches it as JSON, `sys.inputs.content`, and never as markup.
        content: what can be JSON.

    Returns:
        A PDF file. The same content makes the same bytes.

    Raises:
        HandoffError: it cannot be set; a letter that no font has is one reason.
    """
    import typst  # loaded where it is used: few runs of the kiosk print anything

    # the machine's own fonts are left alone: a sheet looks alike wherever it is made
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    try:
        return typst.compile(
            template.read_bytes(),
            font_paths=fonts,
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            sys_inputs={"content": json.dumps(content)},
        )
    except typst.TypstError as error:
        raise HandoffError(f"{template.name} cannot be set", "Report it") from error

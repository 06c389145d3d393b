"""Every sentence of the screen, in one catalogue a language: `en.toml` and the others with the same keys.

`docs/translating.md` is the translators' guide. `kiosk.text.catalogue` reads the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
"""Every language, by ISO 639-1 code, in its own words; the first is the one that nobody has to choose."""

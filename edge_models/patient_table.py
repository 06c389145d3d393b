"""What the columns of a table say of the patients behind its pictures, in every spelling that is published.

docs/metadata.md shows the spellings; a test holds it to this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from edge_models.context import Context
from edge_models.errors import TableError
from edge_models.labels import LesionClass
from edge_models.site_words import SITE_WORDS, SITES, Region, common_site, site_key
from edge_models.table import Row

AGE = ("age", "age_approx", "age_approximate")
SEX = ("sex", "gender")
SITE_LEVELS = ("anatom_site_1", "anatom_site_2", "anatom_site_3", "anatom_site_4", "anatom_site_5")
"""The ISIC archive's hierarchy, coarsest first."""
SITE = (
    "localization", "anatom_site_general", "anatom_site_general_challenge", *SITE_LEVELS, "anatom_site_special",
    "body_site", "site",
)  # fmt: skip
DIAGNOSIS = ("dx", "diagnosis")
"""HAM10000's column, and the one that counts where a table lacks it; so are the next."""
CONFIRMED_BY = ("dx_type", "diagnosis_confirm_type")
NOT_KNOWN = frozenset({"", "unknown", "na", "n/a", "#n/a", "<na>", "nan", "none", "null"})
"""In lower case."""
SEX_WORDS: Mapping[str, str] = {
    "female": "female",
    "f": "female",
    "male": "male",
    "m": "male",
    "other": "other",
    "o": "other",
}
"""In lower case → HAM10000's word, or "other"."""
MAX_AGE_YEARS = 120

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_ALIKE = re.compile(
    r"(patient)?ages?(group|years?|approx\w*)?|birth\w*|dob|yob"
    r"|(patient)?(sex|gender)(es|s)?|(fe)?male"
    r"|(body|lesion|skin)?(sites?|regions?|loc|locations?|locali[sz]ations?)|(body)?parts?|anatom\w*"
)
_WORDS = re.compile(r"[^\W_]+")


def context_of(row: Row) -> Context:
    """Age in years, sex ("female", "male", "other") and body site (HAM10000's word) of a row's patient.

    Raises:
        TableError: a value is not one of docs/metadata.md's, or two columns contradict each other; names the line.
    """
    return Context(row.read(AGE, _age), row.read(SEX, _sex), _site(row))


def label_of(row: Row) -> LesionClass | None:
    """The class of a row's lesion; None where the cell is empty.

    Raises:
        TableError: it is none of the seven; names the line.
    """
    return row.read([_first(row, DIAGNOSIS)], LesionClass.from_word)


def confirmed_by(row: Row) -> str:
    """How the label is known, as the table says it; "" where it does not."""
    return row.cell(_first(row, CONFIRMED_BY))


def unused_columns(columns: Mapping[str, str]) -> tuple[str, ...]:
    """The columns of a `Table`, in its file's words, that look like an age, a sex or a body site but are not read."""
    known = {*AGE, *SEX, *SITE}
    return tuple(name for column, name in columns.items() if column not in known and _looks_alike(column))


def _first(row: Row, columns: Sequence[str]) -> str:
    return next((column for column in columns if column in row.places), columns[0])


def _age(text: str) -> float | None:
    if text.lower() in NOT_KNOWN:
        return None
    years = float(text) if _NUMBER.fullmatch(text) else None
    if years is None or not 0 <= years <= MAX_AGE_YEARS:
        raise ValueError(f"An age is a number of years, 0 to {MAX_AGE_YEARS}; leave it empty where it is not known")
    return years


def _sex(text: str) -> str | None:
    word = text.lower()
    if word in NOT_KNOWN:
        return None
    if word not in SEX_WORDS:
        raise ValueError(f"Use {', '.join(SEX_WORDS)}, or leave it empty where it is not known")
    return SEX_WORDS[word]


def _site(row: Row) -> str | None:
    """The site that all columns of a row tell together.

    A word of the hierarchy's second to fifth level that nobody knows is passed over where another column's is known:
    the levels below the third tell no more of HAM10000's sites.
    """
    found: dict[str, Region] = {}
    strange: list[str] = []
    for column in SITE:
        word = site_key(row.cell(column))
        if word in NOT_KNOWN:
            continue
        if word in SITE_WORDS:
            _check_agreement(row, found, column, SITE_WORDS[word])
            found[column] = SITE_WORDS[word]
        elif column in SITE_LEVELS[1:]:
            strange.append(column)
        else:
            raise _strange_site(row, column)
    if not found and strange:
        raise _strange_site(row, strange[0])
    return common_site(list(found.values())) if found else None


def _check_agreement(row: Row, found: Mapping[str, Region], column: str, region: Region) -> None:
    shared = region.places
    for other, known in found.items():
        shared &= known.places
        if not shared:
            raise TableError(
                f"{row.where}: {other} says {row.cell(other)!r} and {column} says {row.cell(column)!r}",
                "Correct one of them or remove its column",
            )


def _strange_site(row: Row, column: str) -> TableError:
    return TableError(
        f"{row.where}: {column} is {row.cell(column)!r}, which is no body site",
        f"Use {', '.join(SITES)}, a word of ISIC's (docs/metadata.md), leave it empty, or rename the column",
    )


def _looks_alike(column: str) -> bool:
    return any(_ALIKE.fullmatch(word) for word in _WORDS.findall(column))

"""The seven classes of HAM10000 and ISIC 2018 Task 3; nothing else in the project knows their names."""

from __future__ import annotations

from enum import Enum


class LesionClass(Enum):
    """A diagnostic class of HAM10000 (Tschandl et al. 2018, doi:10.1038/sdata.2018.161).

    The order of the members means nothing: a model's class order is written in its manifest only.

    Attributes:
        code: as in HAM10000's metadata, `mel`.
        isic: column of the ISIC 2018 Task 3 files, `MEL`.
        full_name: for people, `Melanoma`.
        malignant: whether a suspicion of it asks for a referral (melanoma, basal cell carcinoma, actinic keratosis and
            Bowen's disease, the last being carcinoma in situ).
    """

    AKIEC = ("akiec", "Actinic keratosis / Bowen's disease", True)
    BCC = ("bcc", "Basal cell carcinoma", True)
    BKL = ("bkl", "Benign keratosis", False)
    DF = ("df", "Dermatofibroma", False)
    MEL = ("mel", "Melanoma", True)
    NV = ("nv", "Naevus", False)
    VASC = ("vasc", "Vascular lesion", False)

    code: str
    full_name: str
    malignant: bool

    def __init__(self, code: str, full_name: str, malignant: bool) -> None:
        self.code = code
        self.full_name = full_name
        self.malignant = malignant

    @property
    def isic(self) -> str:
        """Column of the ISIC 2018 Task 3 files."""
        return self.name

    @classmethod
    def from_code(cls, code: str) -> LesionClass:
        """The class with HAM10000's `code`.

        Raises:
            ValueError: there is none.
        """
        for lesion in cls:
            if lesion.code == code:
                return lesion
        raise ValueError(f"{code!r} is not a lesion class; known are {', '.join(lesion.code for lesion in cls)}")

    @classmethod
    def from_word(cls, word: str) -> LesionClass:
        """The class of a published word, in any case: HAM10000's code, ISIC's column or the archive's diagnosis.

        Raises:
            ValueError: there is none.
        """
        plain = word.strip().lower()
        return cls.from_code(_ARCHIVE_CODES.get(plain, plain))

    def __str__(self) -> str:
        return self.full_name


ISIC_COLUMN_ORDER = (
    LesionClass.MEL,
    LesionClass.NV,
    LesionClass.BCC,
    LesionClass.AKIEC,
    LesionClass.BKL,
    LesionClass.DF,
    LesionClass.VASC,
)
"""Columns of an ISIC 2018 Task 3 submission, after the image's name."""

_ARCHIVE_CODES = {
    "actinic keratosis": "akiec",
    "basal cell carcinoma": "bcc",
    "dermatofibroma": "df",
    "lichenoid keratosis": "bkl",
    "melanoma": "mel",
    "nevus": "nv",
    "pigmented benign keratosis": "bkl",
    "seborrheic keratosis": "bkl",
    "solar lentigo": "bkl",
    "vascular lesion": "vasc",
}
"""ISIC archive's diagnosis → HAM10000's code, where the one is always the other."""

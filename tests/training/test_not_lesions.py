"""Pictures of no lesion follow the lesion that they show the patient of; the others are halved."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_models.labels import LesionClass
from training import not_lesions
from training.dataset import Sample
from training.errors import DatasetError
from training.split import Part


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "not_lesions").mkdir()
    for number in range(4):
        (tmp_path / "not_lesions" / f"photo{number}.jpg").write_bytes(b"")
    rows = [f"hand{number},hand,," for number in range(4)]
    rows += ["skin_a,healthy_skin_dermatoscope,,HAM_1", "skin_b,healthy_skin_dermatoscope,,HAM_2"]
    rows += ["close_a,clinical_photo,,IL_3", "close_b,clinical_photo,,IL_4", "close_c,clinical_photo,,IL_5"]
    for name, head, lines in (
        ("not_lesions_clinic", "image_id,kind,skin_tone_class,group", rows),
        ("milk10k", "image_id,lesion_id,ham_lesion_id,dx", ["A,IL_3,HAM_1,nv", "B,IL_4,,bcc", "C,IL_5,,bcc"]),
    ):
        (tmp_path / name / "images").mkdir(parents=True)
        (tmp_path / name / "metadata.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        for line in lines:
            (tmp_path / name / "images" / f"{line.split(',')[0]}.jpg").write_bytes(b"")
    return tmp_path


def sample(lesion: str, source: str) -> Sample:
    return Sample(lesion, lesion, LesionClass.NV, Path(), source=source)


def parts(*sources: str) -> dict[Part, list[Sample]]:
    return {
        Part.TRAIN: [sample("HAM_1", sources[0])],
        Part.VALIDATION: [sample("HAM_2", sources[0]), sample("IL_4", sources[-1])],
        Part.CALIBRATION: [sample("IL_5", sources[-1])],
    }


def test_what_shows_a_known_lesions_patient_follows_its_part(folder: Path) -> None:
    found = not_lesions.read(folder, parts("ham10000", "milk10k"))
    fitted = {path.stem for path in found.fitted}
    judged = {kind: [path.stem for path in paths] for kind, paths in found.judged.items()}
    assert fitted == {"photo0", "photo2", "hand0", "hand2", "skin_a", "close_a"}
    assert judged == {
        "not_lesions": ["photo1", "photo3"],
        "hand": ["hand1", "hand3"],
        "healthy_skin_dermatoscope": ["skin_b"],
        "clinical_photo": ["close_b"],
    }


def test_a_split_of_one_source_knows_everyday_photos_only(folder: Path) -> None:
    found = not_lesions.read(folder, parts("ham10000"))
    assert set(found.judged) == {"not_lesions"}
    assert {path.stem for path in found.fitted} == {"photo0", "photo2"}


def test_a_missing_image_is_named(folder: Path) -> None:
    (folder / "not_lesions_clinic" / "images" / "hand1.jpg").unlink()
    with pytest.raises(DatasetError, match=r"there is no image .*hand1\.jpg"):
        not_lesions.read(folder, parts("ham10000", "milk10k"))


def test_a_network_learns_on_four_of_five_fitted_pictures(folder: Path) -> None:
    found = not_lesions.read(folder, parts("ham10000", "milk10k"))
    learnt, kept = not_lesions.learnt(found), not_lesions.unlearnt(found)
    assert sorted(learnt + kept) == sorted(found.fitted)
    assert not set(learnt) & set(kept)
    assert [len(learnt), len(kept)] == [4, 2]

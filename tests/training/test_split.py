from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models.labels import LesionClass
from training.dataset import Sample
from training.errors import DatasetError
from training.split import SPLITS, Part, assign, extend, leaks, read_split, sources_of, widest, write_split

# by class: how many images each lesion has
lesions = st.dictionaries(
    st.sampled_from(LesionClass), st.lists(st.integers(1, 3), min_size=3, max_size=40), min_size=1, max_size=7
)


def samples_of(counts: dict[LesionClass, list[int]]) -> list[Sample]:
    return [
        Sample(f"{label.code}-{number}-{image}", f"{label.code}-{number}", label, Path("none.jpg"))
        for label, images in counts.items()
        for number, count in enumerate(images)
        for image in range(count)
    ]


@given(counts=lesions, share=st.floats(0.01, 0.4), seed=st.integers(0, 99))
def test_every_lesion_has_one_part_and_every_class_is_in_all_parts(
    counts: dict[LesionClass, list[int]], share: float, seed: int
) -> None:
    samples = samples_of(counts)
    by_image = assign(samples, share, seed)
    assert set(by_image) == {sample.image_id for sample in samples}
    parts = {sample.lesion_id: by_image[sample.image_id] for sample in samples}
    assert all(parts[sample.lesion_id] is by_image[sample.image_id] for sample in samples)
    for label, images in counts.items():
        found = [part for lesion, part in parts.items() if lesion.startswith(f"{label.code}-")]
        assert set(found) == set(Part)
        for held_out in (Part.VALIDATION, Part.CALIBRATION):
            assert abs(found.count(held_out) - share * len(images)) <= 1.0 or found.count(held_out) == 1


@settings(max_examples=20, deadline=None)
@given(counts=lesions)
def test_a_written_split_reads_back_without_leaks(
    tmp_path_factory: pytest.TempPathFactory, counts: dict[LesionClass, list[int]]
) -> None:
    samples = samples_of(counts)
    parts = assign(samples, 0.1, 1)
    path = tmp_path_factory.mktemp("split") / "split.csv"
    write_split(path, samples, parts)
    read = read_split(path, samples)
    assert sorted(sample.image_id for part in read.values() for sample in part) == sorted(s.image_id for s in samples)
    for part, members in read.items():
        assert all(parts[sample.image_id] is part for sample in members)
    assert not leaks(path)


def test_a_split_by_image_says_that_it_leaks(tmp_path: Path) -> None:
    samples = samples_of({label: [3] * 10 for label in LesionClass})
    parts = assign(samples, 0.2, 1, leaky=True)
    assert all(list(parts.values()).count(part) == 42 for part in (Part.VALIDATION, Part.CALIBRATION))  # 7 × 0.2 × 30
    write_split(tmp_path / "leaky.csv", samples, parts, leaky=True)
    assert leaks(tmp_path / "leaky.csv")
    read = read_split(tmp_path / "leaky.csv", samples)
    trained_on = {sample.lesion_id for sample in read[Part.TRAIN]}
    assert any(sample.lesion_id in trained_on for sample in read[Part.VALIDATION])
    write_split(tmp_path / "false.csv", samples, parts)  # the same split under an honest split's heading
    with pytest.raises(DatasetError, match="is in both"):
        read_split(tmp_path / "false.csv", samples)


def test_the_draw_does_not_depend_on_the_order_of_the_images() -> None:
    samples = samples_of({label: [1, 2] * 10 for label in LesionClass})
    assert assign(samples, 0.1, 5) == assign(samples[::-1], 0.1, 5)
    assert assign(samples, 0.1, 5) != assign(samples, 0.1, 6)


def test_a_class_too_small_to_split_is_an_error() -> None:
    with pytest.raises(DatasetError, match="class df has 2 lesions"):
        assign(samples_of({LesionClass.DF: [1, 5]}), 0.1, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("", "no row for b"),
        ("b,l,calibration\n", "b: lesion l is in both train and calibration"),
        ("b,l,test\n", "'test' is not a valid Part"),
    ],
)
def test_a_wrong_split_file_is_an_error_that_names_the_image(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "split.csv"
    path.write_text(f"image_id,lesion_id,part\na,l,train\n{row}")
    samples = [Sample(name, "l", LesionClass.NV, Path("none.jpg")) for name in "ab"]
    with pytest.raises(DatasetError, match=message):
        read_split(path, samples)


def test_the_committed_split_is_of_the_whole_of_ham10000_and_no_lesion_leaks() -> None:
    home: dict[str, set[str]] = {}
    rows = (SPLITS / "ham10000_v1.csv").read_text().splitlines()[1:]
    for row in rows:
        _, lesion, part = row.split(",")
        home.setdefault(lesion, set()).add(part)
    assert len(rows) == 10013  # 10015 less ISIC_0029861 and ISIC_0029938
    assert len(home) == 7470
    assert all(len(parts) == 1 for parts in home.values())
    assert [path.name for path in SPLITS.iterdir() if leaks(path)] == ["ham10000_leaky.csv"]


def new(source: str, number: int, label: LesionClass = LesionClass.BCC, lesion: str = "") -> Sample:
    name = f"{source}-{label.code}-{number}"
    return Sample(name, lesion or name, label, Path("none.jpg"), source=source)


def test_an_extended_split_leaves_known_lesions_and_what_shows_them_where_they_are() -> None:
    known = {f"HAM_{number}": list(Part)[number % 3] for number in range(9)}
    home = [Sample(f"H{number}", f"HAM_{number}", LesionClass.NV, Path("none.jpg")) for number in range(9)]
    linked = [new("milk10k", number, LesionClass.NV, f"HAM_{number}") for number in range(9)]
    drawn = [new("milk10k", number) for number in range(20, 60)]
    parts = extend(known, [*home, *linked, *drawn], 0.15, 1)
    assert all(parts[sample.image_id] is known[sample.lesion_id] for sample in [*home, *linked])
    counts = [sum(parts[sample.image_id] is part for sample in drawn) for part in Part]
    assert counts == [28, 6, 6]


def test_an_extended_split_draws_every_finding_of_every_source() -> None:
    samples = [
        new(source, number, label)
        for source in ("milk10k", "isic2017")
        for label in (LesionClass.MEL, LesionClass.BKL)
        for number in range(10)
    ]
    parts = extend({}, samples, 0.1, 3)
    for source in ("milk10k", "isic2017"):
        for label in (LesionClass.MEL, LesionClass.BKL):
            some = [parts[s.image_id] for s in samples if s.source == source and s.label is label]
            assert (some.count(Part.VALIDATION), some.count(Part.CALIBRATION)) == (1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_twins_stay_together_and_with_a_known_lesion(seed: int) -> None:
    samples = [new("isic2017", number) for number in range(30)]
    names = [sample.image_id for sample in samples]
    pairs = [(names[0], names[1]), (names[2], names[1]), ("IL_known", names[5])]
    parts = extend({"IL_known": Part.CALIBRATION}, samples, 0.3, seed, pairs)
    assert len({parts[name] for name in names[:3]}) == 1
    assert parts[names[5]] is Part.CALIBRATION


def test_the_committed_split_of_all_sources_extends_the_first() -> None:
    def rows(name: str) -> dict[str, dict[str, str]]:
        with (SPLITS / f"{name}.csv").open(encoding="utf-8") as stream:
            return {row["image_id"]: row for row in csv.DictReader(stream)}

    first, second = rows("ham10000_v1"), rows("v2")
    assert all(second[name]["part"] == row["part"] for name, row in first.items())
    home: dict[str, str] = {}
    for row in second.values():
        assert home.setdefault(row["lesion_id"], row["part"]) == row["part"]
    assert sources_of(SPLITS / "v2.csv") == {"ham10000", "milk10k", "isic2017"}
    assert sources_of(SPLITS / "ham10000_v1.csv") == {"ham10000"}
    for source in ("milk10k", "isic2017"):
        assert {row["part"] for row in second.values() if row["source"] == source} == {str(part) for part in Part}


def test_members_of_two_splits_go_together_where_one_holds_the_other(tmp_path: Path) -> None:
    assert widest(["ham10000_v1", "v2"]) == "v2"
    with pytest.raises(DatasetError, match="other parts of the split ham10000_leaky than of v2"):
        widest(["ham10000_leaky", "v2"])
    for name, rows in (("a", ["I1,L1,train"]), ("b", ["I1,L1,validation", "I2,L2,train"])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["image_id,lesion_id,part", *rows]) + "\n")
    with pytest.raises(DatasetError, match="other parts of the split a than of b"):
        widest(["a", "b"], tmp_path)

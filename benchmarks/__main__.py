"""`python -m benchmarks COMMAND`: what a user waits for, and why. README.md beside this file explains every command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.documents import check_writable
from benchmarks.faults import command as faults
from benchmarks.fuzz import command as fuzz
from edge_models.errors import EdgeModelError
from kiosk.errors import KioskError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of `argv` (None: of the process); 1 where a bound is broken, 2 where nothing can be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the kiosk on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_latency(commands)
    screen = commands.add_parser("screen", help="live picture and tap to painted, in a real browser")
    screen.add_argument("--taps", type=int, default=40)
    screen.add_argument("--preview-s", type=float, default=20.0, help="how long the live picture is watched")
    screen.add_argument("--records", type=Path, metavar="DIR", help="save every result on this folder's disk first")
    screen.add_argument("--json", type=Path, metavar="FILE", help="raw samples and machine")
    screen.set_defaults(command=_screen)
    rule = commands.add_parser("rule", help="how labelled pictures end in the kiosk, and whether it contradicts itself")
    rule.add_argument("--data", type=Path, default=os.environ.get("DERMAKIOSK_DATA"), help="default: DERMAKIOSK_DATA")
    rule.add_argument("--bundle", type=Path, metavar="DIR", help="default: the one that ships")
    rule.add_argument("--limit", type=int, help="pictures of each set at most")
    rule.add_argument("--json", type=Path, metavar="FILE", help="for `python -m training evaluate --kiosk`")
    rule.set_defaults(command=_rule)
    painted = commands.add_parser("painted", help="captures of the phantom camera, for `training calibrate --painted`")
    painted.add_argument("folder", type=Path)
    painted.add_argument("--pictures", type=int, default=240, help="(%(default)s)")
    painted.set_defaults(command=_painted)
    patients = commands.add_parser("patients", help="taps and seconds of patients in a row, in a real browser")
    patients.add_argument("--patients", type=int, default=10, help="of each way of working (%(default)s)")
    patients.set_defaults(command=_patients)
    _add_peers(commands)
    _add_project(commands)
    _add_wrong_pictures(commands)
    _add_records(commands)
    fuzz.add(commands)
    faults.add(commands)
    options = parser.parse_args(argv)
    try:
        for name in ("json", "svg", "output"):
            check_writable(getattr(options, name, None))
        return int(options.command(options))
    except (RuntimeError, OSError, EdgeModelError, KioskError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


def _add_latency(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    latency = commands.add_parser("latency", help="shutter to assessment by stage: cold, warm and sustained")
    latency.add_argument("--captures", type=int, default=100, help="warm ones (%(default)s)")
    latency.add_argument("--minutes", type=float, default=0.0, help="go on for so long, watching heat and clock")
    latency.add_argument("--cold", type=int, default=5, help="fresh processes up to their first result (%(default)s)")
    latency.add_argument("--bundle", type=Path, metavar="DIR", help="default: the one that ships")
    latency.add_argument("--budget-ms", type=float, help="exit code 1 where the warm p95 is over it")
    latency.set_defaults(command=_latency)
    device = commands.add_parser("device", help="the whole set in ten minutes: a file to send back, and a page")
    device.add_argument("--minutes", type=float, default=4.0, help="of the sustained part (%(default)s)")
    device.add_argument("--accuracy", type=Path, metavar="FILE", help="from training (default: the bundle's own)")
    device.set_defaults(command=_device)
    for command in (latency, device):
        command.add_argument("--camera", metavar="SOURCE", default="phantom", help="as dermakiosk run (%(default)s)")
        command.add_argument("--engine", default="auto", help="auto, cpu or edgetpu (%(default)s)")
    latency.add_argument("--json", type=Path, metavar="FILE", help="raw samples and machine")
    device.add_argument("--json", type=Path, metavar="FILE", default=Path("device.json"), help="(%(default)s)")
    compare = commands.add_parser("compare", help="two latency files: what is a change, what is noise")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    compare.set_defaults(command=_compare)
    report = commands.add_parser("report", help="one self-contained HTML page")
    report.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="from device, latency, screen, peers; accuracy tables"
    )
    report.add_argument("-o", "--output", type=Path, metavar="FILE", required=True)
    report.set_defaults(command=_report)
    targets = commands.add_parser("targets", help="the goals, and what files say of them")
    targets.add_argument("files", nargs="+", type=Path, metavar="FILE", help="from device, latency, screen, peers")
    targets.set_defaults(command=_targets)
    reference = commands.add_parser("reference", help="what is normal for a board: made anew, or compared with")
    reference.add_argument("file", type=Path, nargs="?", help="from device (default: the suites are run now)")
    reference.add_argument("--compare", action="store_true", help="change nothing; exit code 1 where a ratio is out")
    reference.set_defaults(command=_reference)


def _add_wrong_pictures(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    gate = commands.add_parser("gate", help="real pictures, blurred, drawn over, in round fields: what passes")
    gate.add_argument("--pictures", type=int, default=40, help="of each data set (%(default)s)")
    gate.add_argument("--plain", type=int, default=0, help="of each, as they are; 0 for all (%(default)s)")
    gate.set_defaults(command=_gate)
    damage = commands.add_parser("damage", help="damaged image files by kind: refused, or read as a wrong picture")
    damage.add_argument("--pictures", type=int, default=10, help="(%(default)s)")
    damage.set_defaults(command=_damage)
    for command in (gate, damage):
        command.add_argument("--data", type=Path, metavar="DIR", help="default: what DERMAKIOSK_DATA names")


def _data(options: argparse.Namespace) -> Path:
    folder = options.data or os.environ.get("DERMAKIOSK_DATA")
    if not folder:
        raise RuntimeError("real pictures are needed: name their folder with --data or DERMAKIOSK_DATA")
    return Path(folder)


def _gate(options: argparse.Namespace) -> int:
    from benchmarks.gate import measure, plain, table

    data = _data(options)
    print(table(plain(data, options.plain), measure(data, options.pictures)))
    return 0


def _patients(options: argparse.Namespace) -> int:
    from benchmarks.patients import measure, table

    print(table(measure(options.patients)))
    return 0


def _painted(options: argparse.Namespace) -> int:
    from benchmarks.painted import write

    write(options.folder, options.pictures)
    return 0


def _damage(options: argparse.Namespace) -> int:
    from benchmarks.damage import measure, table

    print(table(measure(_data(options), options.pictures)))
    return 0


def _latency(options: argparse.Namespace) -> int:
    from benchmarks.latency import Options, measure, table

    try:
        wanted = Options(
            options.camera, options.engine, options.bundle, options.captures, options.minutes, options.cold
        )
    except ValueError as error:
        raise RuntimeError(str(error)) from error
    document = measure(wanted)
    print(table(document))
    if options.json:
        _write(options.json, document)
    if options.budget_ms is None:
        return 0
    p95 = document["summary"]["warm"]["total"]["p95"]
    within = p95 <= options.budget_ms
    print(f"\nwarm p95 {p95:.0f} ms is {'within' if within else 'OVER'} the budget of {options.budget_ms:g} ms")
    return 0 if within else 1


def _device(options: argparse.Namespace) -> int:
    from benchmarks import latency, peers, reference, screen, targets
    from benchmarks.device import measure
    from benchmarks.report import page

    given = _accuracy(options.accuracy)
    document = measure(options.camera, options.engine, options.minutes, lambda words: print(words, flush=True))
    _write(options.json, document)
    model_id = document["latency"]["bundle"]["model_id"]
    shown = options.json.with_suffix(".html")
    shown.write_text(page([document, *(given or _accuracy_of(model_id))]), encoding="utf-8")
    print(latency.table(document["latency"]))
    if document["screen"]:
        print(f"\n{screen.table(document['screen'])}")
    if document["ratios"]:
        print(f"\n{reference.table(document['ratios'], None)}")
    if document["peers"]:
        print(f"\n{peers.table(document['peers'])}")
    print(f"\n{targets.table(targets.targets([document]))}")
    print(f"\n{shown} shows it; please send back {options.json}")
    return 0


def _accuracy(path: Path | None) -> list[dict[str, Any]]:
    """The accuracy table in a file; none where none is named."""
    from benchmarks import kinds
    from benchmarks.documents import read

    if path is None:
        return []
    document = read(path)
    if document["kind"] != kinds.ACCURACY:
        raise RuntimeError(f"{path} is no accuracy table")
    return [document]


def _accuracy_of(model_id: str) -> list[dict[str, Any]]:
    """The accuracy table that was published with a bundle, where there is one."""
    from benchmarks.accuracy import file_of

    return _accuracy(file_of(model_id))


def _compare(options: argparse.Namespace) -> int:
    from benchmarks.compare import caveats, compare, slowed_down, table
    from benchmarks.documents import latency_of, read

    before, after = (latency_of(read(path), path) for path in (options.before, options.after))
    for caveat in caveats(before, after):
        print(f"warning: {caveat}")
    differences = compare(before, after)
    print(table(differences))
    slower = slowed_down(differences)
    print("\na slow-down is confirmed" if slower else "\nno slow-down is confirmed")
    return 1 if slower else 0


def _report(options: argparse.Namespace) -> int:
    from benchmarks import kinds
    from benchmarks.documents import parts, read
    from benchmarks.report import page

    files = [read(path) for path in options.files]
    measured = [file for file in files if file["kind"] != kinds.ACCURACY]
    if len(measured) == len(files):
        models = dict.fromkeys(each["bundle"]["model_id"] for each in parts(measured, kinds.LATENCY))
        files += [found for model_id in models for found in _accuracy_of(model_id)]
    options.output.write_text(page(files), encoding="utf-8")
    return 0


def _targets(options: argparse.Namespace) -> int:
    from benchmarks import kinds
    from benchmarks.documents import read
    from benchmarks.targets import table, targets

    documents = [read(path) for path in options.files]
    found = targets([each for each in documents if each["kind"] != kinds.ACCURACY])
    print(table(found))
    return 0 if all(each.met for each in found) else 1


def _reference(options: argparse.Namespace) -> int:
    from benchmarks import reference

    ratios, about = _ratios(options.file)
    path = reference.file_for(about["machine"], about["engine"])
    if options.compare:
        if not path.exists():
            raise RuntimeError(f"this board has no reference yet: python -m benchmarks reference writes {path.name}")
        known = reference.load(path)
        print(reference.table(ratios, known))
        return 1 if reference.strange(reference.judge(ratios, known)) else 0
    document = reference.new_reference(ratios, about["machine"], about["engine"], about["bundle"])
    _write(path, document)
    print(f"{reference.table(ratios, document)}\n{path}")
    return 0


def _ratios(file: Path | None) -> tuple[Mapping[str, float], Mapping[str, Any]]:
    """The suites' ratios, and machine, engine and bundle: of a device's file, or measured now."""
    from benchmarks import device
    from benchmarks.documents import latency_of, read

    if file is None:
        return device.suite_ratios(), device.about()
    document = read(file)
    found = latency_of(document, file)
    if not document.get("ratios"):
        raise RuntimeError(f"{file} holds no ratios: python -m benchmarks device makes one that does")
    return document["ratios"], found


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _screen(options: argparse.Namespace) -> int:
    from benchmarks.screen import measure, table

    document = measure(options.taps, options.preview_s, options.records)
    print(table(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def _rule(options: argparse.Namespace) -> int:
    from benchmarks.rule import measure, table

    if options.data is None:
        raise RuntimeError("name the data folder with --data or DERMAKIOSK_DATA")
    measured = measure(options.bundle, Path(options.data), options.limit)
    print(table(measured))
    if options.json:
        _write(options.json, measured)
    return 1 if measured["contradictions"] else 0


def _add_peers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from benchmarks.peer import SCALINGS

    peers = commands.add_parser("peers", help="the released network in every engine that could run it")
    peers.add_argument("--bundle", type=Path, metavar="DIR", help="default: the one that ships")
    peers.add_argument("--images", type=Path, metavar="DIR", help="default: pictures of the phantom camera")
    peers.add_argument("--labels", type=Path, metavar="CSV", help="columns image_id and dx, for balanced accuracy")
    peers.add_argument("--limit", type=int, default=200, help="pictures at most (%(default)s)")
    peers.add_argument("--threads", type=int, default=1, help="of each engine within one inference (%(default)s)")
    peers.add_argument("--rounds", type=int, default=3, help="over all pictures, in turns (%(default)s)")
    peers.add_argument("--third-party", type=Path, metavar="TFLITE", help="another classifier, run by LiteRT")
    peers.add_argument("--size", type=int, default=224, help="of its input, in pixels (%(default)s)")
    peers.add_argument("--scaling", choices=SCALINGS, default=SCALINGS[0], help="of its input (%(default)s)")
    peers.add_argument("--classes", metavar="CODE,…", help="its class order (default: the bundle's)")
    peers.add_argument("--json", type=Path, metavar="FILE", help="raw samples and machine")
    peers.add_argument("--svg", type=Path, metavar="FILE", help="the table as a plot")
    peers.set_defaults(command=_peers)


def _peers(options: argparse.Namespace) -> int:
    from benchmarks import peer_pictures
    from benchmarks.peers import ThirdParty, measure, table

    if options.images:
        pictures = peer_pictures.from_folder(options.images, options.labels, options.limit)
    else:
        pictures = peer_pictures.phantoms(min(options.limit, 16))
    other = None
    if options.third_party:
        other = ThirdParty.from_options(options.third_party, options.size, options.scaling, options.classes)
    document = measure(options.bundle, pictures, other, threads=options.threads, rounds=options.rounds)
    print(table(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if options.svg:
        from benchmarks.peers_plot import svg

        options.svg.write_text(svg(document), encoding="utf-8")
    return 0


def _add_project(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from benchmarks.projection import COUNTS, REFERENCE

    project = commands.add_parser("project", help="stage times on Raspberry Pi boards, projected from instructions")
    project.add_argument("--counts", type=Path, default=COUNTS, metavar="FILE", help="from benchmarks/arm64/run.sh")
    project.add_argument("--out", type=Path, default=REFERENCE, metavar="DIR", help="for the boards' files")
    project.set_defaults(command=_project)


def _project(options: argparse.Namespace) -> int:
    from benchmarks.projection import table, write_all

    try:
        counts = json.loads(options.counts.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuntimeError(f"{options.counts} cannot be read ({error}): benchmarks/arm64/run.sh makes it") from error
    print(table(write_all(counts, options.out)))
    return 0


def _add_records(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    records = commands.add_parser("records", help="the encrypted store: save, open, search, back up, power cuts")
    records.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="on the disk to measure (here)")
    records.add_argument("--examinations", type=int, default=100_000, help="in the searched store (%(default)s)")
    records.add_argument("--saves", type=int, default=200, help="timed, with a picture of 3 MB (%(default)s)")
    records.add_argument("--backed-up", type=int, default=200, help="pictures of 3 MB in the backup (%(default)s)")
    records.add_argument("--cuts", type=int, default=0, help="power cuts to replay (%(default)s)")
    records.add_argument("--json", type=Path, metavar="FILE", help="raw samples and machine")
    records.set_defaults(command=_records)
    encoding = commands.add_parser("encoding", help="what keeping pictures as JPEGs costs the model, bytes and time")
    encoding.add_argument("--data", type=Path, metavar="DIR", help="default: what DERMAKIOSK_DATA names")
    encoding.add_argument("--limit", type=int, help="pictures at most")
    encoding.set_defaults(command=_encoding)


def _encoding(options: argparse.Namespace) -> int:
    from benchmarks.encoding import measure, table

    print(table(measure(_data(options), options.limit)))
    return 0


def _records(options: argparse.Namespace) -> int:
    from benchmarks.records import measure, met, table

    document = measure(options.folder, options.examinations, options.saves, options.backed_up, options.cuts)
    print(table(document))
    if options.json:
        _write(options.json, document)
    return 0 if met(document) else 1


if __name__ == "__main__":
    sys.exit(main())

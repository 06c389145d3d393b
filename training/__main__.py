"""From HAM10000 to a published bundle: prepare, train, quantize, views, calibrate, evaluate, publish, in this order."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from training.config import RunConfig, load_config
from training.dataset import (
    CLASS_ORDER,
    Sample,
    read_ham10000,
    read_isic2018_validation,
    read_not_lesions,
    read_rgb,
    targets,
)
from training.errors import RunError, TrainingError
from training.split import SPLITS, Part, assign, read_split, write_split

REPRESENTATIVE_PICTURES = 300
PICTURES_FOR_ROUNDING = 70


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DERMAKIOSK_DATA"),
        help="folder that holds ham10000/, isic2018_task3_val/ and not_lesions/ (default: DERMAKIOSK_DATA)",
    )

    prepare = commands.add_parser("prepare", parents=[data], help="check every image and draw a split")
    prepare.add_argument("split", type=Path, help="the CSV file to write")
    prepare.add_argument("--held-out", type=float, default=0.1, help="share of the lesions for validation, and again")
    prepare.add_argument("--seed", type=int, default=1)
    prepare.set_defaults(command=_prepare)

    train = commands.add_parser("train", parents=[data], help="train, or go on from the run's checkpoint")
    train.add_argument("config", type=Path, help="a file like those in training/configs/")
    train.add_argument("--run", type=Path, help="the run's folder (default: runs/<name of the config>)")
    train.add_argument(
        "--weights",
        type=Path,
        default=os.environ.get("DERMAKIOSK_WEIGHTS"),
        help="Keras' ImageNet weights of MobileNetV2 without the top (default: DERMAKIOSK_WEIGHTS)",
    )
    train.set_defaults(command=_train)

    quantize = commands.add_parser("quantize", parents=[data], help="write a run's full-int8 .tflite")
    quantize.add_argument("run", type=Path)
    quantize.set_defaults(command=_quantize)

    views = commands.add_parser("views", parents=[data], help="validation accuracy by number of inferences")
    views.add_argument("runs", type=Path, nargs="+", metavar="run", help="quantized runs, the members")
    views.set_defaults(command=_views)

    calibrate = commands.add_parser("calibrate", parents=[data], help="fit a draft bundle on the calibration part")
    calibrate.add_argument("runs", type=Path, nargs="+", metavar="run", help="quantized runs, the members")
    calibrate.add_argument("--id", required=True, help="the model's name; the draft goes to runs/<id>/")
    calibrate.add_argument("--zooms", type=float, nargs="+", default=[1.0])
    calibrate.add_argument("--orientations", type=int, choices=(1, 2, 4, 8), default=8)
    calibrate.add_argument("--into", type=Path, default=Path("runs"))
    calibrate.set_defaults(command=_calibrate)

    evaluate = commands.add_parser("evaluate", parents=[data], help="measure a draft on what it was not fitted on")
    evaluate.add_argument("draft", type=Path, help="runs/<id>")
    evaluate.set_defaults(command=_evaluate)

    publish = commands.add_parser("publish", help="seal an evaluated draft with its model card")
    publish.add_argument("draft", type=Path, help="runs/<id>")
    publish.add_argument("--into", type=Path, help="where bundles live (default: edge_models/bundles)")
    publish.set_defaults(command=_publish)
    return parser


def _prepare(options: argparse.Namespace) -> None:
    samples, missing = read_ham10000(_data(options))
    for sample in samples:
        read_rgb(sample.path)
    write_split(options.split, samples, assign(samples, options.held_out, options.seed))
    print(f"{len(samples)} images, missing: {', '.join(missing) or 'none'}")
    for part, members in read_split(options.split, samples).items():
        counts = (f"{label.code} {sum(sample.label is label for sample in members)}" for label in CLASS_ORDER)
        print(f"{part:12} {len(members):6}  {', '.join(counts)}")


def _train(options: argparse.Namespace) -> None:
    from training.train import train

    config = load_config(options.config)
    run = options.run or Path("runs") / options.config.stem
    run.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(options.config, run / "config.toml")
    parts = _parts(options, config.split)
    train(config, run, parts[Part.TRAIN], parts[Part.VALIDATION], options.weights)


def _quantize(options: argparse.Namespace) -> None:
    import numpy as np

    from edge_models.preprocess import View
    from training.deploy import fold, round_kernels
    from training.inference import run_networks
    from training.metrics import balanced_accuracy
    from training.model import load_trained
    from training.quantize import quantize, representative_pictures
    from training.train import predict_logits
    from training.views import ZOOMS, make_views

    config = _config(options.run)
    parts = _parts(options, config.split)
    trained, step = load_trained(options.run, config.model)
    size = config.model.size_px
    pictures = representative_pictures(
        parts[Part.TRAIN], make_views(ZOOMS, 8), size, REPRESENTATIVE_PICTURES, config.train.seed
    )
    deployed = fold(trained, config.model)
    round_kernels(deployed, pictures[:PICTURES_FOR_ROUNDING])
    content = quantize(deployed, pictures)
    path = _network(options.run)
    path.write_bytes(content)
    validation = parts[Part.VALIDATION]
    real = predict_logits(trained, validation, View(), size).argmax(axis=1)
    evidence = run_networks([content], [sample.path for sample in validation], [View()], size)
    integer = evidence.log_softmax[:, 0, 0].argmax(axis=1)
    truth = targets(validation)
    print(f"{path}: {len(content)} bytes, step {step} of {config.train.steps}")
    print(f"validation, one view: balanced accuracy float {balanced_accuracy(real, truth):.4f}, ", end="")
    print(f"int8 {balanced_accuracy(integer, truth):.4f}, same class {np.mean(real == integer):.1%}")


def _views(options: argparse.Namespace) -> None:
    from training.inference import run_networks
    from training.views import ZOOMS, make_views, view_table

    networks, size, split = _members(options.runs)
    validation = _parts(options, split)[Part.VALIDATION]
    views = make_views(ZOOMS, 8)
    evidence = run_networks(list(networks.values()), [sample.path for sample in validation], views, size)
    print("inferences  orientations  balanced accuracy  zooms")
    for zooms, orientations, figure in view_table(evidence.log_softmax, targets(validation), views):
        print(f"{len(networks) * len(zooms) * orientations:10}  {orientations:12}  {figure:17.4f}  {zooms}")


def _calibrate(options: argparse.Namespace) -> None:
    from training.draft import write_draft
    from training.views import make_views

    networks, size, split = _members(options.runs)
    photos = read_not_lesions(_data(options))
    write_draft(
        folder=_draft(options.into / options.id),
        model_id=options.id,
        members=networks,
        views=make_views(options.zooms, options.orientations),
        size=size,
        split=split,
        parts=_parts(options, split),
        not_lesions=photos[::2],
    )
    print(f"{_draft(options.into / options.id)} is sealed")


def _evaluate(options: argparse.Namespace) -> None:
    from edge_models import bundle as bundles
    from training.draft import read_document
    from training.evaluate import evaluate

    draft = _draft(options.draft)
    lesions: dict[str, Sequence[Sample]] = {
        "validation": _parts(options, read_document(draft)["split"])[Part.VALIDATION],
        "isic2018_validation": read_isic2018_validation(_data(options)),
    }
    figures = evaluate(draft, bundles.load(draft).manifest.decision, lesions, read_not_lesions(_data(options))[1::2])
    report = {"manifest_sha256": _fingerprint(draft), "figures": figures}
    _report(options.draft).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def _publish(options: argparse.Namespace) -> None:
    from edge_models import bundle as bundles
    from training.publish import publish

    draft = _draft(options.draft)
    if not _report(options.draft).is_file():
        raise RunError(f"{options.draft} was not evaluated: run `python -m training evaluate` first")
    report = json.loads(_report(options.draft).read_text(encoding="utf-8"))
    if report["manifest_sha256"] != _fingerprint(draft):
        raise RunError(f"{_report(options.draft)} is about another draft: run `python -m training evaluate` again")
    model_id = bundles.load(draft).manifest.model_id
    print(publish(draft, report["figures"], (options.into or bundles.BUNDLES) / model_id))


def _data(options: argparse.Namespace) -> Path:
    if options.data is None:
        raise RunError("name the data folder with --data or DERMAKIOSK_DATA")
    return Path(options.data)


def _parts(options: argparse.Namespace, split: str) -> dict[Part, list[Sample]]:
    samples, _ = read_ham10000(_data(options))
    return read_split(SPLITS / f"{split}.csv", samples)


def _config(run: Path) -> RunConfig:
    return load_config(run / "config.toml")


def _network(run: Path) -> Path:
    return run / f"{run.resolve().name}_int8.tflite"


def _draft(release: Path) -> Path:
    return release / "bundle"


def _report(release: Path) -> Path:
    return release / "figures.json"


def _fingerprint(draft: Path) -> str:
    import hashlib

    return hashlib.sha256((draft / "manifest.json").read_bytes()).hexdigest()


def _members(runs: Sequence[Path]) -> tuple[dict[str, bytes], int, str]:
    """The members' bytes by file name, their input size and the split that all were trained with."""
    configs = [_config(run) for run in runs]
    if len({(config.model.size_px, config.split) for config in configs}) != 1:
        raise RunError("members must share input size and split")
    for run in runs:
        if not _network(run).is_file():
            raise RunError(f"{run} is not quantized: run `python -m training quantize` first")
    return {_network(run).name: _network(run).read_bytes() for run in runs}, configs[0].model.size_px, configs[0].split


if __name__ == "__main__":
    raise SystemExit(main())

"""What can be said on the command line of `python -m training`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from training.archives import ISIC2017, MILK10K
from training.views import ORIENTATIONS

Command = Callable[[argparse.Namespace], None]
_CROPS = "zooms, 1.2 or, in neutral light, 1.2:neutral"


def make_parser(description: str | None, steps: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser of all steps; `command` of what it parsed runs the one that was named.

    Args:
        description: of the whole.
        steps: what runs, by the step's name.
    """
    parser = argparse.ArgumentParser(prog="python -m training", description=description)
    commands = parser.add_subparsers(required=True, metavar="command")
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DERMAKIOSK_DATA"),
        help="folder that holds ham10000/, isic2018_task3_val/ and not_lesions/ (default: DERMAKIOSK_DATA)",
    )
    _add_learning(commands, data)
    _add_choosing(commands, data)
    _add_releasing(commands, data)
    for name, command in commands.choices.items():
        command.set_defaults(command=steps[name])
    return parser


def _add_learning(commands: argparse._SubParsersAction[argparse.ArgumentParser], data: argparse.ArgumentParser) -> None:
    prepare = commands.add_parser("prepare", parents=[data], help="check every image and draw a split")
    prepare.add_argument("split", type=Path, help="the CSV file to write")
    prepare.add_argument("--held-out", type=float, default=0.1, help="share of the lesions for validation, and again")
    prepare.add_argument("--seed", type=int, default=1)
    prepare.add_argument(
        "--by",
        choices=("lesion", "image"),
        default="lesion",
        help="what is drawn; a split by image leaks, and is only to show what leakage would claim",
    )

    prepare.add_argument("--extends", type=Path, help="an earlier split of HAM10000, whose lesions stay where they are")
    prepare.add_argument(
        "--sources",
        nargs="+",
        choices=(MILK10K, ISIC2017),
        default=[MILK10K, ISIC2017],
        help="the sets that --extends adds",
    )

    recover = commands.add_parser("recover", parents=[data], help="float weights of a published member, to go on from")
    recover.add_argument("member", type=Path, help="its .tflite file in a bundle")
    recover.add_argument("--split", default="ham10000_v1", help="whose training part gives BatchNorm its statistics")
    recover.add_argument("--into", type=Path, help="the folder (default: training/weights/recovered_<name>)")

    keep = commands.add_parser("keep", help="commit-ready weights and logs of a finished run: training/weights/<run>/")
    keep.add_argument("run", type=Path)

    train = commands.add_parser("train", parents=[data], help="train, or go on from the run's checkpoint")
    train.add_argument("config", type=Path, help="a file like those in training/configs/")
    train.add_argument("--run", type=Path, help="the run's folder (default: runs/<name of the config>)")
    train.add_argument(
        "--weights",
        type=Path,
        default=os.environ.get("DERMAKIOSK_WEIGHTS"),
        help="Keras' ImageNet weights of MobileNetV2 without the top (default: DERMAKIOSK_WEIGHTS)",
    )

    quantize = commands.add_parser("quantize", parents=[data], help="write a run's full-int8 .tflite")
    quantize.add_argument("run", type=Path)


def _add_choosing(commands: argparse._SubParsersAction[argparse.ArgumentParser], data: argparse.ArgumentParser) -> None:
    views = commands.add_parser("views", parents=[data], help="validation accuracy by number of inferences")
    views.add_argument("runs", type=Path, nargs="+", metavar="run", help="quantized runs, the members")

    seen = argparse.ArgumentParser(add_help=False)
    seen.add_argument("--crops", nargs="+", help=f"{_CROPS} (default: 1)")
    seen.add_argument(
        "--orientations", type=int, choices=tuple(ORIENTATIONS), help="of each crop: turned and mirrored (default: 4)"
    )

    members = commands.add_parser("members", parents=[data, seen], help="what every set of runs is worth together")
    members.add_argument("runs", type=Path, nargs="+", metavar="run", help="quantized runs")

    calibrate = commands.add_parser(
        "calibrate", parents=[data, seen], help="fit a draft bundle on the calibration part"
    )
    calibrate.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="run",
        help="quantized runs, the members; or a bundle's folder, for its members and, where --crops and --orientations "
        "say nothing, its views",
    )
    calibrate.add_argument("--id", required=True, help="the model's name; the draft goes to runs/<id>/")
    calibrate.add_argument("--into", type=Path, default=Path("runs"))
    calibrate.add_argument(
        "--painted",
        type=Path,
        metavar="DIR",
        help="from `python -m benchmarks painted`: what the simulated camera shows is to be familiar too",
    )

    seeds = commands.add_parser("seeds", parents=[data], help="what other calibration lesions would have made of it")
    seeds.add_argument("bundle", type=Path, help="folder of a sealed bundle or draft")

    ablations = commands.add_parser("ablations", parents=[data], help="what each run gained over a baseline")
    ablations.add_argument("baseline", type=Path, help="the run to compare with")
    ablations.add_argument("runs", type=Path, nargs="*", metavar="run")
    ablations.add_argument("--into", type=Path, help="the table (default: training/ablations.csv, which reports show)")

    leakage = commands.add_parser("leakage", parents=[data], help="what a split by image would claim")
    leakage.add_argument("honest", type=Path, help="a run on a split by lesion")
    leakage.add_argument("leaky", type=Path, help="a run that differs from it in nothing but a split by image")
    leakage.add_argument("--into", type=Path, help="the table (default: training/leakage.csv, which reports show)")


def _add_releasing(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], data: argparse.ArgumentParser
) -> None:
    evaluate = commands.add_parser("evaluate", parents=[data], help="measure a draft on what it was not fitted on")
    evaluate.add_argument("draft", type=Path, help="runs/<id>")
    evaluate.add_argument(
        "--runs",
        type=Path,
        nargs="+",
        default=[],
        metavar="run",
        help="quantized runs with their checkpoints, one a member: what the integers cost the whole assessment",
    )
    evaluate.add_argument(
        "--integers-of",
        type=Path,
        metavar="BUNDLE",
        help="in the place of --runs: take that over from a bundle of the same members, views and calibration",
    )
    evaluate.add_argument(
        "--kiosk",
        type=Path,
        metavar="FILE",
        help="from `python -m benchmarks rule`: how often the kiosk's quality gate asks for another picture",
    )

    report = commands.add_parser("report", parents=[data], help="all figures of a bundle with plots, for people")
    report.add_argument("bundle", type=Path, help="runs/<id>, or the folder of a published bundle")
    report.add_argument(
        "--runs",
        type=Path,
        nargs="+",
        default=[],
        metavar="run",
        help="the members' runs: their configurations and logs are kept beside the report",
    )
    report.add_argument("--into", type=Path, default=Path("docs/model"), help="the report goes to <into>/<id>/")

    publish = commands.add_parser("publish", help="seal an evaluated draft with its model card")
    publish.add_argument("draft", type=Path, help="runs/<id>")
    publish.add_argument("--fast", action="store_true", help="as the fast bundle, beside the main one that ships")
    publish.add_argument(
        "--into",
        type=Path,
        help="where the bundle goes, beside others (default: edge_models/bundles, in the place of what ships)",
    )

    plots = commands.add_parser("plots", parents=[data], help="give a published bundle the plots that the kiosk draws")
    plots.add_argument("bundle", type=Path, help="its folder; it is sealed again, its networks as they are")

"""From HAM10000 to a published bundle: the steps in their order.

prepare, train, quantize, views, members, calibrate, evaluate, report, publish; ablations and leakage set runs side by
side.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_models.errors import EdgeModelError
from edge_models.preprocess import View
from training import not_lesions
from training.archives import ISIC2017, MILK10K, read_milk10k
from training.dataset import HAM10000, Sample, read_not_lesions, read_painted, read_rgb, targets
from training.errors import RunError, TrainingError
from training.options import Command, make_parser
from training.runs import (
    is_bundle,
    keep_logs,
    keep_run,
    open_run,
    read_config,
    read_members,
    runs_of,
    views_of,
)
from training.sources import by_source, read_official_validation, read_sources, read_training_images
from training.split import SPLITS, Part, leaks, read_split, sources_of
from training.views import CROPS, crop_name, make_views, read_crop, view_table

_DATA_SETS = {
    "validation": "held-out lesions",
    "isic2018_validation": "official validation",
    MILK10K: "MILK10k, held out",
    ISIC2017: "ISIC 2017, held out",
}
"""What figures are of, as manifests name it and as people read it."""
_GATED = ("validation", "isic2018_validation")
"""What is also counted through the kiosk's gate (`benchmarks rule`), and studied in the report."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = make_parser(__doc__, _STEPS).parse_args(arguments)
    try:
        options.command(options)
    except (TrainingError, EdgeModelError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _prepare(options: argparse.Namespace) -> None:
    from training.prepare import prepare

    prepare(_data(options), options.split, options.held_out, options.seed, options.by, options.extends, options.sources)


def _train(options: argparse.Namespace) -> None:
    from training.runs import restore

    run = options.run or Path("runs") / options.config.stem
    config = open_run(options.config, run)
    if restore(run):
        print(f"{run} is finished: its weights are those in training/weights/{run.name}")
        return
    parts = _parts(options, config.split)
    if config.train.sources:
        try:
            from training.torch_train import train_run
        except ImportError as error:
            raise RunError(f"training on several sources runs on PyTorch ({error}): pip install torch") from error

        validation: dict[str, list[Sample]] = dict(by_source(parts[Part.VALIDATION]))
        validation["official"] = read_official_validation(_data(options))
        learnt = not_lesions.learnt(not_lesions.read(_data(options), parts)) if config.train.negatives else []
        train_run(config, run, parts[Part.TRAIN], validation, learnt)
    else:
        from training.train import train

        train(config, run, parts[Part.TRAIN], parts[Part.VALIDATION], options.weights)


def _recover(options: argparse.Namespace) -> None:
    from training.recover import recover

    parts = _parts(options, options.split)
    recover(options.member, parts[Part.TRAIN], parts[Part.CALIBRATION], options.into)


def _keep(options: argparse.Namespace) -> None:
    print(f"{keep_run(options.run)} is to be committed")


def _quantize(options: argparse.Namespace) -> None:
    from training.quantized_run import quantize_run

    quantize_run(options.run, _parts(options, read_config(options.run).split))


def _views(options: argparse.Namespace) -> None:
    from training.inference import run_networks

    networks, sizes, split = read_members(options.runs)
    validation = _parts(options, split)[Part.VALIDATION]
    views = make_views(CROPS, 8)
    evidence = run_networks(list(networks.values()), [sample.path for sample in validation], views, sizes)
    print("inferences  orientations  balanced accuracy  crops")
    for choice, figure in view_table(evidence.log_softmax, targets(validation), views):
        crops = " ".join(crop_name(crop) for crop in choice.crops)
        print(f"{choice.inferences:10}  {choice.orientations:12}  {figure:17.4f}  {crops}")


def _members(options: argparse.Namespace) -> None:
    import numpy as np
    from numpy.typing import NDArray

    from reporting.document import Table, to_markdown
    from training.calibrate import prevalence_of, source_odds
    from training.inference import run_networks
    from training.members import member_table, to_rows
    from training.robustness import other_camera

    networks, sizes, split = read_members(options.runs)
    parts = _parts(options, split)
    every = by_source([sample for samples in parts.values() for sample in samples])
    home = every.get(HAM10000) or next(iter(every.values()))
    calibration = parts[Part.CALIBRATION]
    held_out = by_source([sample for sample in parts[Part.VALIDATION] if not sample.finding])
    first = held_out.pop(home[0].source)
    lesions: dict[str, Sequence[Sample]] = {
        "calibration lesions": calibration,
        "held-out lesions": first,
        "official validation": read_official_validation(_data(options)),
        **{_DATA_SETS[source]: samples for source, samples in held_out.items()},
    }
    pictures: dict[str, Sequence[Path | NDArray[np.uint8]]] = {
        part: [sample.path for sample in samples] for part, samples in lesions.items()
    }
    elsewhere = "held-out lesions, other cameras"
    lesions[elsewhere] = first
    pictures[elsewhere] = [other_camera(number)(read_rgb(sample.path)) for number, sample in enumerate(first)]
    views = _views_of(options)
    table = member_table(
        {
            part: run_networks(list(networks.values()), some, views, sizes).log_softmax
            for part, some in pictures.items()
        },
        {part: targets(samples) for part, samples in lesions.items()},
        "calibration lesions",
        prevalence_of(targets(home)),
        source_odds(
            [sample.source for sample in calibration],
            {source: targets(some) for source, some in every.items()},
            home[0].source,
        ),
    )
    print(f"{len(views)} views a member: balanced accuracy / accuracy / log loss / malignant AUC")
    print(to_markdown([Table(to_rows(table, [run.name for run in options.runs]))]), end="")


def _calibrate(options: argparse.Namespace) -> None:
    from training.draft import write_draft

    networks, sizes, split = read_members(options.runs)
    parts = _parts(options, split)
    as_published = options.crops is None and options.orientations is None and all(map(is_bundle, options.runs))
    write_draft(
        folder=_draft(options.into / options.id),
        model_id=options.id,
        members=networks,
        views=views_of(options.runs) if as_published else _views_of(options),
        sizes=sizes,
        split=split,
        parts=parts,
        not_lesions=not_lesions.read(_data(options), parts).fitted,
        painted=read_painted(options.painted) if options.painted else [],
    )
    print(f"{_draft(options.into / options.id)} is sealed")


def _evaluate(options: argparse.Namespace) -> None:
    from edge_models import bundle as bundles
    from edge_models.plots import FILE, to_json
    from training.draft import FIGURES, integers_of, read_document, write_figures
    from training.evaluate import OTHER_FINDINGS, evaluate, other_figures
    from training.integers import judge_in_float
    from training.levels import read_retakes
    from training.shown import measure

    draft = _draft(options.draft)
    lesions = _lesions(options, draft)
    manifest = bundles.load(draft).manifest
    runs = runs_of(draft, options.runs) if options.runs else []
    taken_over = integers_of(options.integers_of, draft) if options.integers_of else {}
    gated = {name: lesions[name] for name in _GATED}
    retakes = read_retakes(options.kiosk, gated) if options.kiosk else {}
    real = {name: judge_in_float(runs, manifest, samples) for name, samples in lesions.items() if runs}
    others = not_lesions.read(_data(options), _parts(options, read_document(draft)["split"])).judged
    figures = evaluate(draft, manifest, lesions, others, real)
    if MILK10K in lesions:
        figures[OTHER_FINDINGS] = other_figures(draft, read_milk10k(_data(options), lesions["validation"]).others)
    for name in lesions:
        figures[name] |= {"integers": taken_over[name]} if name in taken_over else {}
        figures[name] |= {"retakes": retakes[name]} if name in retakes else {}
    write_figures(options.draft / FIGURES, draft, figures)
    plots = measure(draft, lesions["validation"], _parts(options, read_document(draft)["split"])[Part.TRAIN])
    (options.draft / FILE).write_bytes(to_json(plots))
    print(json.dumps(figures, indent=2))


def _report(options: argparse.Namespace) -> None:
    from edge_models import bundle as bundles
    from reporting.document import write
    from training import ablations, leakage
    from training.draft import FIGURES, read_document, read_figures
    from training.report import accuracy_by_inferences, report

    draft = _draft(options.bundle).is_dir()
    bundle = _draft(options.bundle) if draft else options.bundle
    loaded = bundles.load(bundle)
    runs = runs_of(bundle, options.runs) if options.runs else []
    figures = read_figures(options.bundle / FIGURES, bundle) if draft else read_document(bundle).get("figures", {})
    measured = {_DATA_SETS.get(name, name): of_it for name, of_it in figures.items()}
    # every study is of thousands of inferences: other sources' figures are those that evaluate measured
    sets = _lesions(options, bundle)
    lesions = {_DATA_SETS[name]: sets[name] for name in _GATED}
    accuracy = accuracy_by_inferences(loaded, lesions["held-out lesions"])
    blocks = report(
        bundle,
        lesions,
        read_not_lesions(_data(options))[1::2],
        accuracy=accuracy,
        measured=measured,
        leakage=leakage.read() if leakage.TABLE.exists() else [],
        ablations=ablations.read() if ablations.TABLE.exists() else [],
    )
    folder = options.into / loaded.manifest.model_id
    write(blocks, folder)
    keep_logs(runs, folder / "runs")
    rows = ",\n".join(json.dumps(row) for row in accuracy)
    (folder / "accuracy.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")
    print(f"{folder / 'report.md'}, report.html and accuracy.json are written")


def _seeds(options: argparse.Namespace) -> None:
    from reporting.document import Table, to_markdown
    from training.draft import read_document
    from training.seeds import measure, to_rows

    parts = _parts(options, read_document(options.bundle)["split"])
    print(to_markdown([Table(to_rows(measure(options.bundle, parts)))]), end="")


def _ablations(options: argparse.Namespace) -> None:
    from reporting.document import Table, to_markdown
    from training.ablations import TABLE, compare, to_cells, write

    rows = compare(options.baseline, options.runs, read_training_images(_data(options))[0], SPLITS)
    write(rows, options.into or TABLE)
    print(to_markdown([Table(to_cells(rows))]), end="")


def _leakage(options: argparse.Namespace) -> None:
    from reporting.document import Table, to_markdown
    from training.leakage import TABLE, claims, write
    from training.report_costs import leakage_table

    rows = claims(options.honest, options.leaky, read_training_images(_data(options))[0], SPLITS)
    write(rows, options.into or TABLE)
    print(to_markdown([Table(leakage_table(rows))]), end="")


def _publish(options: argparse.Namespace) -> None:
    from edge_models import bundle as bundles
    from edge_models import shipped
    from edge_models.plots import FILE, parse
    from training.draft import FIGURES, read_document, read_figures
    from training.publish import publish, retire_others

    draft = _draft(options.draft)
    figures = read_figures(options.draft / FIGURES, draft)
    split = read_document(draft)["split"]
    if leaks(SPLITS / f"{split}.csv"):
        raise RunError(f"{draft} was made with {split}, which is a split by image: its figures are worth nothing")
    model_id = bundles.load(draft).manifest.model_id
    folder = (options.into or shipped.BUNDLES) / (shipped.FAST if options.fast else model_id)
    measured = options.draft / FILE
    plots = parse(measured.read_bytes()) if measured.is_file() else None
    if plots is None:  # evaluated before there were plots
        print(f"no {measured}: the kiosk draws nothing of this bundle until `python -m training plots {folder}`")
    print(publish(draft, figures, folder, plots))
    if options.into is None:
        for other in retire_others(folder):
            print(f"{other} shipped before and is removed; git keeps it")


def _plots(options: argparse.Namespace) -> None:
    from training.draft import read_document
    from training.publish import add_plots
    from training.shown import measure

    held_out = _lesions(options, options.bundle)["validation"]
    trained_on = _parts(options, read_document(options.bundle)["split"])[Part.TRAIN]
    print(add_plots(options.bundle, measure(options.bundle, held_out, trained_on)))


def _views_of(options: argparse.Namespace) -> tuple[View, ...]:
    return make_views([read_crop(name) for name in options.crops or ["1"]], options.orientations or 4)


def _data(options: argparse.Namespace) -> Path:
    if options.data is None:
        raise RunError("name the data folder with --data or DERMAKIOSK_DATA")
    return Path(options.data)


def _parts(options: argparse.Namespace, split: str) -> dict[Part, list[Sample]]:
    path = SPLITS / f"{split}.csv"
    return read_split(path, read_sources(_data(options), sources_of(path)))


def _lesions(options: argparse.Namespace, bundle: Path) -> dict[str, list[Sample]]:
    """The samples of those `_DATA_SETS` that the bundle's split has, by name."""
    from training.draft import read_document

    held_out = by_source(_parts(options, read_document(bundle)["split"])[Part.VALIDATION])
    first = held_out.pop(HAM10000, [])
    return {"validation": first, "isic2018_validation": read_official_validation(_data(options)), **held_out}


def _draft(release: Path) -> Path:
    return release / "bundle"


_STEPS: dict[str, Command] = {
    "prepare": _prepare,
    "train": _train,
    "recover": _recover,
    "keep": _keep,
    "quantize": _quantize,
    "views": _views,
    "members": _members,
    "calibrate": _calibrate,
    "seeds": _seeds,
    "evaluate": _evaluate,
    "report": _report,
    "ablations": _ablations,
    "leakage": _leakage,
    "publish": _publish,
    "plots": _plots,
}


if __name__ == "__main__":
    raise SystemExit(main())

"""One self-contained HTML page of latency documents: no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks import charts, documents, kinds, peers, targets
from benchmarks.accuracy import Choice, shipped_choice
from benchmarks.board import THROTTLED_NOW, memory_words
from benchmarks.latency import stage_samples
from benchmarks.peers_plot import svg as peers_plot
from reporting.document import Block, Heading, Plot, Table, Text, to_html

STAGES = {
    "capture": "shutter → the full picture is in memory. The phantom camera paints its picture in this time; "
    "a sensor exposes",
    "reduce": "the camera's large picture, halved by area as often as neither gate nor model loses by it",
    "quality": "focus, exposure, glare, what is in view: what it takes longer than preprocess, which runs at the same "
    "time",
    "preprocess": "crop, resize and quantise",
    "invoke": "every view through every member, spread over the cores",
    "calibrate": "pooling, calibration, conformal prediction set, out-of-distribution score",
    "explain": "the activation map, put upright",
    "other": "the total less all of these: threads handing over, advice",
}
"""From what to what each stage of a capture goes, in the order of their work; README.md has the same."""


def page(files: Sequence[Mapping[str, Any]]) -> str:
    """The page for documents that `benchmarks.documents.read` gave: the goals, a part for each run of latency, peers.

    Raises:
        RuntimeError: none of them holds latencies.
    """
    choices = [choice for file in files if file["kind"] == kinds.ACCURACY for choice in file["choices"]]
    measured = [file for file in files if file["kind"] != kinds.ACCURACY]
    screens = [file for file in measured if file["kind"] == kinds.SCREEN]
    runs = [
        (file["latency"], file["screen"]) if file["kind"] == kinds.DEVICE else (file, screens[0] if screens else None)
        for file in measured
        if file["kind"] in (kinds.DEVICE, kinds.LATENCY)
    ]
    if not runs:
        raise RuntimeError("a report needs a file from `python -m benchmarks latency` or `device`")
    blocks: list[Block] = [
        Heading(1, "Dermakiosk: proof of speed"),
        Text(
            "From shutter to assessment, on the machines named below. Every number comes from raw samples in the files."
        ),
        Heading(2, "Goals"),
        Text("Set for a machine of two x86 cores. “python -m benchmarks COMMAND” measures."),
        _goals(measured),
    ]
    for number, (latency, screen) in enumerate(runs, 1):
        blocks += _run(number, latency, screen, choices)
    for number, document in enumerate(documents.parts(measured, kinds.PEERS), 1):
        blocks += _peers(number, document)
    return to_html(blocks)


def _goals(measured: Sequence[Mapping[str, Any]]) -> Table:
    said = {True: "met", False: "not met", None: "not told"}
    rows = [
        (each.figure, each.goal, each.found or "–", said[each.met], each.command) for each in targets.targets(measured)
    ]
    return Table([("figure", "goal", "found", "met?", "command"), *rows], words=True)


def _run(
    number: int, latency: Mapping[str, Any], screen: Mapping[str, Any] | None, choices: Sequence[Choice]
) -> list[Block]:
    summary = latency["summary"]
    stages = {name: figures for name, figures in summary["warm"].items() if name != "total"}
    marks = {name: summary["warm"]["total"][name] for name in ("p50", "p95")}
    histogram = charts.histogram(stage_samples(latency["warm"])["total"], marks)
    return [
        Heading(2, f"{latency['machine']['model']}, {latency['machine']['cores']} cores"),
        Text(_engine(latency)),
        _key_figures(summary, screen),
        Heading(3, "Where the time goes"),
        Text(f"The mean of {len(latency['warm'])} warm captures, one stage after another."),
        Plot(f"stages_{number}", "mean time of each stage", charts.waterfall(stages)),
        Table([("stage", "from … to"), *((name, STAGES[name]) for name in stages)], words=True),
        Text("Milliseconds, warm:"),
        _stage_table(summary["warm"]),
        Heading(3, "How long a capture takes"),
        Text("Warm captures from shutter to assessment."),
        Plot(f"captures_{number}", "how many captures took how long", histogram),
        Heading(3, "Over time"),
        Text(_over_time_words(latency)),
        Plot(f"time_{number}", "time of every capture", _over_time(latency["sustained"] or latency["warm"])),
        *_minutes(summary["by_minute"]),
        Heading(3, "Accuracy against time"),
        *_accuracy(number, latency, choices),
        Heading(3, "What was measured"),
        _facts(latency),
    ]


def _key_figures(summary: Mapping[str, Any], screen: Mapping[str, Any] | None) -> Table:
    total, memory = summary["warm"]["total"], summary["memory"]
    rows = [(f"shutter to assessment, warm, {name}", f"{total[name]:.0f} ms") for name in ("p50", "p95")]
    if summary["cold"]:
        rows.append(("process start to first result, p50", f"{summary['cold']['p50'] / 1e3:.1f} s"))
    if screen:
        rows.append(("tap to painted, p95", f"{screen['tap_to_painted_ms']['p95']:.0f} ms"))
        rows.append(("live pictures drawn", f"{screen['preview']['frames_per_s']:.0f}/s"))
        rows.append(("memory of server and models", f"{screen['server_memory']['resident_mib']:.0f} MiB"))
    rows.append(
        (f"memory without the server, after {memory['captures']} captures", f"{memory['resident_mib']:.0f} MiB")
    )
    return Table([("figure", "measured"), *rows])


def _stage_table(stages: Mapping[str, Mapping[str, float]]) -> Table:
    columns = ("p50", "p95", "p99", "max")
    rows = [
        (stage, *(f"{figures[column]:.2f}" for column in columns), f"{figures['share']:.1%}")
        for stage, figures in stages.items()
    ]
    return Table([("stage", *columns, "share"), *rows])


def _minutes(minutes: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What each minute of a sustained run was like."""
    rows = [
        (
            f"{each['minute'] + 1}",
            f"{each['captures']}",
            *(f"{each[name]:.1f}" for name in ("p50", "p95", "max")),
            "not told" if each["hottest_c"] is None else f"{each['hottest_c']:.0f} °C",
            "not told" if each["slowest_mhz"] is None else f"{each['slowest_mhz']:.0f} MHz",
            f"{each['throttled']}",
        )
        for each in minutes
    ]
    head = ("minute", "captures", "p50 ms", "p95 ms", "max ms", "hottest", "clock down to", "throttled")
    return [Table([head, *rows])] if rows else []


def _over_time(samples: Sequence[Mapping[str, Any]]) -> str:
    shown = [sample for sample in samples if "invoke" in sample["timings_ms"]]
    return charts.over_time(
        [sample["at_s"] / 60 for sample in shown],
        [sample["timings_ms"]["total"] for sample in shown],
        [bool((sample["throttle_flags"] or 0) & THROTTLED_NOW) for sample in shown],
        [sample["temperature_c"] for sample in shown],
        [sample["clock_mhz"] for sample in shown],
    )


def _over_time_words(latency: Mapping[str, Any]) -> str:
    board = latency["summary"]["board"]
    words = "Every capture of the sustained run" if latency["sustained"] else "Every warm capture"
    silent = [
        name
        for name, value in {"temperature": board["hottest_c"], "clock": board["slowest_mhz"]}.items()
        if value is None
    ]
    note = f" This machine does not tell its {' or '.join(silent)}." if silent else ""
    red = " Red crosses: the board throttled." if board["throttled"] else ""
    return f"{words}.{red}{note}"


def _accuracy(number: int, latency: Mapping[str, Any], choices: Sequence[Choice]) -> list[Block]:
    """Every choice of the accuracy table at the time that its inferences would take here; a chart for each split."""
    if not choices:
        return [Text("Left out: no accuracy table was given, and this bundle has none.")]
    by_member = _inference_ms(latency)
    rest_ms = _rest_ms(latency)
    blocks: list[Block] = [
        Text(
            "Each point is a choice of networks (members), crops of the picture, and turned or mirrored copies "
            f"(orientations) of each crop. Its time is that of its inferences here, with all cores at work "
            f"({', '.join(f'{ms:.2f}' for ms in by_member)} ms, by member), and everything else of a capture "
            f"({rest_ms:.1f} ms)."
        )
    ]
    for place, split in enumerate(dict.fromkeys(choice.split for choice in choices), 1):
        mine = [choice for choice in choices if choice.split == split]
        points = _points(latency, mine)
        title = f"Balanced accuracy against time, {split}"
        shipped = [at for at, point in enumerate(points) if point.ships]
        shown = sorted({*charts.front(points), *shipped}, key=[point.ms for point in points].__getitem__)
        rows = [
            (
                f"{points[at].ms:.0f}",
                f"{points[at].value:.3f}",
                " + ".join(name.removesuffix("_int8.tflite") for name in mine[at].members)
                + (" (ships)" if points[at].ships else ""),
                ", ".join(mine[at].crops),
                f"{mine[at].orientations}",
            )
            for at in shown
        ]
        blocks += [
            Text(f"On {split}:"),
            Plot(f"accuracy_{number}_{place}", title, charts.accuracy(points)),
            Text("What nothing quicker reaches, and what ships:"),
            Table([("ms", "balanced accuracy", "networks", "crops", "orientations"), *rows], words=True),
        ]
    return blocks


def _points(latency: Mapping[str, Any], choices: Sequence[Choice]) -> list[charts.Point]:
    """Each choice at the time that its inferences would take here, with everything else of a capture."""
    by_member = _inference_ms(latency)
    names = max((choice.members for choice in choices), key=len)
    mean_ms = sum(by_member) / len(by_member)
    # of another bundle's table it is not known whose inference is whose
    each_ms = dict(zip(names, by_member, strict=True)) if len(names) == len(by_member) else {}
    shipped = shipped_choice(latency["bundle"]["model_id"], choices)
    return [
        charts.Point(
            len(choice.members),
            _rest_ms(latency) + sum(each_ms.get(name, mean_ms) for name in choice.members) * choice.views,
            choice.balanced_accuracy,
            choice is shipped,
        )
        for choice in choices
    ]


def _rest_ms(latency: Mapping[str, Any]) -> float:
    """Everything of the median capture but its inferences."""
    stages = latency["summary"]["warm"]
    return float(stages["total"]["p50"] - stages["invoke"]["p50"])


def _inference_ms(latency: Mapping[str, Any]) -> list[float]:
    """What of the median invoke falls to one inference of each member, in proportion to their own times."""
    own = np.mean([sample["inferences_ms"] for sample in latency["warm"] if sample["inferences_ms"]], axis=(0, 2))
    share = own / own.sum() / latency["bundle"]["views"]
    return [float(ms) for ms in latency["summary"]["warm"]["invoke"]["p50"] * share]


def _engine(latency: Mapping[str, Any]) -> str:
    engine, bundle = latency["engine"], latency["bundle"]
    return (
        f"{engine['runtime']} on {engine['device']}, {engine['threads']} threads; {bundle['model_id']}, "
        f"{bundle['members']} × {bundle['views']} inferences; camera: {latency['camera']}"
    )


def _facts(latency: Mapping[str, Any]) -> Table:
    machine = latency["machine"]
    facts = {
        "Architecture": machine["architecture"],
        "Governor": machine["governor"] or "not known",
        "Memory": f"{machine['memory_mib']} MiB",
        "System": f"{machine['os']}, Python {machine['python']}",
        "Libraries": ", ".join(f"{name} {version}" for name, version in machine["packages"].items()),
        "Commit": machine["commit"] or "not known",
        "Engine": " ".join(str(value) for value in latency["engine"].values() if value),
        "Cold starts": ", ".join(f"{run['total']:.2f} s" for run in latency["cold"]) or "not measured",
        "Resident memory": f"{memory_words(latency['summary']['memory'])}; station and model, no web server",
        "Refused by the gate": f"{latency['summary']['refused']} captures, left out above",
    }
    return Table([("what", "value"), *facts.items()], words=True)


def _peers(number: int, document: Mapping[str, Any]) -> list[Block]:
    fastest = document["peers"][0]["latency_ms"]["p50"]
    head = (
        "peer", "p50 ms", "p95 ms", "× LiteRT", "agrees", "bal. acc.", "in RAM MiB", "engine MiB", "file MiB",
        "threads", "delegate", "engine",
    )  # fmt: skip
    rows = [
        (
            row["name"],
            f"{row['latency_ms']['p50']:.2f}",
            f"{row['latency_ms']['p95']:.2f}",
            f"{row['latency_ms']['p50'] / fastest:.1f}",
            f"{row['agreement']:.1%}",
            "–" if row["balanced_accuracy"] is None else f"{row['balanced_accuracy']:.3f}",
            f"{row['resident_mib']:.0f}",
            f"{row['runtime_mib']:.0f}",
            f"{row['model_mib']:.1f}",
            f"{row['threads']}",
            row["delegate"],
            row["engine"],
        )
        for row in document["peers"]
    ]
    return [
        Heading(2, "One network in every engine"),
        Text(f"{peers.conditions(document)}."),
        Plot(f"peers_{number}", "time of one inference by engine", peers_plot(document)),
        Table([head, *rows]),
        *(Text(f"Left out: {each['name']}: {each['why']}") for each in document["left_out"]),
    ]

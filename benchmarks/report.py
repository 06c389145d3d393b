"""One self-contained HTML page of latency documents: no script, no library, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import charts, documents, kinds, peers, targets
from benchmarks.accuracy import Choice
from benchmarks.board import THROTTLED_NOW, memory_words
from benchmarks.latency import stage_samples
from benchmarks.peers_plot import svg as peers_plot

_STYLE = Path(__file__).with_name("report.css")


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
    body = "\n".join(
        [
            _card(
                "Goals",
                "Set for a machine of two x86 cores; `python -m benchmarks` COMMAND measures.",
                _goals(measured),
            ),
            *(_run(latencies, painted, choices) for latencies, painted in runs),
            *(_peers(each) for each in documents.parts(measured, kinds.PEERS)),
        ]
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dermakiosk: proof of speed</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
<h1>Dermakiosk: proof of speed</h1>
<p>From shutter to assessment, on the machines named below. Every number comes from raw samples in the files.</p>
{body}
</main>
</body>
</html>
"""


def _goals(measured: Sequence[Mapping[str, Any]]) -> str:
    said = {True: "met", False: "not met", None: "not told"}
    rows = [
        (each.figure, each.goal, each.found or "–", said[each.met], each.command) for each in targets.targets(measured)
    ]
    return _table(("figure", "goal", "found", "", "command"), rows, "words")


def _peers(document: Mapping[str, Any]) -> str:
    fastest = document["peers"][0]["latency_ms"]["p50"]
    rows = [
        (
            row["name"],
            row["engine"],
            f"{row['threads']}",
            row["delegate"],
            f"{row['latency_ms']['p50']:.2f}",
            f"{row['latency_ms']['p95']:.2f}",
            f"{row['latency_ms']['p50'] / fastest:.1f}",
            f"{row['model_mib']:.1f}",
            f"{row['runtime_mib']:.0f}",
            f"{row['resident_mib']:.0f}",
            f"{row['agreement']:.1%}",
            "–" if row["balanced_accuracy"] is None else f"{row['balanced_accuracy']:.3f}",
        )
        for row in document["peers"]
    ]
    head = (
        "peer",
        "engine",
        "threads",
        "delegate",
        "p50 ms",
        "p95 ms",
        "× LiteRT",
        "file MiB",
        "engine MiB",
        "in RAM MiB",
    )
    left_out = "".join(
        f"<p>Left out: {escape(each['name'])}: {escape(each['why'])}</p>" for each in document["left_out"]
    )
    # inside a page an SVG needs no name space
    plot = peers_plot(document).replace(' xmlns="http://www.w3.org/2000/svg"', "")
    content = f'{_table((*head, "agrees", "bal. acc."), rows)}{left_out}<div class="light">{plot}</div>'
    return _card("One network in every engine", f"{peers.conditions(document)}.", content)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "numbers") -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _run(latency: Mapping[str, Any], screen: Mapping[str, Any] | None, choices: Sequence[Choice]) -> str:
    summary = latency["summary"]
    stages = {name: figures for name, figures in summary["warm"].items() if name != "total"}
    total = summary["warm"]["total"]
    marks = {name: total[name] for name in ("p50", "p95")}
    samples = latency["sustained"] or latency["warm"]
    parts = [
        f"<h2>{escape(latency['machine']['model'])}, {latency['machine']['cores']} cores</h2>",
        f"<p>{escape(_engine(latency))}</p>",
        _tiles(summary, screen),
        _card(
            "Where the time goes",
            f"The mean of {len(latency['warm'])} warm captures, one stage after another.",
            charts.waterfall(stages),
        ),
        _card("Stages", "Milliseconds, warm.", _stage_table(summary["warm"])),
        _card(
            "How long a capture takes",
            "Warm captures from shutter to assessment.",
            charts.histogram(stage_samples(latency["warm"])["total"], marks),
        ),
        _card("Over time", _over_time_words(latency), _over_time(samples) + _minutes(summary["by_minute"])),
        _accuracy(latency, choices),
        _card("What was measured", "", _facts(latency)),
    ]
    return f'<section class="run">\n{chr(10).join(parts)}\n</section>'


def _tiles(summary: Mapping[str, Any], screen: Mapping[str, Any] | None) -> str:
    total = summary["warm"]["total"]
    tiles = [(f"{total['p50']:.0f} ms", "shutter to assessment, p50"), (f"{total['p95']:.0f} ms", "p95, warm")]
    if summary["cold"]:
        tiles.append((f"{summary['cold']['p50'] / 1e3:.1f} s", "process start to first result"))
    if screen:
        tiles.append((f"{screen['tap_to_painted_ms']['p95']:.0f} ms", "tap to painted, p95"))
        tiles.append((f"{screen['preview']['frames_per_s']:.0f}/s", "live pictures drawn"))
        tiles.append((f"{screen['server_memory']['resident_mib']:.0f} MiB", "server and models, resident"))
    memory = summary["memory"]
    tiles.append((f"{memory['resident_mib']:.0f} MiB", f"without the server, after {memory['captures']} captures"))
    cells = "".join(f'<div class="tile"><b>{value}</b><span>{words}</span></div>' for value, words in tiles)
    return f'<div class="tiles">{cells}</div>'


def _card(title: str, words: str, content: str) -> str:
    said = f"<p>{escape(words)}</p>" if words else ""
    return f'<div class="card"><h2>{escape(title)}</h2>{said}\n{content}\n</div>'


def _stage_table(stages: Mapping[str, Mapping[str, float]]) -> str:
    columns = ("p50", "p95", "p99", "max")
    rows = [
        (stage, *(f"{figures[column]:.2f}" for column in columns), f"{figures['share']:.1%}")
        for stage, figures in stages.items()
    ]
    return _table(("stage", *columns, "share"), rows)


def _minutes(minutes: Sequence[Mapping[str, Any]]) -> str:
    """What each minute of a sustained run was like."""
    if not minutes:
        return ""
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
    return _table(("minute", "captures", "p50 ms", "p95 ms", "max ms", "hottest", "clock down to", "throttled"), rows)


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
    red = " Red: the board throttled." if board["throttled"] else ""
    return f"{words}.{red}{note}"


def _accuracy(latency: Mapping[str, Any], choices: Sequence[Choice]) -> str:
    """Every choice of the accuracy table at the time that its inferences would take here; a chart for each split."""
    title = "Accuracy against time"
    if not choices:
        return _card(title, "Left out: no accuracy table was given, and this bundle has none.", "")
    stages = latency["summary"]["warm"]
    names = max((choice.members for choice in choices), key=len)
    by_member = _inference_ms(latency)
    mean_ms = sum(by_member) / len(by_member)
    # of another bundle's table it is not known whose inference is whose
    each_ms = dict(zip(names, by_member, strict=True)) if len(names) == len(by_member) else {}
    rest_ms = stages["total"]["p50"] - stages["invoke"]["p50"]
    drawn = []
    for split in dict.fromkeys(choice.split for choice in choices):
        points = [
            charts.Point(
                choice.name,
                choice.details,
                rest_ms + sum(each_ms.get(name, mean_ms) for name in choice.members) * choice.views,
                choice.balanced_accuracy,
            )
            for choice in choices
            if choice.split == split
        ]
        drawn.append(f"<p>On {escape(split)}:</p>{charts.accuracy(points)}")
    words = (
        "Balanced accuracy of choices of members × crops × orientations. Their time is that of their inferences here, "
        f"with all cores at work ({', '.join(f'{ms:.2f}' for ms in by_member)} ms, by member), and everything else of "
        f"a capture ({rest_ms:.1f} ms)."
    )
    return _card(title, words, "".join(drawn))


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


def _facts(latency: Mapping[str, Any]) -> str:
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
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return f'<table class="facts words"><tbody>{rows}</tbody></table>'

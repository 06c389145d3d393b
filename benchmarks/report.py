"""One self-contained HTML page of latency documents: no script, no library, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks import charts, device, documents
from benchmarks.board import THROTTLED_NOW
from benchmarks.latency import stage_samples

_STYLE = Path(__file__).with_name("report.css")


def page(files: Sequence[Mapping[str, Any]]) -> str:
    """The page for documents that `benchmarks.documents.read` gave: a part for each run of latency.

    Raises:
        RuntimeError: none of them holds latencies.
    """
    accuracy = [row for file in files if file["kind"] == documents.ACCURACY for row in file["rows"]]
    runs = [
        (file["latency"], file["screen"]) if file["kind"] == device.KIND else (file, None)
        for file in files
        if file["kind"] != documents.ACCURACY
    ]
    if not runs:
        raise RuntimeError("a report needs a file from `python -m benchmarks latency` or `device`")
    body = "\n".join(_run(latency, screen, accuracy) for latency, screen in runs)
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


def _run(latency: Mapping[str, Any], screen: Mapping[str, Any] | None, accuracy: Sequence[Mapping[str, Any]]) -> str:
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
        _card("Over time", _over_time_words(latency), _over_time(samples)),
        _accuracy(latency, accuracy),
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
        tiles.append((f"{screen['server_resident_mib']:.0f} MiB", "server and models, resident"))
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
        f"<tr><td>{escape(stage)}</td>"
        + "".join(f"<td>{figures[column]:.2f}</td>" for column in columns)
        + f"<td>{figures['share']:.1%}</td></tr>"
        for stage, figures in stages.items()
    ]
    head = "".join(f"<th>{name}</th>" for name in ("stage", *columns, "share"))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


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
    red = " Red: the board throttled." if board["throttled_samples"] else ""
    return f"{words}.{red}{note}"


def _accuracy(latency: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Every row of the accuracy table at the time that its inferences would take here."""
    if not rows:
        return _card("Accuracy against time", "Left out: no accuracy table was given.", "")
    stages, bundle = latency["summary"]["warm"], latency["bundle"]
    each_ms = stages["invoke"]["p50"] / (bundle["members"] * bundle["views"])
    rest_ms = stages["total"]["p50"] - stages["invoke"]["p50"]
    points = [
        (str(row["name"]), rest_ms + each_ms * row["inferences"], float(row["balanced_accuracy"])) for row in rows
    ]
    words = "Balanced accuracy by number of inferences; their time is what one takes here, times their number."
    return _card("Accuracy against time", words, charts.accuracy(points))


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
        "Memory growth": f"{latency['summary']['memory']['growth_last_half']:+.1%} over the last half of the captures",
        "Refused by the gate": f"{latency['summary']['refused']} captures, left out above",
    }
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return f'<table class="facts"><tbody>{rows}</tbody></table>'

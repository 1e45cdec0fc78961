"""`scripts/bench [NAME…] [--rounds N] [--json FILE]`: runs the named benchmarks, or all that are quick enough."""

import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from bench import chart, drain, export, fanout, full, ingest, iot, latency, latest, overload, pages, storm, visible
from bench.fault import BenchError
from bench.report import Report
from bench.size import Size
from fieldline.embedded import mosquitto
from fieldline.embedded.part import PartError

BENCHMARKS: Mapping[str, Callable[[Size], Report]] = {
    "ingest": ingest.measure,
    "drain": drain.measure,
    "visible": visible.measure,
    "latency": latency.measure,
    "fanout": fanout.measure,
    "overload": overload.measure,
    "export": export.measure,
    "iot": iot.measure,
    "latest": latest.measure,
    "storm": storm.measure,
    "full": full.measure,
    "pages": pages.measure,
    "chart": chart.measure,
}
LONG = {"export", "full", "pages", "chart"}
"""Run only when named: filling the database takes as long as all others together."""
WIDTH = 160
"""Columns of a table where nothing says how wide the screen is, as in a file."""


def main(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help=" ".join(BENCHMARKS))] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each contestant runs, in turn")] = 5,
    messages: Annotated[
        int | None,
        typer.Option(min=4, help="messages of a flood or readings of export, instead of the benchmark's own"),
    ] = None,
    seconds: Annotated[int, typer.Option(min=4, help="how long overload takes, for each number of series")] = 60,
    stored: Annotated[int, typer.Option(min=1, help="readings that full has stored before")] = 50_000_000,
    trucks: Annotated[int, typer.Option(min=4, help="trucks of whose day iot asks")] = 200,
    json: Annotated[Path | None, typer.Option(help="also write all figures, round by round, to this file")] = None,
) -> None:
    """Run the benchmarks with their baselines and show medians."""
    if unknown := set(names or ()) - set(BENCHMARKS):
        sys.exit(f"bench: expected names among {', '.join(BENCHMARKS)}, got {', '.join(sorted(unknown))}")
    if not (mosquitto.find() and shutil.which("mosquitto_sub")):
        sys.exit("bench: expected mosquitto and mosquitto_sub, got none: apt-get install mosquitto mosquitto-clients")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # unwinds: nothing is left behind
    size = Size(rounds, messages, seconds, stored, trucks)
    reports = []
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    try:
        for name in names or [name for name in BENCHMARKS if name not in LONG]:
            reports.append(BENCHMARKS[name](size))
            reports[-1].show(console)
        console.print("Each figure is the median of the rounds; below it, where they differ, the least and the most.")
    except (BenchError, PartError) as error:
        sys.exit(f"bench: {error}")
    finally:
        if json:
            json.write_bytes(msgspec.json.format(msgspec.json.encode([report.document() for report in reports])))


if __name__ == "__main__":
    typer.run(main)

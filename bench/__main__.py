"""`scripts/bench [NAME…] [--json FILE]`: runs the named benchmarks, or all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from bench import ingest, latency
from bench.report import Report

BENCHMARKS: Mapping[str, Callable[[int], Report]] = {"ingest": ingest.measure, "latency": latency.measure}


def main(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help=" ".join(BENCHMARKS))] = None,
    rounds: Annotated[int, typer.Option(help="how often each contestant runs, in turn")] = 5,
    json: Annotated[Path | None, typer.Option(help="also write the figures to this file")] = None,
) -> None:
    """Run the benchmarks with their baselines and show medians."""
    if unknown := set(names or ()) - set(BENCHMARKS):
        raise SystemExit(f"bench: expected names among {', '.join(BENCHMARKS)}, got {', '.join(unknown)}")
    reports = [BENCHMARKS[name](rounds) for name in names or BENCHMARKS]
    for report in reports:
        report.show(Console())
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(reports)))


typer.run(main)

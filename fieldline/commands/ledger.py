"""`fieldline ledger`: what devices sent, what of it is stored, and what is missing."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from api.moment import milliseconds, parse
from bridge.live.match import Match
from fieldline.database import opened
from fieldline.embedded.part import PartError
from fieldline.ledger.entry import Entry, Ledger
from fieldline.ledger.ledger import CONNECTIONS, Question, take
from fieldline.printable import printable
from fieldline.running import first
from fieldline.settings import Settings
from fieldline.target import database_url as find_database

MISSING, UNTOLD = 1, 2
"""Codes it ends with: something is missing; nothing could be told."""
MEMORY = "64MB"
"""Of Postgres for each statement: the bitmap of some ten million numbers, before it goes to disk."""
WIDE = 200
"""Columns where the output is no terminal: nothing is cut off for a file."""
SHOWN = 3
"""Ranges of a device that fit into the table."""


def ledger(
    devices: Annotated[list[str] | None, typer.Argument(help="names, * matches anything [default: *]")] = None,
    since: Annotated[str | None, typer.Option("--from", help="as in the API: -1h, now, RFC 3339, ms")] = None,
    until: Annotated[str | None, typer.Option("--to", help="up to, not including")] = None,
    late: Annotated[float, typer.Option(min=0, help="seconds from measured to committed that are still in time")] = 60,
    ranges: Annotated[int, typer.Option(min=0, max=10_000, help="missing ranges to list for a device")] = 100,
    database_url: Annotated[str | None, typer.Option(help="setting FIELDLINE_DATABASE_URL")] = None,
    data: Annotated[Path | None, typer.Option(help="folder of a running `up` whose database to read")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,  # noqa: FBT002  Typer's way to a flag
) -> None:
    """Count per device what it sent and what is stored, from `seq`. Code 1 if anything is missing, 2 if that can't be told."""
    try:
        likes = Match(f"{device}/seq" for device in devices or ["*"]).likes
        window = [None if moment is None else parse(moment) for moment in (since, until)]
        url = find_database(database_url, data, Settings())
        taken = asyncio.run(_take(url, Question(likes, window[0], window[1], round(late * 1e6), ranges)))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (OSError, ValueError, PartError) as error:
        typer.echo(f"fieldline: {error}", err=True)
        raise typer.Exit(UNTOLD) from None
    if as_json:
        typer.echo(json.dumps(_document(taken, late), ensure_ascii=False))
    else:
        _print(taken, late)
    if taken.total().missing:
        raise typer.Exit(MISSING)


async def _take(url: str, question: Question) -> Ledger:
    async with opened(url, CONNECTIONS, work_mem=MEMORY) as database:
        try:
            with Bars() as bars:
                return await take(database, question, bars)
        except ExceptionGroup as group:
            raise first(group) from group


class Bars:
    """Progress on stderr, while that is a terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, devices: int, weeks: int) -> None:
        self._devices = self._progress.add_task("sequences, by device", total=devices)
        self._weeks = self._progress.add_task("late readings, by week", total=weeks)

    def counted(self, devices: int) -> None:
        self._progress.advance(self._devices, devices)

    def looked_through(self, weeks: int) -> None:
        self._progress.advance(self._weeks, weeks)


def _document(ledger: Ledger, late: float) -> dict[str, object]:
    return {
        "from": milliseconds(ledger.since),
        "to": milliseconds(ledger.until),
        "late_after": late,
        "devices": [_named(entry) | {"ranges": entry.ranges, "cut": entry.cut} for entry in ledger.entries],
        "not_sequences": [foreign._asdict() for foreign in ledger.foreign],
        **{name: value for name, value in _named(ledger.total()).items() if name != "device"},
    }


def _named(entry: Entry) -> dict[str, object]:
    names = ("device", "runs", "sent", "stored", "duplicate", "missing", "holes", "late")
    return {name: getattr(entry, name) for name in names}


def _print(ledger: Ledger, late: float) -> None:
    figures = ("runs", "sent", "stored", "duplicate", "missing", "late")
    table = Table("device", *[Column(name, justify="right") for name in figures], "missing numbers")
    for entry in ledger.entries:
        table.add_row(Text(printable(entry.device)), *[f"{getattr(entry, name):,}" for name in figures], _ranges(entry))
    table.add_section()
    total = ledger.total()
    table.add_row("all", *[f"{getattr(total, name):,}" for name in figures])
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(table)
    for foreign in ledger.foreign:
        console.print(f"{printable(foreign.device)}: not a sequence: {foreign.reason}", markup=False)
    cut = sum(entry.cut for entry in ledger.entries)
    if cut:
        console.print(f"of {cut} devices a run began before the window: it is counted from its first number in there")
    console.print(f"late: committed more than {late:g} s after it was measured")


def _ranges(entry: Entry) -> str:
    told = [f"{low}" if low == high else f"{low}-{high}" for low, high in entry.ranges[:SHOWN]]
    more = entry.holes - len(told)
    return ", ".join(told) + (f" and {more:,} more" if more and told else "")

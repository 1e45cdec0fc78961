"""`fieldline export`: readings into a file, whole or not at all."""

import os
import sys
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.database import Database
from api.form import File
from api.match import MatchQuery, matched
from api.merge import Span
from api.moment import EARLIEST, LATEST, parse
from api.problem import ProblemError
from bridge.live import cursor
from bridge.live.match import Match
from fieldline.embedded.part import PartError
from fieldline.imports.file import STANDARD, form_of
from fieldline.running import run
from fieldline.settings import Settings
from fieldline.target import database_url as find_database
from fieldline.whole import whole

BINARY = {"parquet", "arrow"}


@dataclass
class Wish:
    """What is to be exported, and what has become of it."""

    match: list[str]
    span: Span
    form: File
    readings: int = 0
    as_of: int = 0
    """The cursor of what is in it, once all is written."""


def export(
    file: Annotated[Path, typer.Argument(help="ends in .csv, .ndjson, .parquet or .arrow; - is the standard output")],
    match: Annotated[list[str] | None, typer.Option(help="device/metric, * matches anything [default: *]")] = None,
    since: Annotated[str | None, typer.Option("--from", help="as in the API: -1h, now, RFC 3339, ms")] = None,
    until: Annotated[str | None, typer.Option("--to", help="up to, not including")] = None,
    form: Annotated[File | None, typer.Option("--format", help="[default: as the file's name says]")] = None,
    database_url: Annotated[str | None, typer.Option(help="setting FIELDLINE_DATABASE_URL")] = None,
    data: Annotated[Path | None, typer.Option(help="folder of a running `up` whose database to read")] = None,
) -> None:
    """Write readings to a file with all that `fieldline import` needs, ordered by time. What is not whole leaves nothing."""
    first = EARLIEST if since is None else parse(since)
    last = LATEST if until is None else parse(until)
    if first > last:
        raise ValueError(f"expected --from before --to, got {since} and {until}")
    wish = Wish(list(Match(match or ["*"]).patterns), Span(first, last, "asc"), form or form_of(file))
    try:
        url = find_database(database_url, data, Settings())
        if file == STANDARD:
            _to_standard_output(url, wish)
        else:
            with whole(file) as place:
                _run(url, wish, place)
    except (PartError, ProblemError) as error:
        raise OSError(error.detail if isinstance(error, ProblemError) else str(error)) from error
    except BrokenPipeError:  # as in `fieldline export - | head`; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    typer.echo(f"fieldline: {wish.readings:,} readings, committed up to {cursor.encode(wish.as_of)}", err=True)


def _to_standard_output(url: str, wish: Wish) -> None:
    if wish.form in BINARY and sys.stdout.isatty():
        raise ValueError(f"expected a file or a pipe for {wish.form}, got a terminal")
    _run(url, wish, sys.stdout.buffer)
    sys.stdout.flush()


def _run(url: str, wish: Wish, place: BinaryIO) -> None:
    """Raises `Exit` when it was told to stop, so that the file is not taken for whole."""
    run(_export(url, wish, place))
    if not wish.as_of:
        raise typer.Exit(130)


async def _export(url: str, wish: Wish, place: BinaryIO) -> None:
    from api.export import file  # noqa: PLC0415  Arrow is half a second that a mistake in the options can do without

    async with Database(url) as database:
        as_of = await file.as_of_now(database)
        series = await matched(database, MatchQuery(match=wish.match))
        wanted = file.Export(list(series.values()), wish.span, as_of, sys.maxsize)
        with _bar() as bar:
            task = bar.add_task(f"{len(series):,} series", total=1.0, readings="")
            async with aclosing(file.write(database, wanted, wish.form, exact=True)) as pieces:
                async for piece in pieces:
                    place.write(piece.data)
                    wish.readings = piece.readings
                    rate = piece.readings / (bar.tasks[task].elapsed or 1)
                    bar.update(task, completed=piece.share, readings=f"{piece.readings:,} readings, {rate:,.0f}/s")
    wish.as_of = as_of


def _bar() -> Progress:
    """On stderr, while that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[readings]}"),
    )
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal)

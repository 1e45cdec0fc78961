"""`fieldline import`: readings out of files into the store, each once."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.form import File
from api.match import Kind
from bridge.store.store import Store
from fieldline import logs
from fieldline.database import opened
from fieldline.embedded.part import PartError
from fieldline.imports import file as files
from fieldline.imports.carry import Tally, carry
from fieldline.imports.entry import Bad, Name, NotReadableError
from fieldline.parts import make_limits
from fieldline.printable import printable
from fieldline.running import run
from fieldline.settings import Settings
from fieldline.target import database_url as find_database

KEPT_OUT, STOPPED = 1, 2
"""Codes it ends with: some lines are not stored; it could not go on."""
KNOWN = "SELECT device.name, series.metric, series.kind FROM series JOIN device ON device.id = series.device_id"


class Told:
    """What is said on stderr: the first bad lines, and how far it is, while that is a terminal."""

    def __init__(self, most: int) -> None:
        self.left = most
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self.bar = Progress(
            *columns,
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def bad(self, path: Path, bad: Bad) -> None:
        if self.left > 0:
            self.say(f"{path}:{bad.line}: {bad.why}")
        self.left -= 1

    def say(self, text: str) -> None:
        self.bar.console.print(f"fieldline: {printable(text)}", markup=False, highlight=False, soft_wrap=True)


def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="CSV, NDJSON, Parquet or Arrow; - is the standard input")
    ],
    form: Annotated[File | None, typer.Option("--format", help="[default: as a file's name says]")] = None,
    told: Annotated[int, typer.Option(min=0, help="bad lines that are told one by one")] = 20,
    database_url: Annotated[str | None, typer.Option(help="setting FIELDLINE_DATABASE_URL")] = None,
    data: Annotated[Path | None, typer.Option(help="folder of a running `up` whose database to write to")] = None,
) -> None:
    """Store the readings of files as if their devices said them again: what is there stays. Code 1 if any is kept out."""
    settings = Settings()
    logs.configure(settings)
    tally, telling, began = Tally(), Told(told), time.monotonic()
    try:
        forms = [form or files.form_of(path) for path in paths]
        url = find_database(database_url, data, settings)
        run(
            _import(url, list(zip(paths, forms, strict=True)), Store(url, limits=make_limits(settings)), tally, telling)
        )
    except (OSError, NotReadableError, PartError) as error:
        telling.say(str(error))
        raise typer.Exit(STOPPED) from None
    finally:
        if tally.lines:
            telling.say(_summary(tally, telling, time.monotonic() - began))
    if not tally.whole:
        raise typer.Exit(130)
    if tally.bad or tally.rejects:
        raise typer.Exit(KEPT_OUT)


async def _import(url: str, paths: list[tuple[Path, File]], store: Store, tally: Tally, telling: Told) -> None:
    try:
        with telling.bar:
            for path, form in paths:
                kinds = await _kinds(url)  # also of what the file before has brought
                await _file(path, form, kinds, store, tally, telling)
        tally.whole = True
    finally:
        await store.close()


async def _file(path: Path, form: File, kinds: Mapping[Name, Kind], store: Store, tally: Tally, telling: Told) -> None:
    with files.opened(path, form) as source:
        task = telling.bar.add_task(printable(path.name), total=source.total, rate="")

        def progress(done: int) -> None:
            rate = tally.lines / (telling.bar.tasks[0].elapsed or 1)
            telling.bar.update(task, completed=done, rate=f"{tally.lines:,} lines, {rate:,.0f}/s")

        await carry(source, kinds, store, tally, partial(telling.bad, path), progress)


async def _kinds(url: str) -> dict[Name, Kind]:
    """Kinds of the series there are, and at once a database that can't be had: the store itself would wait for it."""
    async with opened(url) as database:
        return {(device, metric): kind for device, metric, kind in await database.fetch(KNOWN)}


def _summary(tally: Tally, telling: Told, seconds: float) -> str:
    parts = [f"{tally.stored:,} stored", f"{tally.duplicate:,} there already"]
    parts += [f"{count:,} rejected ({reason})" for reason, count in sorted(tally.rejects.items())]
    if tally.bad:
        more = f", {-telling.left:,} of them not told" if telling.left < 0 else ""
        parts.append(f"{tally.bad:,} bad lines kept out{more}")
    return f"{tally.lines:,} lines: {', '.join(parts)}; {tally.lines / seconds:,.0f}/s"

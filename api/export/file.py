"""The whole file, from the series that are wanted to the last byte."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import NamedTuple

from api.database import Database
from api.export import read, stretch
from api.export.encoder import Encoder
from api.export.lines import Csv, Ndjson
from api.export.read import Reader
from api.export.run import Run, ends, join
from api.export.stretch import Stretch
from api.export.tables import arrow, parquet
from api.form import File
from api.match import Series
from api.merge import Span


class Piece(NamedTuple):
    """The next bytes, and how far they reach."""

    data: bytes
    readings: int
    """In the file so far."""
    share: float
    """Of the time between the first and the last reading, 0 to 1."""


class Export(NamedTuple):
    """What to export: readings of these series in this span, as of a cursor, `most` of them."""

    series: Sequence[Series]
    span: Span
    as_of: int
    most: int


CLOCK = "SELECT micros(last) FROM commit_clock"


async def as_of_now(database: Database) -> int:
    """The cursor of all that is committed: nothing that is committed later has a smaller one."""
    [(last,)] = await database.fetch(CLOCK)
    return int(last)


def encoder(file: File, series: Sequence[Series], *, exact: bool) -> Encoder:
    match file:
        case "csv":
            return Csv(series, exact=exact)
        case "ndjson":
            return Ndjson(series, exact=exact)
        case "parquet":
            return parquet(series)
        case "arrow":
            return arrow(series)


async def write(database: Database, export: Export, file: File, *, exact: bool) -> AsyncGenerator[Piece, None]:
    """The file, piece by piece. At one moment readings are ordered by device and metric, in any database the same."""
    series = sorted(export.series, key=lambda one: (one.device, one.metric))
    span = _left(export.span)
    found = await read.find(database, series, span, export.as_of)
    made = await asyncio.to_thread(encoder, file, found.series, exact=exact)
    data, readings = made.head(), 0
    reader = Reader(database, found, span, export.as_of)
    async for now, run in _evenly(reader.read(), made.rows, export.most):
        data += await asyncio.to_thread(made.encode, run)
        readings += len(run)
        if data:
            yield Piece(data, readings, stretch.share(found.span, now, descending=span.order == "desc"))
            data = b""
            reader.begin()
    yield Piece(data + await asyncio.to_thread(made.tail), readings, 1.0)


def _left(span: Span) -> Span:
    """Without the time before the page that it goes on from, whose last moment may have more readings."""
    if span.after is None:
        return span
    at, _ = span.after
    return span._replace(since=at) if span.order == "asc" else span._replace(until=at + 1)


async def _evenly(runs: AsyncIterator[tuple[Stretch, Run]], rows: int, most: int) -> AsyncIterator[tuple[Stretch, Run]]:
    """The same readings, up to so many, in runs of so many rows or of `TEXT_BYTES`; only the last may be shorter."""
    left = None
    now = Stretch(0, 0)
    async for now, run in runs:
        left = run if left is None else join([left, run])
        left = left.piece(0, min(most, len(left)))
        start = 0
        for end in ends(left, rows, read.TEXT_BYTES):
            yield now, left.piece(start, end)
            start = end
        most -= start
        left = left.piece(start, len(left))
        if len(left) == most:
            break
    if left is not None and len(left):
        yield now, left

"""Reads exported files back with other programs' eyes, into the same rows whatever their form."""

import csv
import io
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from api.database import Database
from api.export import lines, tables
from api.export import read as reading
from bridge.decode import Decoded
from bridge.message import Message
from bridge.record import Report
from bridge.store.store import Store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORMS = ("csv", "ndjson", "parquet", "arrow")


class Row(NamedTuple):
    at: int
    device: str
    metric: str
    unit: str | None
    kind: str
    value: float | str


@st.composite
def rows_of_series(
    draw: st.DrawFn,
    names: st.SearchStrategy[str],
    values: Mapping[str, st.SearchStrategy[Any]],
    moments: st.SearchStrategy[int],
    most: int,
) -> list[Row]:
    """Few series, of a kind and with at most so many readings each, at moments that many of them may share."""
    rows = []
    for device, metric in draw(st.lists(st.tuples(names, names), min_size=1, max_size=5, unique=True)):
        kind = draw(st.sampled_from(list(values)))
        unit = draw(st.none() | values["text"].filter(bool))  # CSV knows no unit without a letter
        for at, value in draw(st.dictionaries(moments, values[kind], max_size=most)).items():
            rows.append(Row(at, device, metric, unit, kind, value))
    return rows


async def store(database_url: str, rows: Iterable[Row]) -> None:
    """Commit them as one batch, as the bridge does; then the units."""
    rows = list(rows)
    reports = [
        Report(row.device, row.at, {row.metric: bool(row.value) if row.kind == "boolean" else row.value})
        for row in rows
    ]
    messages = [Message("devices/-/telemetry", b"", None, row.at) for row in rows]
    stored = Store(database_url)
    try:
        [outcome] = await stored.keep(stored.sort(Decoded(messages, reports, list(range(len(rows))), [], {}, {})))
        assert outcome.stored == len(rows)
    finally:
        await stored.close()
    connection = await asyncpg.connect(database_url)
    try:
        await connection.executemany(
            "UPDATE series SET unit = $3 FROM device WHERE device.id = device_id AND name = $1 AND metric = $2",
            {row[1:4] for row in rows},
        )
    finally:
        await connection.close()


def read(form: str, data: bytes) -> list[Row]:
    """The rows of an exact file."""
    match form:
        case "csv":
            return list(_csv(data))
        case "ndjson":
            return [_line(json.loads(line)) for line in data.splitlines()]
        case "parquet":
            return list(_table(pq.read_table(io.BytesIO(data))))
        case _:
            return list(_table(pa.ipc.open_stream(data).read_all()))


def _csv(data: bytes) -> Iterator[Row]:
    for cells in csv.DictReader(io.StringIO(data.decode(), newline="")):
        at = (datetime.fromisoformat(cells["at"]) - EPOCH) // timedelta(microseconds=1)
        value = cells["value"] if cells["kind"] == "text" else float(cells["value"])
        yield Row(at, cells["device"], cells["metric"], cells["unit"] or None, cells["kind"], value)


def _line(one: dict[str, Any]) -> Row:
    at = one.pop("at") * 1000 + one.pop("micros", 0)
    return Row(at, **one)


def _table(table: Any) -> Iterator[Row]:
    assert table.schema.field("at").type == pa.timestamp("us", "UTC")
    for one in table.to_pylist():
        at = (one.pop("at") - EPOCH) // timedelta(microseconds=1)
        text, value = one.pop("text"), one.pop("value")
        assert (text is None) != (value is None)
        yield Row(at, **one, value=value if text is None else text)


@contextmanager
def sizes(wanted: int, rows: int) -> Iterator[None]:
    """So many readings at once, and in a piece."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "WANTED", wanted)
        patch.setattr(reading, "PER_SERIES", 0)
        patch.setattr(reading, "ROOM", 2)
        patch.setattr(reading, "TEXT_BYTES", 10 * wanted)
        for form in (lines.Csv, lines.Ndjson):
            patch.setattr(form, "rows", rows)
        for name in ("PARQUET_ROWS", "ARROW_ROWS"):
            patch.setattr(tables, name, rows)
        yield


@contextmanager
def before_each_stretch(happens: Callable[[], Awaitable[object]]) -> Iterator[None]:
    """Files of numbers are read four readings at a time, and each time after this has happened."""
    copy = Database.copy

    async def copy_after_it(database: Database, sql: str) -> bytes:
        await happens()
        return await copy(database, sql)

    with sizes(4, 4), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "copy", copy_after_it)
        yield

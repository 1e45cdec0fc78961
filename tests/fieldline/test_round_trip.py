"""What is exported, imported into an empty database and exported again is the same file, byte by byte."""

import io
import sys
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.database import Database
from api.export import file
from api.form import File
from api.match import MatchQuery, matched
from api.merge import Span
from api.moment import EARLIEST, LATEST
from bridge.store.store import Store
from fieldline.imports.carry import Tally, carry
from fieldline.imports.entry import Bad
from fieldline.imports.file import source_of
from tests.api.field import NOON
from tests.api.files import Row, read, rows_of_series, store
from tests.bridge.test_rollups import BRUTE_FORCE, KEPT

WEEK = 604_800_000_000
odd = st.text(st.characters(exclude_characters="\0/+#", codec="utf-8"), min_size=1, max_size=10).filter("at".__ne__)
awkward = odd | st.sampled_from(['a,b"c', "two\r\nlines", "é ☃ 𝄞", " ", '"', "null", "-1", "\ufeff", "\u2028", "true"])
texts = (
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=10) | awkward | st.sampled_from(["", "1.0"])
)
floats = st.floats(allow_nan=False, allow_infinity=False, width=64, max_value=1e150, min_value=-1e150)
numbers = floats | st.sampled_from([2.0**53 + 2, 1e17, 1e22, 5e-324, 1e-7, 0.1 + 0.2, -0.0, 12345678901234567890.0])
values: dict[str, st.SearchStrategy[Any]] = {
    "number": numbers,
    "boolean": st.sampled_from([0.0, 1.0]),
    "text": texts,
}
moments = st.integers(NOON - WEEK, NOON) | st.sampled_from([NOON, NOON + 1, NOON + 1000])
stored = rows_of_series(awkward, values, moments, 5)


FILES: tuple[File, ...] = ("csv", "ndjson", "parquet", "arrow")
TABLES = "device, series, reading, text_reading, rollup_minute, rollup_hour, reject"


async def exported(url: str, form: File) -> bytes:
    async with Database(url) as database:
        series = await matched(database, MatchQuery(match=["*"]))
        wanted = file.Export(
            list(series.values()), Span(EARLIEST, LATEST, "asc"), await file.as_of_now(database), sys.maxsize
        )
        return b"".join([piece.data async for piece in file.write(database, wanted, form, exact=True)])


async def imported(url: str, form: File, data: bytes) -> tuple[Tally, list[Bad]]:
    tally, bad, store = Tally(), list[Bad](), Store(url)
    try:
        source = source_of(io.BytesIO(data), form, len(data))
        await carry(source, {}, store, tally, bad.append, lambda _: None)
    finally:
        await store.close()
    return tally, bad


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stored)
@example(
    [
        Row(NOON, "b", "x", "°C", "number", 1.0),
        Row(NOON, "a", "x", None, "text", 'one, "two"\r\nthree'),
        Row(NOON - 1, "c", "x", None, "boolean", 1.0),
        Row(NOON, "c", "x", None, "boolean", 0.0),
    ]
)
@pytest.mark.timeout(180)
async def test_a_round_trip_gives_the_same_bytes_in_every_form(
    database_url: str, other_url: str, said: list[Row]
) -> None:
    await run(database_url, f"TRUNCATE {TABLES}")
    if said:
        await store(database_url, said)
    for form in FILES:
        await run(other_url, f"TRUNCATE {TABLES}")
        first = await exported(database_url, form)
        assert sorted(read(form, first)) == sorted(said)
        for again in (False, True):
            tally, bad = await imported(other_url, form, first)
            assert bad == []
            assert tally.rejects == {}
            assert (tally.stored, tally.duplicate) == ((0, len(said)) if again else (len(said), 0))
            assert await exported(other_url, form) == first
        assert await names(other_url) == {row[1:5] for row in said}
        await check_rollups(other_url)


@pytest.mark.parametrize(
    ("said", "cell"),
    [
        ('=HYPERLINK("http:evil","look, here")', '"=HYPERLINK(""http:evil"",""look, here"")"'),
        ("=1-1", "=1-1"),
        ("@SUM(A1:A2)", "@SUM(A1:A2)"),
        ("-2", "-2"),
        ("\t=1", "\t=1"),
    ],
)
async def test_what_a_spreadsheet_would_run_is_in_a_csv_as_it_was_said_and_comes_back_by_import(
    database_url: str, other_url: str, said: str, cell: str
) -> None:
    row = Row(NOON, said, said, said, "text", said)
    await store(database_url, [row])
    data = await exported(database_url, "csv")
    assert data.decode().splitlines()[1].partition(",")[2] == f"{cell},{cell},{cell},{cell},text"
    tally, bad = await imported(other_url, "csv", data)
    assert (tally.stored, bad) == (1, [])
    assert await exported(other_url, "csv") == data
    assert read("csv", data) == [row]
    assert await names(other_url) == {row[1:5]}


async def run(url: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def names(url: str) -> set[tuple[str, str, str | None, str]]:
    query = "SELECT name, metric, unit, kind FROM series JOIN device ON device.id = device_id"
    return {tuple(row) for row in await run(url, query)}


async def check_rollups(url: str) -> None:
    for table, span in (("rollup_minute", "1 minute"), ("rollup_hour", "1 hour")):
        kept = await run(url, KEPT.format(table))
        brute = await run(url, BRUTE_FORCE.replace("$1", f"'{span}'"))
        assert [tuple(row) for row in kept] == [
            (*row[:3], pytest.approx(row[3]), *row[4:]) for row in map(tuple, brute)
        ], table

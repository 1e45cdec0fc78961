"""Readings as files: each form says exactly what is stored, in one order, as of one cursor, whatever the sizes."""

import asyncio
import io
import itertools
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.database import Database
from api.export import lines, read, tables
from api.problem import ProblemError
from bridge.live import cursor
from tests.api.field import NOON, asking, client_of, execute, keep
from tests.api.files import EPOCH, FORMS, Row, store
from tests.api.files import read as rows_of
from tests.api.test_database import ask, running
from tests.api.test_server import served

DAY = 86_400_000_000
names = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([2.0**53 + 2, 1e300, 5e-324, 1.0])
values: dict[str, st.SearchStrategy[Any]] = {"number": floats, "boolean": st.sampled_from([0.0, 1.0]), "text": texts}
moments = st.sampled_from([NOON + offset for offset in (0, 1, 2, 1000, 1001, 60_000_000, DAY, 40 * DAY)])


@st.composite
def stored(draw: st.DrawFn) -> list[Row]:
    """Few series with odd names, at few moments that many of them share."""
    rows = []
    for device, metric in draw(st.lists(st.tuples(names, names), min_size=1, max_size=5, unique=True)):
        kind = draw(st.sampled_from(list(values)))
        unit = draw(st.none() | texts.filter(bool))  # CSV knows no unit without a letter
        for at, value in draw(st.dictionaries(moments, values[kind], max_size=6)).items():
            rows.append(Row(at, device, metric, unit, kind, value))
    return rows


devices = (f"device-{number}:" for number in itertools.count())
"""One for each example, so that none has to be deleted."""
property_of_the_database = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@contextmanager
def sizes(wanted: int, rows: int) -> Iterator[None]:
    """So many readings at once, and in a piece."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "WANTED", wanted)
        patch.setattr(read, "PER_SERIES", 0)
        patch.setattr(read, "ROOM", 2)
        patch.setattr(read, "TEXT_BYTES", 10 * wanted)
        for form in (lines.Csv, lines.Ndjson):
            patch.setattr(form, "rows", rows)
        for name in ("PARQUET_ROWS", "ARROW_ROWS"):
            patch.setattr(tables, name, rows)
        yield


@property_of_the_database
@given(
    said=stored(),
    wanted=st.integers(1, 5),
    rows=st.integers(1, 9),
    order=st.sampled_from(["asc", "desc"]),
    window=st.tuples(moments, moments).map(sorted),
    limit=st.none() | st.integers(1, 9),
)
@pytest.mark.timeout(120)
async def test_every_form_says_what_is_stored_however_little_is_read_at_once(
    client: httpx.AsyncClient,
    database_url: str,
    said: list[Row],
    wanted: int,
    rows: int,
    order: str,
    window: list[int],
    limit: int | None,
) -> None:
    prefix = next(devices)
    said = [row._replace(device=prefix + row.device) for row in said]
    await store(database_url, said)
    within = [row for row in said if window[0] <= row.at < window[1] + 1000]
    expected = sorted(within, key=lambda row: row[:3], reverse=order == "desc")[:limit]
    query: dict[str, Any] = {"match": f"{prefix}*", "order": order, "exact": True}
    query |= {"from": _rfc3339(window[0]), "to": _rfc3339(window[1] + 1000)}
    query |= {} if limit is None else {"limit": limit}
    with sizes(wanted, rows):
        for form in FORMS:
            answer = await client.get("/readings", params={**query, "format": form})
            assert answer.status_code == 200, answer.text
            assert rows_of(form, answer.content) == expected


def _rfc3339(micros: int) -> str:
    return (EPOCH + timedelta(microseconds=micros)).isoformat()


async def test_a_file_goes_on_where_a_page_ended(client: httpx.AsyncClient, database_url: str) -> None:
    """Also between two readings of one moment, which a page orders by the numbers of their series."""
    await keep(database_url, {("b", "x"): [(NOON, 1.0), (NOON + 1, 3.0)], ("a", "x"): [(NOON, 2.0)]})
    for order, limit, rest in (("asc", 1, ["2.0", "3.0"]), ("desc", 2, ["1.0"])):
        page = (await client.get("/readings", params={"limit": limit, "order": order})).json()["next"]
        answer = await client.get("/readings", params={"page": page, "order": order, "format": "csv"})
        assert [line.rsplit(",", 1)[1] for line in answer.text.splitlines()[1:]] == rest


async def test_without_exact_lines_are_as_they_have_always_been(client: httpx.AsyncClient, database_url: str) -> None:
    row = Row(NOON + 1, "a", "x", None, "boolean", 1.0)
    await store(database_url, [row])
    table = await client.get("/readings?format=csv")
    assert table.text == "at,device,metric,unit,value\r\n2025-10-09T08:53:20.000001Z,a,x,,1.0\r\n"
    [number] = (await client.get("/series")).json()["series"]
    assert (await client.get("/readings?format=ndjson")).json() == {
        "series": number["series"],
        "device": "a",
        "metric": "x",
        "unit": None,
        "at": NOON // 1000,
        "value": 1.0,
    }


@pytest.mark.parametrize("form", FORMS)
async def test_nothing_is_in_every_form(client: httpx.AsyncClient, form: str) -> None:
    answer = await client.get("/readings", params={"format": form, "exact": True})
    assert rows_of(form, answer.content) == []


@pytest.mark.parametrize(
    ("accept", "media_type", "suffix"),
    [
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet", "parquet"),
        ("application/vnd.apache.arrow.stream;q=0.9, text/csv;q=0.1", "application/vnd.apache.arrow.stream", "arrows"),
        ("application/x-ndjson", "application/x-ndjson", "ndjson"),
        ("text/*", "text/csv; charset=utf-8; header=present", "csv"),
    ],
)
async def test_accept_chooses_the_form(client: httpx.AsyncClient, accept: str, media_type: str, suffix: str) -> None:
    answer = await client.get("/readings", headers={"accept": accept})
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="readings.{suffix}"'


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_committed_while_it_is_read_is_not_in_it(database_url: str, form: str) -> None:
    """Neither a late reading nor a new one: it is all that was committed up to its cursor."""
    await keep(database_url, {("a", "x"): [(NOON + hour * 3_600_000_000, 0.0) for hour in range(48)]})
    more = itertools.count(1)

    async with asking(database_url) as client:
        with sizes(4, 4), pytest.MonkeyPatch.context() as patch:
            copy = Database.copy

            async def copy_amid_writing(self: Database, sql: str) -> bytes:
                late = next(more)
                await keep(database_url, {("a", "x"): [(NOON + late, 1.0), (NOON + 2 * DAY + late, 1.0)]})
                return await copy(self, sql)

            patch.setattr(Database, "copy", copy_amid_writing)
            answer = await client.get("/readings", params={"format": form, "exact": True})
        found = rows_of(form, answer.content)
        assert [row.value for row in found] == [0.0] * 48
        assert next(more) > 4, "expected writes between the stretches, got none"
        at = cursor.decode(answer.headers["fieldline-cursor"])
        query = "DO $$ BEGIN ASSERT (SELECT count(*) = 48 FROM reading WHERE committed_at <= moment({})); END $$"
        await execute(database_url, query.format(at))


@pytest.mark.parametrize("form", FORMS)
async def test_a_file_that_can_not_be_finished_is_cut(database_url: str, form: str) -> None:
    """The client is told by the protocol, and what it has got is no whole Parquet file."""
    await keep(database_url, {("a", "x"): [(NOON + step * 600_000_000, 0.0) for step in range(200)]})
    got = io.BytesIO()
    with sizes(4, 4), pytest.MonkeyPatch.context() as patch:
        copy, left = Database.copy, itertools.count(-5)

        async def copy_for_a_while(self: Database, sql: str) -> bytes:
            if next(left) == 0:
                raise ProblemError(503, "expected the database to answer, got: nothing")
            return await copy(self, sql)

        patch.setattr(Database, "copy", copy_for_a_while)
        async with served(create_app(database_url)) as port, httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}/api/v1/readings?format={form}"
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                await take(client, url, got)
    assert got.getvalue()
    if form == "parquet":
        with pytest.raises(pa.ArrowInvalid):
            rows_of(form, got.getvalue())


async def take(client: httpx.AsyncClient, url: str, got: io.BytesIO) -> None:
    async with client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer:
        assert answer.status_code == 200
        async for piece in answer.aiter_bytes():
            got.write(piece)


async def test_trouble_before_the_first_piece_has_a_status(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 0.0)]})
    await execute(database_url, "ALTER TABLE reading RENAME TO gone")
    async with asking(database_url) as client:
        for form in FORMS:
            answer = await client.get("/readings", params={"format": form})
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("form", FORMS)
async def test_it_ends_in_the_database_when_its_client_leaves(database_url: str, form: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 0.0)]})
    app = create_app(database_url)
    async with app.router.lifespan_context(app), client_of(app) as client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                read,
                "ROWS",
                "SELECT now(), 1, 1.0::float8 FROM pg_sleep(60) /*{series}{table}{since}{until}{as_of}{limit}*/",
            )
            left = asyncio.Event()
            asked = asyncio.create_task(ask(client, "/api/v1/readings", left, f"format={form}".encode()))
            await running(database_url, "pg_sleep(60)%", 1)
            left.set()
            await running(database_url, "pg_sleep(60)%", 0)
            assert await asked == []


async def test_parquet_comes_as_it_is_and_lines_are_compressed_for_who_can_read_it(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON + second, float(second)) for second in range(2000)]})
    async with asking(database_url) as client:
        encodings = {
            form: (await client.get("/readings", params={"format": form})).headers.get("content-encoding")
            for form in FORMS
        }
    assert encodings == {"csv": "gzip", "ndjson": "gzip", "arrow": "gzip", "parquet": None}


def test_a_bridge_and_a_server_without_exports_do_without_arrow() -> None:
    """It takes 70 MB and half a second."""
    program = "import sys, fieldline.commands.bridge, fieldline.commands.server; print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("form", FORMS)
async def test_a_long_file_is_complete_and_takes_no_more_memory_than_a_short_one(
    database_url: str, form: str, tmp_path: Path
) -> None:
    readings = 200_000
    await keep(database_url, {("a", f"m{index}"): [(NOON, 0.0)] for index in range(4)})
    await execute(
        database_url,
        """
        INSERT INTO reading (at, value, committed_at, series_id)
        SELECT moment($1) + n * interval '10 ms', n, last, series.id
        FROM commit_clock, series, generate_series(1, $2::int / 4 - 1) n
        """,
        NOON,
        readings,
    )
    async with asking(database_url) as client, AsyncExitStack() as stack:
        await client.get("/readings", params={"format": form, "limit": 1})  # loads Arrow
        transport: Any = client._transport  # noqa: SLF001
        received = Counter(stack.enter_context((tmp_path / "file").open("w+b")))
        tracemalloc.start()
        try:
            await transport.app(
                {
                    "type": "http",
                    "method": "GET",
                    "path": "/api/v1/readings",
                    "query_string": f"format={form}".encode(),
                    "headers": [],
                },
                received.nothing,
                received.send,
            )
            peak = tracemalloc.get_traced_memory()[1] + received.most_of_arrow
        finally:
            tracemalloc.stop()
        assert received.whole(form) == readings
    assert peak < 24_000_000, f"{peak} bytes held at once of {received.size} sent"


class Counter:
    """A client that looks at what it gets and keeps as little of it as it can."""

    size = lines = most_of_arrow = 0

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    async def send(self, message: Any) -> None:
        body = message.get("body", b"")
        self.size += len(body)
        self.lines += body.count(b"\n")
        self.file.write(body)
        self.most_of_arrow = max(self.most_of_arrow, pa.total_allocated_bytes())

    async def nothing(self) -> Any:
        await asyncio.Event().wait()

    def whole(self, form: str) -> int:
        """How many readings it got."""
        self.file.seek(0)
        match form:
            case "csv":
                return self.lines - 1
            case "ndjson":
                return self.lines
            case "parquet":
                return int(pq.ParquetFile(self.file).metadata.num_rows)
            case _:
                return sum(batch.num_rows for batch in pa.ipc.open_stream(self.file))

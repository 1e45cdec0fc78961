"""A file under way: as of one cursor, in flat memory, cut when it can't be finished, ended when its client leaves."""

import asyncio
import io
import itertools
import tracemalloc
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, Any
from unittest.mock import AsyncMock

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.app import create_app
from api.database import Database
from api.export import file, read
from api.form import File
from api.match import MatchQuery, matched
from api.merge import Span
from api.moment import EARLIEST, LATEST
from api.problem import ProblemError
from bridge.live import cursor
from tests.api.field import NOON, asking, client_of, execute, keep
from tests.api.files import FORMS, before_each_stretch
from tests.api.files import read as rows_of
from tests.api.test_database import ask, running
from tests.api.test_server import served

DAY = 86_400_000_000


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_committed_while_it_is_read_is_not_in_it(database_url: str, form: str) -> None:
    """Neither a late reading nor a new one: it is all that was committed up to its cursor."""
    await keep(database_url, {("a", "x"): [(NOON + hour * 3_600_000_000, 0.0) for hour in range(48)]})
    more = itertools.count(1)

    async def write() -> None:
        late = next(more)
        await keep(database_url, {("a", "x"): [(NOON + late, 1.0), (NOON + 2 * DAY + late, 1.0)]})

    async with asking(database_url) as client:
        with before_each_stretch(write):
            answer = await client.get("/readings", params={"format": form, "exact": True})
        found = rows_of(form, answer.content)
        assert [row.value for row in found] == [0.0] * 48
        assert next(more) > 4, "expected writes between the stretches, got none"
        at = cursor.decode(answer.headers["fieldline-cursor"])
        query = "DO $$ BEGIN ASSERT (SELECT count(*) = 48 FROM reading WHERE committed_at <= moment({})); END $$"
        await execute(database_url, query.format(at))


async def test_with_a_limit_no_more_is_read_than_it_takes(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON + hour * 3_600_000_000, 0.0) for hour in range(48)]})
    stretch = AsyncMock()
    async with asking(database_url) as client:
        with before_each_stretch(stretch):
            answer = await client.get("/readings", params={"format": "csv", "limit": 1})
    assert answer.text.count("\n") == 2
    assert stretch.await_count == 1


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_what_lies_before_the_page_that_a_file_goes_on_from_is_not_read_again(
    database_url: str, order: str
) -> None:
    """Of its last moment only what is left."""
    moments = [(NOON + hour * 3_600_000_000, float(hour)) for hour in range(48)]
    await keep(database_url, {("a", "x"): moments, ("a", "y"): moments})
    stretch = AsyncMock()
    async with asking(database_url) as client:
        page = (await client.get("/readings", params={"limit": 91, "order": order})).json()["next"]
        query = {"format": "csv", "order": order}
        whole = (await client.get("/readings", params=query)).text.splitlines()
        with before_each_stretch(stretch):
            answer = await client.get("/readings", params={**query, "page": page})
    assert answer.text.splitlines()[1:] == whole[-5:]
    assert stretch.await_count < 15, "three hours of two days"


@pytest.mark.parametrize("form", FORMS)
async def test_a_piece_of_long_texts_has_fewer_of_them(database_url: str, form: File) -> None:
    size = 100_000
    await keep(
        database_url,
        {
            ("a", "x"): [(NOON + 1000 * n, float(n)) for n in range(40)],
            ("a", "note"): [(NOON + 1000 * n, f"{n:0{size}}") for n in range(40)],
        },
    )
    async with Database(database_url) as database:
        series = list((await matched(database, MatchQuery(match=["*"]))).values())
        export = file.Export(series, Span(EARLIEST, LATEST, "asc"), await file.as_of_now(database), 10**9)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(read, "TEXT_BYTES", 5 * size)
            pieces = [piece async for piece in file.write(database, export, form, exact=True)]
    found = rows_of(form, b"".join(piece.data for piece in pieces))
    assert [row.at for row in found] == [NOON + 1000 * n for n in range(40) for _ in "xy"]
    assert {len(row.value) for row in found if isinstance(row.value, str)} == {size}
    many = [piece.readings for piece in pieces]
    assert max(after - before for before, after in itertools.pairwise([0, *many])) <= 10
    assert max(len(piece.data) for piece in pieces) < 6 * size


@pytest.mark.parametrize("form", FORMS)
async def test_a_file_that_can_not_be_finished_is_cut(database_url: str, form: str) -> None:
    """The client is told by the protocol, and what it has got is no whole Parquet file."""
    await keep(database_url, {("a", "x"): [(NOON + step * 600_000_000, 0.0) for step in range(200)]})
    got = io.BytesIO()
    left = itertools.count(-5)

    async def fail() -> None:
        if next(left) == 0:
            raise ProblemError(503, "expected the database to answer, got: nothing")

    with before_each_stretch(fail):
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

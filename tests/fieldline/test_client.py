"""The client asks a real server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pyarrow as pa
import pytest

from bridge import clock
from bridge.message import Message
from bridge.store.store import Store
from fieldline.client import Client, Location, Problem, Unreachable, arrays, rows
from fieldline.client.arrow import table
from fieldline.commands.openapi import document
from fieldline.embedded import port
from tests.bridge.watching import BEGINNING, Writer
from tests.fieldline.serving import serving
from tests.putting import put

SECONDS = 3_000


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[Client]:
    """A client of a server that has an hour of one device, and a text of another."""
    writer = Writer(database_url, None)
    await writer.write(*(("greenhouse-1", "temperature", BEGINNING + n * 1000, float(n)) for n in range(SECONDS)))
    await writer.write(("pump 7?", "says", BEGINNING + 500, "ready"), ("greenhouse-1", "open", BEGINNING, True))
    await writer.close()
    async with serving(database_url) as client:
        yield client


async def test_series_and_latest_are_typed_and_matched(client: Client) -> None:
    assert [(one.device, one.metric, one.kind) for one in await client.series()] == [
        ("greenhouse-1", "open", "boolean"),
        ("greenhouse-1", "temperature", "number"),
        ("pump 7?", "says", "text"),
    ]
    [temperature] = await client.series("*/temperature")
    assert (temperature.first, temperature.last) == (BEGINNING, BEGINNING + (SECONDS - 1) * 1000)
    latest = await client.latest("pump*", "*/temperature")
    assert [one.value for one in latest.series] == [SECONDS - 1.0, "ready"]
    assert latest.cursor


async def test_devices_are_known_by_their_names(client: Client) -> None:
    assert [one.device for one in await client.devices()] == ["greenhouse-1", "pump 7?"]
    pump = await client.device("pump 7?")
    assert (pump.online, pump.location, pump.info) == (None, None, None)
    assert [(one.metric, one.unit, one.kind) for one in pump.series] == [("says", None, "text")]
    with pytest.raises(Problem, match="404: expected the name of a device that has spoken"):
        await client.device("nobody")


async def test_a_device_is_what_it_says_of_itself(client: Client, database_url: str) -> None:
    info = b'{"model":"Hygro 200","location":{"lat":52,"lon":4.22},"interval":10}'
    store = Store(database_url)
    await put(store, [Message("devices/greenhouse-1/info", info, None, clock.now())])
    await store.close()
    found = await client.device("greenhouse-1")
    assert (found.model, found.location) == ("Hygro 200", Location(52.0, 4.22))
    assert found.info == {"model": "Hygro 200", "location": {"lat": 52, "lon": 4.22}, "interval": 10}


async def test_history_comes_as_columns_however_many_pages_it_has(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldline.client.client.PAGE", 700)
    columns = await client.readings("*/temperature")
    assert columns.value == [float(n) for n in range(SECONDS)]
    assert columns.at == [BEGINNING + n * 1000 for n in range(SECONDS)]
    limited = await client.readings("*/temperature", limit=1_500, order="desc")
    assert limited.value == columns.value[:-1_501:-1]
    start = datetime.fromtimestamp(BEGINNING / 1000, UTC)
    part = await client.readings("*/temperature", since=start + timedelta(seconds=10), until=BEGINNING + 12_000)
    assert part.value == [10.0, 11.0]
    assert await client.readings("*/humidity") == type(columns)(names={}, series=[], at=[], value=[])


async def test_a_datetime_without_a_zone_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match=r"expected a datetime with a zone, got datetime\.datetime"):
        await client.readings(since=datetime(2026, 1, 1))  # noqa: DTZ001  what is refused


async def test_columns_are_rows_and_arrays_too(client: Client) -> None:
    numbers = await client.readings("greenhouse-1/temperature", limit=2)
    assert list(rows(numbers)) == [
        ("greenhouse-1", "temperature", BEGINNING, 0.0),
        ("greenhouse-1", "temperature", BEGINNING + 1000, 1.0),
    ]
    found = arrays(numbers)
    assert found.value.dtype == np.float64
    assert found.at[1] - found.at[0] == np.timedelta64(1, "s")
    assert str(found.at[0]) == datetime.fromtimestamp(BEGINNING / 1000, UTC).isoformat(timespec="milliseconds")[:-6]
    mixed = arrays(await client.readings("pump*", "*/open"))
    assert mixed.value.tolist() == [1.0, "ready"]


async def test_history_comes_as_an_arrow_table_where_the_server_has_that(client: Client) -> None:
    if '"arrow"' not in document():
        with pytest.raises(Problem, match="422: format: expected"):
            await client.arrow("*/temperature")
        return
    found = await client.arrow("*/temperature", limit=100)
    assert found.num_rows == 100
    assert {"at", "device", "metric", "value"} <= set(found.column_names)


async def test_an_arrow_stream_in_pieces_is_a_table() -> None:
    batch = pa.record_batch({"value": [1.0, 2.0]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    body = sink.getvalue().to_pybytes()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 7):
            yield body[start : start + 7]

    assert (await table(pieces())).to_pydict() == {"value": [1.0, 2.0]}


async def test_a_bad_question_is_a_problem_with_expected_and_got(client: Client) -> None:
    with pytest.raises(
        Problem, match=r"match: expected device/metric, where \* matches anything, got 'thermometer'"
    ) as info:
        await client.latest("thermometer")
    assert (info.value.status, info.value.passes) == (422, False)


async def test_where_no_server_is_the_error_names_the_address() -> None:
    [number] = port.free()
    async with Client(f"http://127.0.0.1:{number}") as client:
        with pytest.raises(Unreachable, match=f"^expected Fieldline at http://127.0.0.1:{number}/api/v1/, got: "):
            await client.latest()
    with pytest.raises(ValueError, match=r"expected http://host:port, got 'fieldline\.example'"):
        Client("fieldline.example")


@pytest.mark.parametrize("body", ["<h1>Bad Gateway</h1>", "[]", '{"title":"x"}'])
async def test_what_is_no_problem_of_ours_is_told_as_it_came(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text=body))
    monkeypatch.setattr(httpx.AsyncClient, "_transport_for_url", lambda *_: transport)
    async with Client() as client:
        with pytest.raises(Problem) as info:
            await client.latest()
    assert info.value.passes
    assert repr(body) in info.value.detail

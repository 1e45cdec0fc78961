"""Raw readings: pages and streams say exactly what is stored, in order, whatever the sizes."""

import csv
import io
import itertools
import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import merge
from api import texts as texts_of_pages
from api.database import Database
from api.match import MatchQuery, matched
from api.merge import Order, Span
from api.moment import EARLIEST, LATEST
from tests.api.field import NOON, everything, execute, keep

# Few moments, so that many series share them; three within one millisecond, so that a page may end between them.
moments = st.sampled_from([NOON + offset for offset in (0, 1, 2, 1000, 1001, 5000, 60_000_000, 86_400_000_000)])
numbers = st.dictionaries(moments, st.floats(allow_nan=False, allow_infinity=False), max_size=8)
texts = st.dictionaries(moments, st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=8)
manys = st.lists(numbers | texts, min_size=1, max_size=5)
orders = st.sampled_from(["asc", "desc"])
property_of_the_database = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


devices = (f"device-{number}:" for number in itertools.count())
"""One for each example, so that none has to be deleted."""


async def keep_series(
    database_url: str, device: str, series: Sequence[dict[int, Any]]
) -> list[tuple[int, int, float | str]]:
    """Store one series of the device a dictionary; returns their readings in order of time and series."""
    numbers = await keep(
        database_url, {(device, str(metric)): list(said.items()) for metric, said in enumerate(series)}
    )
    return sorted(
        (at, numbers[device, str(metric)], value) for metric, said in enumerate(series) for at, value in said.items()
    )


@property_of_the_database
@given(several=manys, limit=st.integers(1, 12), order=orders)
async def test_pages_put_together_are_all_that_is_stored(
    client: httpx.AsyncClient, database_url: str, several: list[dict[int, Any]], limit: int, order: str
) -> None:
    device = next(devices)
    stored = await keep_series(database_url, device, several)
    stored = stored if order == "asc" else stored[::-1]
    found = await everything(client, match=f"{device}/*", limit=limit, order=order)
    assert found == [(at // 1000, series, value) for at, series, value in stored]


@property_of_the_database
@given(
    several=manys,
    held=st.integers(1, 6),
    least=st.integers(1, 3),
    since=moments,
    until=moments,
    order=orders,
    data=st.data(),
)
async def test_a_merge_is_right_however_little_it_holds(
    database: Database,
    database_url: str,
    several: list[dict[int, Any]],
    held: int,
    least: int,
    since: int,
    until: int,
    order: Order,
    data: st.DataObject,
) -> None:
    device = next(devices)
    stored = await keep_series(database_url, device, several)
    after = data.draw(st.none() | st.sampled_from([row[:2] for row in stored] or [(NOON, 1)]))
    expected = [
        row
        for row in (stored if order == "asc" else stored[::-1])
        if since <= row[0] < until and (after is None or (row[:2] > after if order == "asc" else row[:2] < after))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "HELD", held)
        patch.setattr(merge, "LEAST", least)
        series = await matched(database, MatchQuery(match=[f"{device}/*"]))
        runs = merge.read(database, series.values(), Span(since, until, order, after), 1000)
        assert [tuple(row) async for run in runs for row in run] == expected


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


async def test_from_is_included_and_to_is_not(client: httpx.AsyncClient, database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON + second * 1_000_000, second) for second in range(5)]})
    inside = {"from": NOON // 1000 + 1000, "to": NOON // 1000 + 3000}
    assert [row[2] for row in await everything(client, limit=10, **inside)] == [1, 2]


async def test_a_relative_time_means_the_same_on_every_page(client: httpx.AsyncClient, database_url: str) -> None:
    await execute(database_url, "SELECT ensure_partitions(now() - interval '1 hour')")
    now = int(datetime.now().astimezone().timestamp() * 1_000_000)
    just_inside = now - 3_600_000_000 + 2_000_000  # outside an hour that would be counted anew on a late page
    await keep(database_url, {("a", "x"): [(just_inside, 1.0), (just_inside + 1, 2.0), (now - 1_000_000, 3.0)]})
    first = (await client.get("/readings", params={"from": "-1h", "limit": 1, "order": "desc"})).json()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.moment.time.time_ns", lambda: (now + 10_000_000) * 1000)
        page = {"from": "-1h", "limit": 5, "order": "desc", "page": first["next"]}
        rest = (await client.get("/readings", params=page)).json()
    assert rest["value"] == [2.0, 1.0]


@pytest.mark.parametrize("change", [{"order": "desc"}, {"match": "a/*"}, {"from": "-1d"}, {"to": "now"}])
async def test_a_page_belongs_to_the_query_that_gave_it(
    client: httpx.AsyncClient, database_url: str, change: dict[str, str]
) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0), (NOON + 1, 2.0)]})
    page = (await client.get("/readings", params={"limit": 1})).json()["next"]
    answer = await client.get("/readings", params={"limit": 1, "page": page, **change})
    assert answer.status_code == 422
    assert "page: expected `next` of the page before" in answer.json()["detail"]


async def test_numbers_and_texts_come_in_one_order(client: httpx.AsyncClient, database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0), (NOON + 2000, 2.0)], ("a", "note"): [(NOON + 1000, "é\n")]})
    columns = (await client.get("/readings")).json()
    assert columns["value"] == [1.0, "é\n", 2.0]
    assert columns["at"] == [NOON // 1000, NOON // 1000 + 1, NOON // 1000 + 2]
    assert {"device": "a", "metric": "note", "unit": "u"} in columns["names"].values()


async def test_no_series_is_no_readings(client: httpx.AsyncClient) -> None:
    empty: dict[str, Any] = {"names": {}, "series": [], "at": [], "value": [], "next": None}
    assert (await client.get("/readings", params={"match": "nobody/*"})).json() == empty
    assert (await client.get("/readings", params={"format": "csv"})).text == "at,device,metric,unit,value\r\n"


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_of_long_texts_is_shorter_than_its_limit_and_the_next_goes_on_behind_it(
    client: httpx.AsyncClient, database_url: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 100_000
    monkeypatch.setattr(texts_of_pages, "PAGE_BYTES", 5 * size)
    notes = {("a", name): [(NOON + 1000 * n, f"{n:0{size}}") for n in range(12)] for name in ("note", "other")}
    series = await keep(
        database_url,
        {**notes, ("a", "x"): [(NOON + 1000 * n, float(n)) for n in range(12)], ("a", "y"): [(NOON, "short")]},
    )
    stored = [("x", n, float(n)) for n in range(12)] + [("y", 0, "short")]
    stored += [(name, n, f"{n:0{size}}") for name in ("note", "other") for n in range(12)]
    expected = sorted([(NOON // 1000 + n, series["a", name], value) for name, n, value in stored])
    found, page, query = [], None, {"limit": "37", "order": order}
    while True:
        columns = (await client.get("/readings", params=query if page is None else {**query, "page": page})).json()
        rows = list(zip(columns["at"], columns["series"], columns["value"], strict=True))
        assert 1 <= sum(len(value) == size for _, _, value in rows if isinstance(value, str)) <= 5 + 1
        found += rows
        page = columns["next"]
        if page is None:
            break
    assert found == (expected if order == "asc" else expected[::-1])
    monkeypatch.setattr(texts_of_pages, "PAGE_BYTES", 1)
    assert len((await client.get("/readings", params={"match": "a/note"})).json()["at"]) == 1
    assert (await client.get("/readings", params={"match": "a/y"})).json()["next"] is None


async def test_a_text_that_is_dropped_amid_a_page_is_left_out_and_the_next_goes_on(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "long" * merge.SHORT
    await keep(database_url, {("a", "x"): [(NOON + 1000 * n, long + str(n)) for n in range(4)]})
    read = texts_of_pages.read

    async def read_late(*arguments: Any) -> Any:
        await execute(database_url, "DELETE FROM text_reading WHERE at <= moment($1)", NOON + 1000)
        return await read(*arguments)

    monkeypatch.setattr(texts_of_pages, "read", read_late)
    page = (await client.get("/readings", params={"limit": 2})).json()
    assert page["value"] == []
    page = (await client.get("/readings", params={"limit": 2, "page": page["next"]})).json()
    assert (page["value"], page["next"]) == ([long + "2", long + "3"], None)


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_reads_its_own_rows_and_not_all_that_follow(
    database: Database, database_url: str, order: Order
) -> None:
    many = 20_000
    series = await keep(database_url, {("a", "x"): [(NOON, 0.0)], ("a", "y"): [(NOON, 0.0)]})
    await execute(database_url, "SELECT ensure_partitions(moment($1) + interval '7 days')", NOON)  # one that is empty
    await execute(
        database_url,
        "INSERT INTO reading SELECT moment($1) + n * interval '1 second', n, now(), id FROM series, generate_series(1, $2) n",
        NOON,
        many,
    )
    await execute(database_url, "ANALYZE")
    second = 1_000_000
    for depth in (0, many // 2):
        start = NOON + (depth if order == "asc" else many - depth) * second
        bound = LATEST if order == "asc" else EARLIEST
        statement = f"EXPLAIN (ANALYZE, FORMAT TEXT) {merge.STATEMENTS['reading', order]}"
        plan = await database.fetch(statement, list(series.values()), [start, start], bound, 5000)
        text = "\n".join(line[0] for line in plan)
        assert "Sort" not in text
        read = [float(rows) for rows in re.findall(r"Scan .*actual time=\S+ rows=(\d+)", text)]
        assert max(read) <= 5000, text


awkward = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)


@property_of_the_database
@given(device=awkward, metric=awkward, value=awkward)
async def test_any_name_and_text_survives_csv_and_ndjson(
    client: httpx.AsyncClient, database_url: str, device: str, metric: str, value: str
) -> None:
    prefix = next(devices)
    device = prefix + device
    series = await keep(database_url, {(device, metric): [(NOON + 1, value)], (device, metric + "2"): [(NOON, -0.1)]})
    match = f"{prefix}*"  # not the whole name: a backslash at its end would make the star a literal one
    table = (await client.get("/readings", params={"format": "csv", "match": match})).content.decode()
    lines = (await client.get("/readings", params={"format": "ndjson", "match": match})).content.split(b"\n")
    moment = "2025-10-09T08:53:20.00000"
    assert list(csv.reader(io.StringIO(table, newline=""))) == [
        ["at", "device", "metric", "unit", "value"],
        [f"{moment}0Z", device, metric + "2", "u", "-0.1"],
        [f"{moment}1Z", device, metric, "u", value],
    ]
    one = {"series": series[device, metric], "device": device, "metric": metric, "unit": "u", "value": value}
    assert json.loads(lines[1]) == {**one, "at": NOON // 1000}

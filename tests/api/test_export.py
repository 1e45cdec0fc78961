"""Readings as files: each form says exactly what is stored, in one order, as of one cursor, whatever the sizes."""

import itertools
import subprocess
import sys
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.field import ELSEWHERE, NOON, asking, keep
from tests.api.files import EPOCH, FORMS, Row, rows_of_series, sizes, store
from tests.api.files import read as rows_of

DAY = 86_400_000_000
names = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([2.0**53 + 2, 1e300, 5e-324, 1.0])
values: dict[str, st.SearchStrategy[Any]] = {"number": floats, "boolean": st.sampled_from([0.0, 1.0]), "text": texts}
moments = st.sampled_from([NOON + offset for offset in (0, 1, 2, 1000, 1001, 60_000_000, DAY, 40 * DAY)])
stored = rows_of_series(names, values, moments, 6)
"""Few series with odd names, at few moments that many of them share."""


devices = (f"device-{number}:" for number in itertools.count())
"""One for each example, so that none has to be deleted."""
property_of_the_database = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@property_of_the_database
@given(
    said=stored,
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


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_moment_of_more_readings_than_are_read_at_once_comes_whole_and_in_order(
    client: httpx.AsyncClient, database_url: str, order: str
) -> None:
    numbers = [Row(NOON, f"device-{device:02}", "x", None, "number", float(device)) for device in range(30)]
    said = [*numbers, *(Row(NOON, f"device-{device:02}", "y", None, "text", "long" * device) for device in range(9))]
    await store(database_url, said)
    with sizes(wanted=1, rows=4):
        for form in FORMS:
            answer = await client.get("/readings", params={"format": form, "exact": True, "order": order})
            assert rows_of(form, answer.content) == sorted(said, reverse=order == "desc")


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


async def test_parquet_comes_as_it_is_and_lines_are_compressed_for_who_can_read_it(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON + second, float(second)) for second in range(2000)]})
    async with asking(database_url) as client:
        encodings = {
            form: (await client.get("/readings", params={"format": form}, headers=ELSEWHERE)).headers.get(
                "content-encoding"
            )
            for form in FORMS
        }
    assert encodings == {"csv": "gzip", "ndjson": "gzip", "arrow": "gzip", "parquet": None}


def test_a_bridge_and_a_server_without_exports_do_without_arrow() -> None:
    """It takes 70 MB and half a second."""
    program = "import sys, fieldline.commands.bridge, fieldline.commands.server; print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

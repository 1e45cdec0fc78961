"""What `/chart` may be asked, and how it says no."""

import httpx
import pytest

from bridge.message import Message
from bridge.store.store import Store
from tests.api.charting import BEGIN, DAY, MS
from tests.api.field import keep
from tests.putting import put


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"points": 0}, "points: expected greater than or equal to 1, got '0'"),
        ({"points": 10_001}, "points: expected less than or equal to 10000, got '10001'"),
        ({"from": 2000, "to": 1000}, "from: expected a time not after `to` (1000), got 2000"),
        ({"limit": 1}, "expected only known parameters, got limit"),
    ],
)
async def test_a_request_that_can_not_be_drawn_is_a_problem(
    client: httpx.AsyncClient, query: dict[str, int], expected: str
) -> None:
    answer = await client.get("/chart", params=query)
    assert (answer.status_code, answer.json()["detail"]) == (422, expected)


async def test_all_series_together_have_a_bounded_number_of_columns(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await keep(database_url, {("a", f"m{n}"): [] for n in range(11)})
    answer = await client.get("/chart", params={"points": 10_000})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "points: expected at most 100000 for all series together, got 10000 for 11 series"


async def test_a_chart_shows_all_there_is_unless_told_and_texts_have_no_line(
    client: httpx.AsyncClient, store: Store
) -> None:
    for device, body in (("b", '"n":1'), ("a", '"n":2,"on":true,"note":"open"')):
        for at in (BEGIN, BEGIN + DAY):
            await put(store, [Message(f"devices/{device}/telemetry", f'{{"at":{at},{body}}}'.encode(), 1, at)])
    series = (await client.get("/chart")).json()["series"]
    assert [(one["device"], one["metric"], one["value"]) for one in series] == [
        ("a", "n", [2.0, 2.0]),
        ("a", "on", [1.0, 1.0]),
        ("b", "n", [1.0, 1.0]),
    ]
    assert {tuple(one["at"]) for one in series} == {(BEGIN // MS, (BEGIN + DAY) // MS)}
    assert [one["at"] for one in (await client.get("/chart", params={"from": "-1h"})).json()["series"]] == [[], [], []]


async def test_nothing_is_an_empty_chart(client: httpx.AsyncClient) -> None:
    for query in ({}, {"match": "nobody/*", "from": "-1h"}, {"to": "-400d"}):
        assert (await client.get("/chart", params=query)).json() == {"series": [], "tier": "raw"}


@pytest.mark.parametrize(("path", "more"), [("/chart", {}), ("/readings", {}), ("/statistics", {"every": "1d"})])
async def test_no_time_at_all_has_an_empty_answer(
    client: httpx.AsyncClient, store: Store, path: str, more: dict[str, str]
) -> None:
    """Also for the millisecond of a reading: `to` is not included."""
    await put(store, [Message("devices/a/telemetry", f'{{"at":{BEGIN},"n":1}}'.encode(), 1, BEGIN)])
    moment = BEGIN // MS
    for whole in (False, True):
        answer = await client.get(path, params={"from": moment, "to": moment + whole, **more})
        assert answer.status_code == 200, answer.text
        series = answer.json()["series"]
        held = [one for one in series if not isinstance(one, dict) or one["at"]]
        assert bool(held) == whole

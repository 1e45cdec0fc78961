"""From where on changes are told: a cursor names its place, and what can't be told from there is said plainly."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import feed, place
from api.place import WHOLE, Place
from bridge import clock
from bridge.live import cursor
from tests.api.field import NOON, asking, execute, keep
from tests.api.test_changes import all_pages, page, rows_of
from tests.api.test_problems import problem_of


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("after=nonsense!", "after: expected `next` of an answer, or a cursor of `/latest` or of the live stream, got"),
        ("after=", "after: expected `next` of an answer"),
        ("after=hog053ancw.1", "got 'hog053ancw.1'; leave `after` out to start over"),
        ("after=hog053ancw.1.zzzzzzzzzzzz.0", "after: expected `next`"),
        ("after=hog053ancw.zzzzzzz.1.0", "after: expected `next`"),
        ("after=" + "1" * 101, "after: expected String should have at most 100 characters"),
        ("limit=0", "limit: expected greater than or equal to 1, got '0'"),
        ("limit=100001", "limit: expected less than or equal to 100000, got '100001'"),
        ("wait=61", "wait: expected less than or equal to 60, got '61'"),
        ("wait=nan", "wait: expected less than or equal to 60, got 'nan'"),
        ("match=x", "match: expected device/metric"),
        ("page=1", "expected only known parameters, got page"),
    ],
)
async def test_what_is_no_cursor_and_no_number_is_refused(client: httpx.AsyncClient, query: str, says: str) -> None:
    assert says in problem_of(await client.get(f"/changes?{query}"), 422)["detail"]


async def test_a_cursor_ahead_of_the_database_is_of_another_one(client: httpx.AsyncClient) -> None:
    ahead = cursor.encode(clock.now() + 3_600_000_000)
    detail = problem_of(await client.get("/changes", params={"after": ahead}), 410)["detail"]
    assert detail.startswith("after: expected a cursor of this database, which has committed nothing since 20")
    assert detail.endswith("; leave `after` out to start over")


@pytest.mark.parametrize("microseconds", [-37, -40_000_003])
async def test_a_cursor_of_another_database_is_told_from_ours(database_url: str, microseconds: int) -> None:
    """Of one that lives at the same time, and of one that was there before."""
    await keep(database_url, {("a", "x"): [(NOON, 0.0)]})
    async with asking(database_url) as client:
        [ours] = [place.decode((await page(client))["next"]).committed_at]
        other = cursor.encode(ours + microseconds)
        detail = problem_of(await client.get("/changes", params={"after": other}), 410)["detail"]
        assert "another" in detail


async def test_a_cursor_that_retention_has_passed_is_gone_and_who_starts_over_gets_all_that_is_left(
    database_url: str,
) -> None:
    await keep(database_url, {("a", "x"): [(NOON + n, float(n)) for n in range(3)]})
    async with asking(database_url) as client:
        first = await page(client, limit=1)
        assert first["more"]
        await execute(database_url, "UPDATE horizon SET dropped = now() + interval '1 day'")
        answer = problem_of(await client.get("/changes", params={"after": first["next"]}), 410)
        assert "on, as what is older was dropped or is of another database, got one of " in answer["detail"]
        found, end = await all_pages(client, limit=1)
        assert [value for _, _, value in found] == [0.0, 1.0, 2.0]
        await execute(database_url, "UPDATE horizon SET dropped = dropped + interval '7 days'")
        problem_of(await client.get("/changes", params={"after": end}), 410)


async def test_what_is_dropped_amid_an_answer_is_told_and_who_starts_over_gets_all_that_is_left(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    before = (await page(client))["next"]
    series = await keep(database_url, {("a", "x"): [(NOON + 1_000, 2.0)]})
    read, late = feed.read, iter((True,))

    async def read_late(*arguments: Any) -> Any:
        if next(late, False):
            await execute(database_url, "UPDATE horizon SET dropped = (SELECT max(committed_at) FROM reading)")
            await execute(database_url, "DELETE FROM reading WHERE value = 2")
        return await read(*arguments)

    monkeypatch.setattr(feed, "read", read_late)
    problem_of(await client.get("/changes", params={"after": before}), 410)
    await keep(database_url, {("a", "x"): [(NOON + 2_000, 2.0)]})
    late = iter((True,))
    assert rows_of(await page(client)) == [(series["a", "x"], NOON // 1000, 1.0)]


places = st.builds(
    Place,
    st.integers(0, 10**16),
    st.just(WHOLE) | st.tuples(st.integers(0, 2**31 - 2), st.integers(0, 10**16)),
    st.none() | st.integers(1, 10**16),
)


@given(places)
def test_a_cursor_names_its_place(one: Place) -> None:
    assert place.decode(place.encode(one)) == one


@given(places, st.text("0123456789abcz.", min_size=1, max_size=3), st.integers(0, 60))
def test_a_damaged_cursor_is_another_one_or_none(one: Place, damage: str, where: int) -> None:
    text = place.encode(one)
    damaged = text[:where] + damage + text[where:]
    try:
        found = place.decode(damaged)
    except ValueError as error:
        assert str(error).startswith("expected `next` of an answer")  # noqa: PT017
    else:
        assert found != one
        assert place.encode(found) == damaged

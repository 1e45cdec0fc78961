"""Reads many series as one, in order of time, in memory that does not depend on how much there is to read."""

from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Collection
from operator import itemgetter
from typing import Literal, NamedTuple

from api.database import Database
from api.match import Series

Order = Literal["asc", "desc"]

HELD = 5_000
"""Rows held at once, up to a few times this: so many are turned into an answer in 10 ms, for which all else here waits,
and a round trip to the database weighs little against it."""
LEAST = 4
"""Rows asked of one series at least, however many series there are."""
SHORT = 1_000
"""Bytes of a text that is read with its row: as many as are held weigh a few megabytes."""
_series = itemgetter(1)


class Unread(int):
    """The bytes of a longer text, in its place: only those that go out are read."""


class Row(NamedTuple):
    """One reading. Rows sort by `(at, series)`, which no two share."""

    at: int
    series: int
    value: float | str


class Span(NamedTuple):
    """What to read: `since` ≤ at < `until` in microseconds, and in that order only what comes after the row `after`."""

    since: int
    until: int
    order: Order
    after: tuple[int, int] | None = None


async def read(database: Database, series: Collection[Series], span: Span, wanted: int) -> AsyncIterator[list[Row]]:
    """All rows of the span, in order, in runs. `wanted` says how many the caller means to take.

    Each series is read ahead by itself, along its key; what lies before the place up to which all are read
    is complete and goes out. So a page costs the same at any depth, and between two runs no connection is held.
    """
    text = {one.series for one in series if one.kind == "text"}
    reached = {one.series: _start(one.series, span) for one in series}
    place, furthest = (min, max) if span.order == "asc" else (max, min)
    held: list[Row] = []
    while reached:
        waiting = Counter(map(_series, held))
        share = min(HELD, wanted) // len(reached)
        low = [number for number in reached if waiting[number] <= share // 2]
        many = max(min(HELD, wanted, 2 * HELD - len(held)) // len(low), share, LEAST)
        rows = await _next(database, {number: reached[number] for number in low}, text, span, many)
        got = Counter(map(_series, rows))
        for number in low:
            if got[number] < many:
                del reached[number]
        for row in rows:
            if row.series in reached:
                reached[row.series] = furthest(reached[row.series], row.at)
        held += rows
        held.sort(reverse=span.order == "desc")
        complete = _complete(held, place(reached.values()), span.order) if reached else len(held)
        if complete:
            yield held[:complete]
            wanted = max(wanted - complete, 1)
            del held[:complete]


def _start(number: int, span: Span) -> int:
    """The moment after which, exclusively and in the span's order, this series is to be read."""
    first, step = (span.since - 1, 1) if span.order == "asc" else (span.until, -1)
    if span.after is None:
        return first
    at, series = span.after
    at = at - step if number * step > series * step else at
    return max(first, at) if span.order == "asc" else min(first, at)


def _complete(held: list[Row], place: int, order: Order) -> int:
    """How many rows lie up to the place that every series has reached."""
    if order == "asc":
        return bisect_right(held, place, key=itemgetter(0))
    return bisect_right(held, -place, key=lambda row: -row.at)


async def _next(database: Database, starts: dict[int, int], text: Collection[int], span: Span, many: int) -> list[Row]:
    rows: list[Row] = []
    for table, numbers in (
        ("reading", [number for number in starts if number not in text]),
        ("text_reading", [number for number in starts if number in text]),
    ):
        if numbers:
            bound = span.until if span.order == "asc" else span.since - 1
            found = await database.fetch(
                STATEMENTS[table, span.order], numbers, [starts[number] for number in numbers], bound, many
            )
            if table == "reading":
                rows += map(Row._make, found)
            else:
                rows += [Row(at, one, Unread(size) if value is None else value) for at, one, value, size in found]
    return rows


def _statement(table: str, order: Order) -> str:
    near, far = (">", "<") if order == "asc" else ("<", ">")
    size = "octet_length(r.value)"
    value = "r.value" if table == "reading" else f"CASE WHEN {size} <= {SHORT} THEN r.value END, {size}"
    return f"""
        SELECT r.at, r.series_id, {value}
        FROM unnest($1::int[], $2::timestamptz[]) start (series, at)
        CROSS JOIN LATERAL (
            SELECT at, series_id, value FROM {table}
            WHERE series_id = start.series AND at {near} start.at AND at {far} $3
            ORDER BY at {order} LIMIT $4
        ) r
    """  # noqa: S608  constants


STATEMENTS = {
    (table, order): _statement(table, order) for table in ("reading", "text_reading") for order in ("asc", "desc")
}

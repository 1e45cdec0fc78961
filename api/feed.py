"""Reads what was committed behind a place, in commit order, a bounded piece at a time however much there is."""

from collections.abc import Sequence
from typing import NamedTuple

from api.database import Database
from api.match import MATCHED
from api.place import WHOLE, Place
from api.texts import PAGE_BYTES
from bridge.live.history import TICK, Extent

NO_SEQSCAN = "SET LOCAL enable_seqscan = off"
"""The newest commits lie at the end of a table. A plan that expects them anywhere reads all that lies before them."""
LOOKED_THROUGH = 100_000
"""Readings for one page where a match leaves most of them out: a tenth of a second."""

STATE = "SELECT micros(last), micros(born), micros(dropped) FROM commit_clock, horizon"

BETWEEN = """
    committed_at BETWEEN moment($1) AND moment($4) AND (committed_at, series_id, at) > (moment($1), $2::int, moment($3))
"""
# No sort before the limit: if there are more, which of them are found is of no use. But they lie about in the order of
# commits, so the commit in the middle of these is a good place to try next.
COUNT = f"""
    WITH found AS (
        (SELECT committed_at FROM reading WHERE {BETWEEN} LIMIT $5)
        UNION ALL
        (SELECT committed_at FROM text_reading WHERE {BETWEEN} LIMIT $5)
    )
    SELECT count(*), micros(percentile_disc(0.5) WITHIN GROUP (ORDER BY committed_at)) FROM found
"""  # noqa: S608  constants

# The `+ 0` and the OFFSET keep the primary key out of it: along it all history would be read to find the last second.
WANTED = "($5::text[] IS NULL OR series_id + 0 IN (SELECT id FROM matched))"
PAGE = f"""
    WITH {MATCHED.replace("$1", "$5")}, page AS (
        SELECT * FROM (
            SELECT committed_at, series_id, at, value, NULL::text AS text FROM reading WHERE {BETWEEN} AND {WANTED}
            UNION ALL
            SELECT committed_at, series_id, at, NULL, value FROM text_reading WHERE {BETWEEN} AND {WANTED}
            OFFSET 0
        ) AS found ORDER BY committed_at, series_id, at LIMIT $6 + 1
    ), weighed AS (
        SELECT *, row_number() OVER before AS place, coalesce(sum(octet_length(text)) OVER before, 0) < $7 AS light
        FROM page
        WINDOW before AS (ORDER BY committed_at, series_id, at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), kept AS (
        SELECT * FROM weighed WHERE light AND place <= $6 ORDER BY place
    )
    SELECT array_agg(series_id), array_agg(micros(at)), array_agg(value),
        CASE WHEN count(text) > 0 THEN array_agg(text) END,
        CASE WHEN count(*) < (SELECT count(*) FROM page) THEN micros(max(committed_at)) END
    FROM kept
"""  # noqa: S608  constants


class State(NamedTuple):
    """What there is: up to the last commit, in microseconds since the epoch, and from where on."""

    last: int
    extent: Extent


class Changes(NamedTuple):
    """Readings as columns of equal length, in commit order, and the place up to which there are no others."""

    series: list[int]
    at: list[int]
    value: list[float | str]
    place: Place


async def state(database: Database) -> State:
    [(last, *extent)] = await database.fetch(STATE)
    return State(last, Extent(*extent))


async def read(database: Database, after: Place, last: int, limit: int, likes: Sequence[str] | None) -> Changes:
    """At most so many of the readings that were committed behind a place and up to `last`: of matched series, or of all.

    Fewer with `PAGE_BYTES` of text, but one at least. The work is bounded, so with a match there may be none, and yet more
    behind the place returned.
    """
    if after.before[0] > last:
        return Changes([], [], [], after)
    until = await _until(database, after, last, limit if likes is None else max(limit, LOOKED_THROUGH))
    [(series, at, number, text, committed_at)] = await database.fetch(
        PAGE, *after.before, until, likes, limit, PAGE_BYTES, setting=NO_SEQSCAN
    )
    value = [one if word is None else word for one, word in zip(number, text, strict=True)] if text else number
    if committed_at is None:
        return Changes(series or [], at or [], value or [], after._replace(committed_at=until, within=WHOLE))
    return Changes(series, at, value, after._replace(committed_at=committed_at, within=(series[-1], at[-1])))


async def _until(database: Database, after: Place, last: int, most: int) -> int:
    """Up to where there are at most so many readings, or one batch that has more. Most times the first look tells."""
    until = last
    while True:
        [(found, middle)] = await database.fetch(COUNT, *after.before, until, most + 1, setting=NO_SEQSCAN)
        if found <= most:
            return until if found or until == last else until + TICK
        until = middle - TICK  # behind the commit before, as far as can be told

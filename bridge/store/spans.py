"""Adds readings to the rollups: their sums are copied to a temporary table, and go from there to minutes and hours at once."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from bridge.store import statements
from bridge.store.copy import copy, timestamps
from bridge.store.numbers import Numbers
from bridge.store.rollup import HOUR, MINUTE, begins, each

Spans = Mapping[str, NDArray[Any]]
"""Columns of the table `span`."""


async def add(connection: asyncpg.Connection, spans: Spans, tick: int) -> None:
    """Only within the transaction that inserts the readings, and only what it really inserts."""
    ticks = np.full(len(spans["at"]), tick)
    await copy(connection, "span", {"committed_at": timestamps(ticks), **spans})
    await connection.execute(statements.ROLLUPS, tick)


def sum_up(numbers: Numbers) -> Spans:
    """Minutes, then hours. A minute that is alone in its hour counts for both: mostly that is so, and saves half the rows."""
    minutes = each(numbers).widen(MINUTE)
    first = begins(minutes.series, minutes.at // HOUR)
    alone = first & np.append(first[1:], True)
    hours = minutes.widen(HOUR).only(~alone[first])
    both = minutes.followed_by(hours)
    return {
        "into_minute": np.arange(len(both.at)) < len(minutes.at),
        "into_hour": np.append(alone, np.ones(len(hours.at), bool)),
        "series_id": both.series,
        "at": timestamps(both.at),
        "count": both.readings,
        "sum": both.sum,
        "min": both.min,
        "max": both.max,
        "first": both.first,
        "first_at": timestamps(both.first_at),
        "last": both.last,
        "last_at": timestamps(both.last_at),
    }

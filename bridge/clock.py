"""Times as they cross the bridge: integer microseconds since the epoch, which is what Postgres keeps."""

from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Any

MILLENNIUM = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
AHEAD = int(timedelta(days=1).total_seconds()) * 1_000_000
"""How far ahead of ours a device's clock may be: wrong time zones pass, wrong years don't."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    return time_ns() // 1_000


def device_time(at: Any, received_at: int) -> int | str:
    """A device's `at` in microseconds, or a sentence that says what is wrong with it.

    A number's unit is told by its size: seconds until 1e11 (the year 5138), then milliseconds, microseconds, nanoseconds.
    """
    kind = type(at)
    micros: int
    if kind is int and 10**11 <= at < 10**14:  # as most devices say it
        micros = at * 1_000
    elif kind is int or kind is float:
        size = abs(at)
        if size < 1e11:
            micros = round(at * 1_000_000)
        elif size < 1e14:
            micros = round(at * 1_000)
        elif size < 1e17:
            micros = round(at)
        else:
            micros = int(at // 1_000)
    elif kind is str:
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return f"expected a time as RFC 3339, got {at[:40]!r}"
        if moment.tzinfo is None:
            return f"expected a time with a zone, got {at[:40]!r}"
        micros = (moment - EPOCH) // timedelta(microseconds=1)
    else:
        return f"expected a time as a number or RFC 3339, got {kind.__name__}"
    if MILLENNIUM <= micros <= received_at + AHEAD:
        return micros
    return f"expected a time from 2000 to a day ahead, got {str(at)[:40]}"

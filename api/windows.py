"""Where windows begin: at midnights of a time zone's calendar, and in steps of absolute time from each midnight."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count, pairwise
from zoneinfo import ZoneInfo

from api.every import LENGTH, Every
from api.moment import EPOCH

ORIGIN = date(2000, 1, 3)
"""A Monday, from which windows of several days or weeks are counted; those of several months from its year."""
MICROSECOND = timedelta(microseconds=1)


def edges(every: Every, zone: ZoneInfo, since: int, until: int) -> list[int]:
    """The starts of all windows that touch since ≤ at < until, in order, and then the end of the last, in microseconds.

    Days begin when the clocks of the zone first show midnight or, where they skip it, what comes next. Minutes count in
    absolute time from there; the last window of a day ends with the day.
    """
    found: list[int] = []
    for start in _starts(every, zone, since):
        if start <= since:
            found = [start]
        elif start > found[-1]:  # a day that a zone has skipped, as Samoa in 2011, has no length
            found.append(start)
        if start >= until and len(found) > 1:
            break
    return found


def _starts(every: Every, zone: ZoneInfo, since: int) -> Iterator[int]:
    """Starts without end, from one on that is not after `since`."""
    day = (EPOCH + since * MICROSECOND).astimezone(zone).date()
    if every.unit != "m":
        yield from _midnights(every, zone, day)
    for midnight, next_midnight in pairwise(_midnights(Every(1, "d"), zone, day)):
        yield from range(midnight, next_midnight, every.many * LENGTH["m"])


def _midnights(every: Every, zone: ZoneInfo, day: date) -> Iterator[int]:
    if every.unit == "d":
        first = (day - ORIGIN).days // every.many
        days = (ORIGIN + timedelta(number * every.many) for number in count(first))
    else:
        first = ((day.year - ORIGIN.year) * 12 + day.month - 1) // every.many
        days = (_month(number * every.many) for number in count(first))
    for found in days:
        yield (datetime.combine(found, time(), zone) - EPOCH) // MICROSECOND


def _month(number: int) -> date:
    """The first day of a month, counted from that of the origin's year."""
    return date(ORIGIN.year + number // 12, number % 12 + 1, 1)

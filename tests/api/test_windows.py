"""Windows begin where the clocks of a zone say, and tiers share out what is in them: each reading once."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.every import Every, parse
from api.split import WIDTHS, Horizon, split
from api.windows import edges
from tests.api import calendar

CHANGES = {
    "UTC": ("2024-03-31T00:00", "2024-12-31T23:00"),
    "Europe/Berlin": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/New_York": ("2024-03-10T07:00", "2024-11-03T06:00"),
    "America/St_Johns": ("2011-03-13T03:31", "2010-11-07T02:31"),  # from 00:01 back to 23:01
    "America/Havana": ("2024-03-10T05:00", "2024-11-03T05:00"),  # from 00:00 to 01:00, from 01:00 back to 00:00
    "Asia/Kathmandu": ("2024-01-01T18:15",),  # +05:45
    "Australia/Lord_Howe": ("2024-04-06T15:00", "2024-10-05T15:30"),  # by half an hour
    "Pacific/Apia": ("2011-12-30T10:00", "2012-03-31T14:00"),  # a day left out
    "Africa/Casablanca": ("2024-03-10T02:00",),  # back for Ramadan
}
"""Zones, and moments at which their clocks do something."""
EVERY = ("1m", "15m", "90m", "1h", "6h", "12h", "24h", "1d", "2d", "1w", "2w", "1mo", "3mo", "1y", "5y")
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000

changes = st.sampled_from([(zone, moment) for zone, moments in CHANGES.items() for moment in moments])
offsets = st.builds(
    lambda days, minutes, micros: days * DAY + minutes * MINUTE + micros,
    st.sampled_from([0, 0, 0, -1, 1, 2, -33]),
    st.sampled_from([0, 15, 30, 60, -60]) | st.integers(-400, 400),
    st.sampled_from([0, 0, 1, -1, 30_000_000]),
)
"""Microseconds from such a moment."""
spans = st.tuples(offsets, offsets).map(sorted)


def micros(moment: str) -> int:
    return int(datetime.fromisoformat(f"{moment}+00:00").timestamp()) * 1_000_000


@given(change=changes, every=st.sampled_from(EVERY), span=spans, inside=st.lists(st.floats(0, 1), max_size=20))
@pytest.mark.timeout(300)
def test_each_moment_is_in_the_window_that_the_clocks_say(
    change: tuple[str, str], every: str, span: tuple[int, int], inside: list[float]
) -> None:
    zone, moment = ZoneInfo(change[0]), micros(change[1])
    since, until = (moment + offset for offset in span)
    found = edges(parse(every), zone, since, until)
    assert found == sorted(set(found))
    assert found[0] <= since < found[1]
    assert found[-2] < max(until, since + 1) <= found[-1]
    for part in (*inside, 0.0):
        at = since + int((until - since) * part)
        if since <= at < until:
            assert found[bisect_right(found, at) - 1] == calendar.window(at, every, zone)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2024-03-31", 23),
        ("Europe/Berlin", "2024-10-27", 25),
        ("America/Havana", "2024-03-10", 23),  # there is no midnight
        ("America/Havana", "2024-11-03", 25),  # there are two
        ("America/St_Johns", "2010-11-07", 25),  # it shows for a minute before the clocks go back
        ("Australia/Lord_Howe", "2024-10-06", 23.5),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-31", 24),  # the day before never was
        ("Asia/Kathmandu", "2024-03-31", 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: str, hours: float) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    at = int(noon.timestamp()) * 1_000_000
    begin, end = edges(Every(1, "d"), ZoneInfo(zone), at, at + 1)
    assert (end - begin) / HOUR == hours
    local = [(calendar.EPOCH + timedelta(microseconds=edge)).astimezone(ZoneInfo(zone)) for edge in (begin, end - 1)]
    assert str(local[0].date()) == day


def test_a_day_that_a_zone_has_skipped_makes_no_window() -> None:
    found = edges(Every(1, "d"), ZoneInfo("Pacific/Apia"), micros("2011-12-29T12:00"), micros("2011-12-31T12:00"))
    assert found == [micros(f"2011-12-{day}T10:00") for day in (29, 30, 31)] + [micros("2012-01-01T10:00")]


def test_steps_begin_anew_with_each_day_and_its_last_one_ends_with_it() -> None:
    zone, day = ZoneInfo("Europe/Berlin"), micros("2024-03-30T23:00")
    found = edges(parse("6h"), zone, day, day + 24 * HOUR)
    assert [(after - before) / HOUR for before, after in pairwise(found)] == [6, 6, 6, 5, 6]
    zone, day = ZoneInfo("Australia/Lord_Howe"), micros("2024-04-06T13:00")
    found = edges(parse("1h"), zone, day, day + 25 * HOUR)
    assert [(after - before) / HOUR for before, after in pairwise(found)] == [1] * 24 + [0.5, 1]


@pytest.mark.parametrize(
    ("text", "many", "unit", "canonical"),
    [
        ("1m", 1, "m", "1m"),
        ("90m", 90, "m", "90m"),
        ("120m", 120, "m", "2h"),
        ("24h", 1440, "m", "24h"),
        ("PT15M", 15, "m", "15m"),
        ("PT1H", 60, "m", "1h"),
        ("P1D", 1, "d", "1d"),
        ("7d", 7, "d", "1w"),
        ("P2W", 14, "d", "2w"),
        ("P1M", 1, "mo", "1mo"),
        ("3mo", 3, "mo", "3mo"),
        ("P1Y", 12, "mo", "1y"),
    ],
)
def test_a_length_is_read_in_both_forms_and_written_in_one(text: str, many: int, unit: str, canonical: str) -> None:
    every = parse(text)
    assert (every.many, every.unit, str(every)) == (many, unit, canonical)
    assert parse(str(every)) == every


hours = st.integers(0, 4).map(lambda number: number * HOUR)
near = st.builds(
    lambda hour, minute, second: hour * HOUR + minute * MINUTE + second * 1_000_000,
    st.integers(0, 4),
    st.sampled_from([0, 0, 1, 30, 59]),
    st.sampled_from([0, 0, 1, 59]),
)


@given(
    cuts=st.lists(near, min_size=2, max_size=6, unique=True).map(sorted),
    span=st.tuples(near, near).map(sorted),
    horizon=st.tuples(hours, hours, hours).map(sorted),
    moments=st.lists(near | st.integers(0, 5 * HOUR), max_size=20),
)
def test_each_reading_is_read_once_from_the_finest_tier_that_its_window_needs(
    cuts: list[int], span: tuple[int, int], horizon: list[int], moments: list[int]
) -> None:
    since, until = max(span[0], cuts[0]), min(span[1], cuts[-1])
    shared = split(cuts, since, until, Horizon(*horizon))
    for at in moments:
        kept = [width for width, before in zip(WIDTHS, horizon, strict=True) if at >= before]
        counts = at // kept[-1] * kept[-1] if kept else -1
        windows = set()
        for width, share in zip(WIDTHS, shared.shares, strict=True):
            row = at // width * width
            found = [place for place in zip(*share, strict=True) if place[0] <= row < place[1]]
            windows |= {(bisect_right(cuts, row), width) for _ in found}
            if found:
                assert width in kept or not kept
        if kept:
            assert {window for window, _ in windows} == (
                {bisect_right(cuts, counts)} if since <= counts < until else set()
            )
        assert len(windows) <= 1
    for share in shared.shares:
        assert all(end < begin for (_, end), (begin, _) in pairwise(zip(*share, strict=True))), "runs are joined"
        assert all(begin < end for begin, end in zip(*share, strict=True))
    aligned = all(edge % HOUR == 0 or edge >= horizon[2] for edge in (*cuts, since, until) if since <= edge <= until)
    if since >= horizon[0] and aligned and since < until:
        assert shared.exact


def test_what_can_not_be_divided_any_more_is_said_and_counts_where_it_begins() -> None:
    half = HOUR + 30 * MINUTE
    kept = Horizon(hour=0, minute=4 * HOUR, raw=4 * HOUR)
    divided = split([0, half, 3 * HOUR], 0, 3 * HOUR, kept)
    assert (divided.exact, divided.shares[0]) == (False, ([0], [3 * HOUR]))
    assert split([0, HOUR, 3 * HOUR], 0, 3 * HOUR, kept).exact
    assert not split([HOUR, 3 * HOUR], half, 3 * HOUR, kept).exact
    assert not split([HOUR, 3 * HOUR], HOUR, half, kept).exact
    assert split([5 * HOUR, 6 * HOUR], 5 * HOUR + 1, 6 * HOUR, kept).exact
    assert not split([0, HOUR], 0, HOUR, kept._replace(hour=2 * HOUR)).exact
    assert split([0, half, 3 * HOUR], 0, 3 * HOUR, Horizon(0, 0, 0)).tier == "hour"
    assert split([HOUR, half], HOUR, half, Horizon(0, 0, 0)).tier == "minute"
    assert split([HOUR, half], HOUR + 1, HOUR + 2, Horizon(0, 0, 0)).tier == "raw"

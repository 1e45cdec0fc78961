"""The ledger against a plain one made of a set, and what it makes of sequences that are none."""

from collections.abc import Sequence
from itertools import count, pairwise
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldline.database import DatabaseError, opened
from fieldline.ledger.entry import Entry, Ledger
from fieldline.ledger.ledger import Question, take
from tests.api.field import NOON, execute, keep
from tests.services import Database

RUN = 1_000_000
WEEK = 604_800_000_000
MONDAY = 1_759_708_800_000_000
"""The week of `NOON` begins, in microseconds."""
SECOND = 1_000_000
Readings = Sequence[tuple[int, float]]
names = count()


class Quiet:
    """Watches, and remembers how far it was said to be."""

    def __init__(self) -> None:
        self.expected = (0, 0)
        self.devices = self.weeks = 0

    def begin(self, devices: int, weeks: int) -> None:
        self.expected = (devices, weeks)

    def counted(self, devices: int) -> None:
        self.devices += devices

    def looked_through(self, weeks: int) -> None:
        self.weeks += weeks


async def ledger(
    database_url: str,
    *likes: str,
    since: int | None = None,
    until: int | None = None,
    late_after: int = 60 * SECOND,
    most: int = 1000,
) -> Ledger:
    watch = Quiet()
    async with opened(database_url, 4) as database:
        found = await take(database, Question(likes or ("%",), since, until, late_after, most), watch)
    assert (watch.devices, watch.weeks) == watch.expected, "the progress reaches its end"
    return found


async def entry(database_url: str, device: str, **window: int | None) -> Entry:
    [found] = (await ledger(database_url, f"{device}/%", **window)).entries  # type: ignore[arg-type]
    return found


class Plain(NamedTuple):
    """The same ledger from a set of numbers, as `devices/sequence.py` defines it."""

    runs: int
    sent: int
    stored: int
    duplicate: int
    missing: int
    ranges: list[tuple[int, int]]


def plain(readings: Readings, begins: int | None) -> Plain:
    """`begins`: the second at which the window begins, where the first run may have begun before."""
    numbers = {int(seq) for _, seq in readings}
    groups = {number // RUN for number in numbers}
    runs = sent = 0
    missing = list[tuple[int, int]]()
    for group in sorted(groups):
        own = sorted(number for number in numbers if number // RUN == group)
        cut = begins is not None and group == min(groups) and group < begins
        went_on = group + 1 in groups and own[-1] % RUN >= RUN // 2
        first = own[0] if cut else group * RUN
        last = (group + 1) * RUN - 1 if went_on else own[-1]
        runs += not went_on
        sent += last - first + 1
        missing += [(a + 1, b - 1) for a, b in pairwise([first - 1, *own, last + 1]) if b - a > 1]
    lost = sum(b - a + 1 for a, b in missing)
    return Plain(runs, sent, len(numbers), len(readings) - len(numbers), lost, missing)


places = st.integers(0, 140) | st.integers(499_990, 500_010) | st.integers(999_900, 999_999)
sequences = st.builds(
    lambda base, run, place: (base + run) * RUN + place,
    st.sampled_from([0, MONDAY // SECOND]),
    st.integers(0, 2),
    places,
)
times = st.integers(MONDAY, MONDAY + 2 * WEEK - 1)
stretches = st.builds(
    lambda begin, length, at: [(at + step, float(begin + step)) for step in range(length)],
    sequences,
    st.integers(1, 150),
    st.integers(MONDAY, MONDAY + 2 * WEEK - 1000),
)
scattered = st.lists(st.tuples(times, sequences.map(float)), max_size=20)
said = st.builds(
    lambda some, parts: sorted({at: seq for part in [some, *parts] for at, seq in part}.items()),
    scattered,
    st.lists(stretches, max_size=4),
).filter(bool)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said, st.booleans())
@pytest.mark.timeout(120)
async def test_it_is_what_a_set_of_numbers_says(database_url: str, readings: Readings, old: bool) -> None:  # noqa: FBT001
    """An old series may have lost its beginning with the weeks that are gone."""
    device = f"device-{next(names)}"
    await execute(database_url, "SELECT ensure_partitions(moment($1))", MONDAY + WEEK)
    await keep(database_url, {(device, "seq"): readings})
    if old:
        await execute(database_url, "UPDATE series SET created_at = moment($1)", MONDAY - 1)
    found = await entry(database_url, device)
    expected = plain(readings, MONDAY // SECOND if old else None)
    assert Plain(found.runs, found.sent, found.stored, found.duplicate, found.missing, list(found.ranges)) == expected
    assert found.holes == len(expected.ranges)


async def test_a_window_counts_what_was_measured_in_it(database_url: str) -> None:
    run = NOON // SECOND * RUN
    await keep(
        database_url, {("a", "seq"): [(NOON + n * SECOND, float(run + n)) for n in range(100) if n not in (5, 50)]}
    )
    window = {"since": NOON + 10 * SECOND, "until": NOON + 90 * SECOND}
    found = await entry(database_url, "a", **window)
    assert (found.sent, found.stored, found.missing, found.ranges) == (80, 79, 1, [(run + 50, run + 50)])
    assert found.cut, "it began before the window"
    whole = await entry(database_url, "a", since=NOON, until=None)
    assert (whole.sent, whole.missing, whole.cut) == (100, 2, False)
    empty = await entry(database_url, "a", since=NOON + 200 * SECOND)
    assert (empty.runs, empty.sent, empty.stored, empty.late) == (0, 0, 0, 0)


async def test_what_retention_has_dropped_is_not_missing(database_url: str) -> None:
    """The store begins with its oldest week: a run that had begun by then is counted from its first number there."""
    run = (MONDAY - WEEK) // SECOND * RUN
    later = MONDAY // SECOND * RUN
    readings = [(MONDAY + n * SECOND, float(run + n)) for n in range(1000, 1010)]
    readings += [(MONDAY + (100 + n) * SECOND, float(later + n)) for n in range(3, 5)]
    await keep(database_url, {("a", "seq"): readings})
    await execute(database_url, "UPDATE series SET created_at = moment($1)", MONDAY - WEEK)
    found = await entry(database_url, "a")
    assert (found.cut, found.sent, found.ranges) == (True, 15, [(later, later + 2)])


async def test_late_is_what_was_committed_long_after_it_was_measured(database_url: str) -> None:
    readings = [(NOON + n * SECOND, float(n)) for n in range(10)]
    await keep(database_url, {("a", "seq"): readings, ("a", "other"): readings, ("b", "seq"): readings})
    await execute(database_url, "UPDATE reading SET committed_at = at + interval '60 s'")
    late = "UPDATE reading SET committed_at = at + interval '60.001 s' WHERE value < 4 AND series_id = ANY ($1)"
    await execute(database_url, late, [1, 2])
    found = await ledger(database_url)
    assert {one.device: one.late for one in found.entries} == {"a": 4, "b": 0}
    assert found.total().late == 4
    assert (await entry(database_url, "b", late_after=59 * SECOND)).late == 10


async def test_one_device_of_many_is_told_alone(database_url: str) -> None:
    """Few series of many are found another way."""
    readings = [(NOON + n, float(n)) for n in range(10)]
    await keep(database_url, {(f"device-{n}", "seq"): readings for n in range(60)})
    found = await entry(database_url, "device-7")
    assert (found.device, found.stored, found.late) == ("device-7", 10, 10)
    everything = await ledger(database_url)
    assert [one.late for one in everything.entries] == [10] * 60


@pytest.mark.parametrize("value", [0.5, -1.0, 2.0**53, 1e300, float("nan"), float("inf"), -float("inf")])
async def test_a_seq_that_is_no_sequence_number_is_said_to_be_none(database_url: str, value: float) -> None:
    await keep(database_url, {("a", "seq"): [(NOON, 0.0), (NOON + 1, value)], ("b", "seq"): [(NOON, "seven")]})
    await execute(database_url, "UPDATE reading SET value = $1 WHERE value <> 0", value)
    found = await ledger(database_url)
    assert list(found.entries) == []
    assert [(one.device, one.reason.partition(", ")[2]) for one in found.foreign] == [
        ("a", "got 1 others"),
        ("b", "got the kind text"),
    ]


async def test_the_ranges_of_a_device_are_bounded_and_said_to_be(database_url: str) -> None:
    await keep(database_url, {("a", "seq"): [(NOON + n, float(2 * n)) for n in range(500)]})
    found = await entry(database_url, "a", most=3)
    assert (found.missing, found.holes, found.ranges) == (499, 499, [(1, 1), (3, 3), (5, 5)])


async def test_an_empty_store_has_an_empty_ledger(database_url: str) -> None:
    found = await ledger(database_url)
    assert (list(found.entries), list(found.foreign), found.total().sent) == ([], [], 0)


async def test_a_database_that_can_not_tell_says_why(migrated: Database) -> None:
    for url, said in (
        (
            "postgresql://fieldline@127.0.0.1:1/fieldline",
            "expected the database at 127.0.0.1:1/fieldline to answer, got: ",
        ),
        (migrated.url("postgres"), "the database has no current schema: run `fieldline migrate`"),
        (migrated.url("nowhere"), 'database "nowhere" does not exist'),
    ):
        with pytest.raises(DatabaseError) as trouble:
            await ledger(url)
        assert said in str(trouble.value)
        assert "password" not in str(trouble.value)

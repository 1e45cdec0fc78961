"""The pure parts of the store: summing up, and telling what is new from what is there."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bridge.store.columns import Columns
from bridge.store.copy import EPOCH
from bridge.store.numbers import Numbers
from bridge.store.rollup import HOUR, MINUTE, each
from bridge.store.settle import settle
from bridge.store.spans import sum_up

AT = 1_790_000_000_000_000
readings = st.dictionaries(
    st.tuples(st.integers(1, 3), st.integers(AT, AT + 3 * HOUR)),
    st.integers(-1_000, 1_000).map(float),
    min_size=1,
    max_size=60,
)


def columns(*found: tuple[int, int, float | str]) -> Columns:
    made = Columns.empty()
    for origin, (series, at, value) in enumerate(found):
        made.add(series, at, value, origin)
    return made


@given(readings)
def test_spans_equal_what_their_readings_come_to(found: dict[tuple[int, int], float]) -> None:
    series, at = [key[0] for key in found], [key[1] for key in found]
    minutes = each(Numbers.ordered(series, at, list(found.values()))).widen(MINUTE)
    for rollup, width in ((minutes, MINUTE), (minutes.widen(HOUR), HOUR)):
        parts: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        for (number, moment), value in found.items():
            parts[number, moment // width * width].append((moment, value))
        expected = []
        for (number, begin), members in sorted(parts.items()):
            values = [value for _, value in members]
            (first_at, first), (last_at, last) = min(members), max(members)
            expected.append(
                (number, begin, len(values), sum(values), min(values), max(values), first, first_at, last, last_at)
            )
        assert list(zip(*(column.tolist() for column in rollup), strict=True)) == expected


@given(readings)
def test_spans_hold_each_minute_and_each_hour_once(found: dict[tuple[int, int], float]) -> None:
    series, at = [key[0] for key in found], [key[1] for key in found]
    numbers = Numbers.ordered(series, at, list(found.values()))
    written = sum_up(numbers)
    minutes = each(numbers).widen(MINUTE)
    for width, tier, rollup in ((MINUTE, "into_minute", minutes), (HOUR, "into_hour", minutes.widen(HOUR))):
        these = written[tier]
        rows = written["series_id"][these], (written["at"][these] + EPOCH) // width * width, written["sum"][these]
        expected = rollup.series, rollup.at, rollup.sum
        assert sorted(zip(*(column.tolist() for column in rows), strict=True)) == list(
            zip(*(column.tolist() for column in expected), strict=True)
        )


def test_numbers_are_ordered_by_series_and_time_whatever_order_they_came_in() -> None:
    numbers = Numbers.ordered([2, 1, 2, 1], [5, 9, 4, 3], [1.5, True, 3, -0.0])
    assert [column.tolist() for column in numbers] == [[1, 1, 2, 2], [3, 9, 4, 5], [-0.0, 1.0, 3.0, 1.5]]
    assert numbers.value.dtype == np.float64


def test_what_is_stored_with_the_same_value_is_left_out_and_the_rest_is_new() -> None:
    found = columns((1, AT, 1), (1, AT + 1, 2), (2, AT, "x"), (2, AT + 1, "y"))
    settled = settle(found, [1.0, None, "x", None], before=Columns.empty())
    assert settled.new == Columns([1, 2], [AT + 1, AT + 1], [2, "y"], [1, 3])
    assert settled.refusals == []


def test_what_the_same_batch_brings_twice_is_new_once_and_its_first_value_wins() -> None:
    before = columns((1, AT, True))
    found = columns((1, AT, 1), (1, AT, 2), (1, AT + 1, 3), (1, AT + 1, 3), (1, AT + 1, 4))
    settled = settle(found, [None] * 5, before)
    assert settled.new == Columns([1], [AT + 1], [3], [2])
    assert [origin for origin, _ in settled.refusals] == [1, 4]
    assert [refusal.reason for _, refusal in settled.refusals] == ["conflict", "conflict"]
    assert "stored is 1.0, got 2.0" in settled.refusals[0][1].detail

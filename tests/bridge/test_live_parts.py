"""The pure parts of the live side."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.committed import Committed
from bridge.live import cursor, frames
from bridge.live.fanout import Fanout
from bridge.live.match import LONGEST, MOST, Match
from bridge.live.outbox import Outbox
from bridge.live.recent import Recent
from bridge.live.rows import Batch, Rows
from bridge.live.series import Series

names = st.text(alphabet="ab*\\%_./é\n", max_size=6)


@given(st.integers(min_value=0, max_value=2**62))
def test_a_cursor_says_the_place_that_was_encoded(committed_at: int) -> None:
    assert cursor.decode(cursor.encode(committed_at)) == committed_at


@given(st.text(max_size=15))
def test_what_is_no_cursor_is_refused_and_a_cursor_has_one_spelling(text: str) -> None:
    try:
        committed_at = cursor.decode(text)
    except ValueError:
        return
    assert cursor.encode(committed_at) == text


@given(names, names)
def test_a_star_matches_anything_and_everything_else_itself(device: str, metric: str) -> None:
    exact = f"{device}/{metric}".replace("\\", "\\\\").replace("*", "\\*")
    for pattern in (exact, "*", f"{exact}*", f"*{exact}", exact.replace("a", "*")):
        assert Match([pattern]).accepts(device, metric)
    assert not Match([exact + "x"]).accepts(device, metric)


@pytest.mark.parametrize("pattern", ["greenhouse-1", "", "a/" + "x" * LONGEST, "a/\0", "a/\ud800"])
def test_a_pattern_that_can_select_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"expected .*, got"):
        Match([pattern])


def test_patterns_are_bounded_and_their_order_is_nothing() -> None:
    assert Match(["b/*", "a/*", "a/*"]) == Match(["a/*", "b/*"])
    assert Match([]) == Match(["*"])
    with pytest.raises(ValueError, match="expected at most"):
        Match([f"{n}/*" for n in range(MOST + 1)])


@given(st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=6), st.sets(st.integers(1, 5)), st.integers(0, 8))
def test_rows_after_a_cursor_are_those_of_the_later_batches(
    batches: list[list[int]], wanted: set[int], after: int
) -> None:
    rows = Rows()
    for number, series in enumerate(batches, 1):
        rows.add(Batch(Committed(number, series, [number * 1000] * len(series), [float(number)] * len(series))), wanted)
    start = rows.start(after)
    expected = [(one, n) for n, series in enumerate(batches, 1) if n > after for one in series if one in wanted]
    assert list(zip(rows.series[start:], rows.at[start:], strict=True)) == expected


@given(st.permutations(range(1, 9)), st.integers(0, 2_000))
def test_what_is_kept_is_everything_above_the_floor_in_order(order: list[int], capacity: int) -> None:
    recent = Recent(capacity)
    for committed_at in order:
        recent.add(Committed(committed_at, [1], [1], ["é" * committed_at]))
    kept = [batch.committed_at for batch in recent.after(0)]
    assert kept == list(range(recent.floor + 1, 9)) or kept == sorted(kept) != []
    assert len(kept) * 229 <= max(capacity, 0) + 8 * 8


async def test_an_outbox_has_room_for_one_large_frame_and_no_more() -> None:
    outbox = Outbox(10)
    large = frames.error("a", "code", "x" * 100)
    assert outbox.offer(large)
    assert not outbox.offer(large)
    putting = asyncio.create_task(outbox.put(large))
    assert await outbox.take() is large
    await putting
    assert await outbox.take() is large
    await outbox.emptied()


def test_what_was_kept_and_asked_for_before_another_name_was_found_is_of_no_use() -> None:
    kept, waiting, later = (Committed(place, [1], [0], [0.0]) for place in (5, 6, 7))
    before, after = (Series(1, device, "x", None, "number") for device in "ab")
    fanout = Fanout(1_000_000)
    with fanout.arriving():
        fanout.announce(kept)
        fanout.learn({1: before}, 0)
        fanout.carry(kept)
        fanout.announce(waiting)
        fanout.learn({1: after}, 0)
        assert fanout.recent.after(0) == []
        assert fanout.seen == 6
        fanout.learn({1: before}, 0)
        assert fanout.unknown(later) == {1}

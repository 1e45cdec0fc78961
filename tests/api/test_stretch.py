"""Stretches of a span: one after the other, all of it, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.export import stretch
from api.export.stretch import Stretch

WANTED = 100


@given(
    since=st.integers(-(10**15), 10**15),
    width=st.integers(1, 10**13),
    found=st.lists(st.integers(0, 1000) | st.none()),
    descending=st.booleans(),
)
def test_they_cover_the_span_once_and_in_order(
    since: int,
    width: int,
    found: list[int | None],
    descending: bool,  # noqa: FBT001  drawn
) -> None:
    """`None` says that a stretch held too much, and is tried again."""
    span = left = Stretch(since, since + width)
    wide, covered = stretch.START, list[Stretch]()
    for count in [*found, *[0] * 60]:
        if left.width == 0:
            break
        now = stretch.first(left, wide, descending=descending)
        assert 0 < now.width <= wide
        if count is None:
            wide = stretch.narrower(now.width)
            continue
        covered.append(now)
        left = stretch.rest(left, now, descending=descending)
        wide = stretch.next_width(now.width, count, WANTED)
    assert left.width == 0, "expected to get through a gap of any width, got stuck"
    ends = covered[::-1] if descending else covered
    assert [one.since for one in ends] == [span.since, *(one.until for one in ends[:-1])]
    assert ends[-1].until == span.until
    assert stretch.share(span, covered[-1], descending=descending) == 1


@pytest.mark.parametrize(
    ("found", "width"), [(0, 8_000), (12, 8_000), (50, 2_000), (100, 1_000), (200, 500), (1_000_000_000, 1)]
)
def test_the_next_is_as_wide_as_what_was_found_says(found: int, width: int) -> None:
    assert stretch.next_width(1_000, found, WANTED) == width

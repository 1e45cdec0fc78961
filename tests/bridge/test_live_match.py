"""Patterns: a star is anything, and no pattern that a client sends makes the server think for long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.live.match import Match

words = st.text("ab/.", max_size=8)


@given(st.lists(words, min_size=2, max_size=5), words, words)
def test_a_star_is_anything_a_slash_included(pieces: list[str], device: str, metric: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pieces)), f"{device}/{metric}") is not None
    assert Match(["*".join(pieces)]).accepts(device, metric) == expected


@pytest.mark.timeout(5)
def test_two_hundred_stars_are_answered_at_once() -> None:
    assert not Match(["*a" * 200 + "c"]).accepts("a" * 250, "a" * 250)

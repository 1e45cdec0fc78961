"""Patterns: a star is anything, and no pattern that a client sends makes the server think for long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.dialects.plain import LONGEST_NAME
from bridge.live.match import LONGEST, Match

words = st.text("ab/.", max_size=8)


@given(st.lists(words, min_size=2, max_size=5), words, words)
def test_a_star_is_anything_a_slash_included(pieces: list[str], device: str, metric: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pieces)), f"{device}/{metric}") is not None
    assert Match(["*".join(pieces)]).accepts(device, metric) == expected


@pytest.mark.timeout(5)
def test_as_many_stars_as_a_pattern_holds_are_answered_at_once() -> None:
    assert not Match(["*a" * (LONGEST // 2) + "c"]).accepts("a" * LONGEST_NAME, "a" * LONGEST_NAME)


@pytest.mark.parametrize("letter", ["*", "\\", "a", "😀"])
def test_the_longest_names_are_selected_by_themselves_alone(letter: str) -> None:
    name = letter * LONGEST_NAME
    exact = re.sub(r"([*\\])", r"\\\1", f"{name}/{name}")
    assert Match([exact]).accepts(name, name)
    assert not Match([exact]).accepts(name, name[1:])

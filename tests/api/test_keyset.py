"""A page token brings back exactly the place it was made for, and only to the query that it was made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import keyset
from api.merge import Order, Span
from api.moment import EARLIEST, LATEST

orders: st.SearchStrategy[Order] = st.sampled_from(["asc", "desc"])
queries = st.lists(st.text() | st.none(), max_size=3)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    since, at, until = sorted(draw(st.sets(st.integers(EARLIEST, LATEST), min_size=3, max_size=3)))
    return Span(since, until, draw(orders), (at, draw(st.integers(1, 2**31 - 1))))


@given(span=spans(), query=queries)
def test_a_token_is_the_place_it_was_made_for(span: Span, query: list[object]) -> None:
    assert keyset.decode(keyset.encode(span, query), span.order, query) == span


@given(span=spans(), query=queries, other=queries, order=orders)
def test_a_token_is_refused_by_any_other_query(
    span: Span, query: list[object], other: list[object], order: Order
) -> None:
    if (query, span.order) != (other, order):
        with pytest.raises(ValueError, match=r"^expected `next`"):
            keyset.decode(keyset.encode(span, query), order, other)


@given(token=st.text(max_size=60), order=orders)
def test_no_text_but_a_token_is_taken(token: str, order: Order) -> None:
    with pytest.raises(ValueError, match=r"^expected `next`"):
        keyset.decode(token, order, [])


@given(span=spans(), place=st.integers(0, 47), letter=st.sampled_from("AZaz09-_"))
def test_a_damaged_token_is_refused(span: Span, place: int, letter: str) -> None:
    token = keyset.encode(span, [])
    damaged = token[:place] + letter + token[place + 1 :]
    if damaged != token:
        with pytest.raises(ValueError, match=r"^expected `next`"):
            keyset.decode(damaged, span.order, [])


def test_a_token_out_of_its_own_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected"):
        keyset.decode(keyset.encode(Span(-(2**63), 2**63 - 1, "asc", (5, 1)), []), "asc", [])

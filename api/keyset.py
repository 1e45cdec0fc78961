"""The `page` token: the place in a query's readings at which its next page starts, and the times it was first asked for."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from api.merge import Order, Span
from api.moment import EARLIEST, LATEST

EXPECTED = "expected `next` of the page before, with the same match, from, to and order"
_layout = struct.Struct(">qqqi8s")


def encode(span: Span, query: Sequence[object]) -> str:
    """Name the place `span.after`. The span's own bounds go with it: `-1h` means the same hour on every page."""
    if span.after is None:
        raise ValueError("expected the row after which to go on, got none")
    at, series = span.after
    check = _check(span, query)
    return urlsafe_b64encode(_layout.pack(span.since, span.until, at, series, check)).decode().rstrip("=")


def decode(token: str, order: Order, query: Sequence[object]) -> Span:
    """Take up a query where a page ended. Raises `ValueError` for a token that the same query did not give."""
    try:
        since, until, at, series, _ = _layout.unpack(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, struct.error):
        raise ValueError(EXPECTED) from None
    span = Span(since, until, order, (at, series))
    if encode(span, query) != token or not EARLIEST <= since <= at < until <= LATEST:
        raise ValueError(EXPECTED)  # made anew it would be the same
    return span


def _check(span: Span, query: Sequence[object]) -> bytes:
    """Ties a token to its query and finds damage; it keeps no secret, for the token grants nothing."""
    return blake2b(repr((span, query)).encode(errors="surrogatepass"), digest_size=8).digest()

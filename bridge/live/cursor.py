"""The cursor as the outside sees it: an opaque string that names a place in the order of commits."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST = 12
"""Characters: what 36 ** 12 can't hold, Postgres's clock can't either."""


def encode(committed_at: int) -> str:
    """The place right after the batch that was committed at this microsecond."""
    text = ""
    while committed_at:
        committed_at, digit = divmod(committed_at, 36)
        text = DIGITS[digit] + text
    return text or "0"


def decode(cursor: str) -> int:
    """The `committed_at` that was encoded. Raises `ValueError` for what `encode` never says."""
    if 0 < len(cursor) <= LONGEST and not cursor.strip(DIGITS) and (cursor[0] != "0" or cursor == "0"):
        return int(cursor, 36)
    raise ValueError(f"expected a cursor as the server sent it, got {cursor[:40]!r}")

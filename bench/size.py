"""How much a benchmark does."""

from typing import NamedTuple


class Size(NamedTuple):
    """Each benchmark reads what concerns it; without a number of messages it takes its own."""

    rounds: int = 5
    messages: int | None = None
    seconds: int = 60
    stored: int = 50_000_000
    trucks: int = 200

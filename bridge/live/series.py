"""A series as live clients get to know it."""

from typing import NamedTuple


class Series(NamedTuple):
    id: int
    device: str
    metric: str
    unit: str | None
    kind: str


class Latest(NamedTuple):
    """A series and its newest reading. `at` (microseconds since the epoch) and `value` are `None` while it has none."""

    series: Series
    at: int | None = None
    value: float | str | None = None

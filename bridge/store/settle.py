"""Tells readings that are new from those that are stored already. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from bridge.record import Refusal
from bridge.store.columns import Columns
from devices.reading import Value


class Settled(NamedTuple):
    new: Columns
    refusals: list[tuple[int, Refusal]]
    """Conflicts, by index of their message."""


def settle(columns: Columns, stored: Iterable[Value | None], before: Columns) -> Settled:
    """Leave out what is there with the same value; of different values at one time the first wins.

    `stored` is what the table holds for each reading, `before` what the same batch brings into it anyway.
    """
    settled = Settled(Columns.empty(), [])
    brought = {(series, at): _as_stored(value) for series, at, value, _ in before}
    for (series, at, said, origin), found in zip(columns, stored, strict=True):
        value = _as_stored(said)
        first = brought.get((series, at)) if found is None else found
        if first is None:
            brought[series, at] = value
            settled.new.add(series, at, value, origin)
        elif first != value:
            refusal = Refusal("conflict", f"series {series} at {at} µs: stored is {first!r:.80}, got {value!r:.80}")
            settled.refusals.append((origin, refusal))
    return settled


def _as_stored(value: Value) -> Value:
    return value if type(value) is str else float(value)

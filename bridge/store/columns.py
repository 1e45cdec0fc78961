"""Sorts decoded readings into the columns of the two tables that hold them, with the numbers of their series."""

from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

from bridge.decode import Decoded
from bridge.record import Refusal
from bridge.store.registry import KIND, Registry
from devices.reading import Reading, Value


class Columns(NamedTuple):
    """Readings bound for one table, as columns of equal length. `origin` is the index of the message in its batch."""

    series: list[int]
    at: list[int]
    value: list[Value]
    origin: list[int]

    @staticmethod
    def empty() -> "Columns":
        return Columns([], [], [], [])


class Sorted(NamedTuple):
    numbers: Columns
    texts: Columns
    refusals: list[tuple[int, Refusal]]
    """Readings of another kind than their series, by index of their message."""


async def sort(connection: asyncpg.Connection, registry: Registry, decoded: Decoded) -> Sorted:
    """Number the readings, registering series that are new."""
    try:
        return _sort(registry, decoded)
    except KeyError:
        wanted = _unknown(registry, decoded.readings)
        await registry.learn(connection, wanted)
        return _sort(registry, decoded)


def _unknown(registry: Registry, readings: Iterable[Reading]) -> dict[tuple[str, str], Value]:
    """Series not met before, each with its first value, which decides its kind."""
    wanted: dict[tuple[str, str], Value] = {}
    for device, metric, _, value in readings:
        if (device, metric) not in registry.known:
            wanted.setdefault((device, metric), value)
    return wanted


def _sort(registry: Registry, decoded: Decoded) -> Sorted:
    known = registry.known
    done = Sorted(Columns.empty(), Columns.empty(), [])
    number_series, number_at, number_value, number_origin = done.numbers
    for (device, metric, at, value), origin in zip(decoded.readings, decoded.origins, strict=True):
        series, kind = known[device, metric]
        if kind != KIND[type(value)]:
            expected = f"{metric}: expected a {kind}, as the series' first reading was, got {value!r:.80}"
            done.refusals.append((origin, Refusal("kind", expected)))
        elif kind == "text":
            for column, cell in zip(done.texts, (series, at, value, origin), strict=True):
                column.append(cell)  # type: ignore[attr-defined]
        else:
            number_series.append(series)
            number_at.append(at)
            number_value.append(value)
            number_origin.append(origin)
    return done

"""Sorts decoded readings into columns by how they are written, with the numbers of their series."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

from bridge.decode import Decoded
from bridge.record import Refusal
from bridge.store.limits import Name
from bridge.store.registry import KIND, Known, Registry
from devices.reading import Reading, Value


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings bound for one table, as columns of equal length. `origin` is the index of the message in its batch."""

    series: list[int]
    at: list[int]
    value: list[Value]
    origin: list[int]

    @staticmethod
    def empty() -> "Columns":
        return Columns([], [], [], [])

    def __add__(self, other: "Columns") -> "Columns":
        return Columns(
            self.series + other.series, self.at + other.at, self.value + other.value, self.origin + other.origin
        )

    def __iter__(self) -> Iterator[tuple[int, int, Value, int]]:
        return zip(self.series, self.at, self.value, self.origin, strict=True)

    def add(self, series: int, at: int, value: Value, origin: int) -> None:
        self.series.append(series)
        self.at.append(at)
        self.value.append(value)
        self.origin.append(origin)


class Sorted(NamedTuple):
    """`fresh` are newer than all that this process has met of their series, so most likely not stored yet; `late` the rest."""

    fresh: Columns
    late: Columns
    texts: Columns
    refusals: list[tuple[int, Refusal]]
    """Readings of another kind than their series, or beyond the limits, by index of their message."""

    def all_late(self) -> "Sorted":
        """The same, taking no reading for new."""
        return self._replace(fresh=Columns.empty(), late=self.fresh + self.late)


REFUSED = Known(0, "series within the limits")
"""Stands for a series that was not registered: no reading is of its kind."""


async def sort(connection: asyncpg.Connection, registry: Registry, decoded: Decoded) -> Sorted:
    """Number the readings, registering series that are new."""
    known, readings = registry.known, decoded.readings
    refused: Mapping[Name, Refusal] = {}
    try:
        found = [known[reading.device][reading.metric] for reading in readings]
    except KeyError:
        registry.make_room()
        refused = await registry.learn(connection, _unknown(registry, readings), decoded.units)
        found = [
            REFUSED if (reading.device, reading.metric) in refused else known[reading.device][reading.metric]
            for reading in readings
        ]
    return _sort(decoded, found, refused)


def _unknown(registry: Registry, readings: Iterable[Reading]) -> dict[Name, Value]:
    """Series not met before, each with its first value, which decides its kind."""
    wanted: dict[Name, Value] = {}
    for reading in readings:
        if not registry.knows(name := (reading.device, reading.metric)):
            wanted.setdefault(name, reading.value)
    return wanted


def _sort(decoded: Decoded, found: Iterable[Known], refused: Mapping[Name, Refusal]) -> Sorted:
    done = Sorted(Columns.empty(), Columns.empty(), Columns.empty(), [])
    fresh = done.fresh
    fresh_series, fresh_at, fresh_value, fresh_origin = fresh.series, fresh.at, fresh.value, fresh.origin
    for reading, origin, series in zip(decoded.readings, decoded.origins, found, strict=True):
        at, value = reading.at, reading.value
        if series.kind != KIND[type(value)]:
            refusal = refused.get((reading.device, reading.metric)) or _other_kind(reading.metric, series.kind, value)
            done.refusals.append((origin, refusal))
        elif series.kind == "text":
            done.texts.add(series.id, at, value, origin)
        elif at > series.newest:
            series.newest = at
            fresh_series.append(series.id)
            fresh_at.append(at)
            fresh_value.append(value)
            fresh_origin.append(origin)
        else:
            done.late.add(series.id, at, value, origin)
    return done


def _other_kind(metric: str, kind: str, value: Value) -> Refusal:
    return Refusal("kind", f"{metric}: expected a {kind}, as the series' first reading was, got {value!r:.80}")

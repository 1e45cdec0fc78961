"""Sorts decoded readings into columns by how they are written, with the numbers of their series."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

from bridge.decode import Decoded
from bridge.record import Refusal, Report
from bridge.store.limits import Name
from bridge.store.registry import KIND, Known, Registry
from devices.reading import Value


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
        """Both, one after the other; one of the two itself, where the other is empty."""
        if not other.series or not self.series:
            return self if self.series else other
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

    @property
    def readings(self) -> int:
        return len(self.fresh.series) + len(self.late.series) + len(self.texts.series)

    def all_late(self) -> "Sorted":
        """The same, taking no reading for new."""
        return self._replace(fresh=Columns.empty(), late=self.fresh + self.late)


Traced = tuple[Report, int]
"""A report with the index of its message."""
NONE: Mapping[str, Known] = {}
"""The series of a device that is not known."""


async def sort(connection: asyncpg.Connection, registry: Registry, decoded: Decoded) -> Sorted:
    """Number the readings, registering series that are new."""
    done = Sorted(Columns.empty(), Columns.empty(), Columns.empty(), [])
    if unknown := _sort(zip(decoded.reports, decoded.origins, strict=True), registry.known, done):
        registry.make_room()
        refused = await registry.learn(connection, _first_values(unknown), decoded.units)
        for report, origin in _sort(unknown, registry.known, done):
            done.refusals.extend((origin, refused[report.device, metric]) for metric in report.values)
    return done


def _first_values(unknown: Iterable[Traced]) -> dict[Name, Value]:
    """By series; the first one decides the kind."""
    values: dict[Name, Value] = {}
    for report, _ in unknown:
        for metric, value in report.values.items():
            values.setdefault((report.device, metric), value)
    return values


def _sort(arrived: Iterable[Traced], known: Mapping[str, Mapping[str, Known]], done: Sorted) -> list[Traced]:
    """Put the readings of known series where they belong, and return the others."""
    unknown: list[Traced] = []
    fresh = done.fresh
    fresh_series, fresh_at, fresh_value, fresh_origin = fresh.series, fresh.at, fresh.value, fresh.origin
    for report, origin in arrived:
        at, series_of = report.at, known.get(report.device, NONE)
        for metric, value in report.values.items():
            series = series_of.get(metric)
            if series is None:
                unknown.append((Report(report.device, at, {metric: value}), origin))
            elif series.kind != KIND[type(value)]:
                done.refusals.append((origin, _other_kind(metric, series.kind, value)))
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
    return unknown


def _other_kind(metric: str, kind: str, value: Value) -> Refusal:
    return Refusal("kind", f"{metric}: expected a {kind}, as the series' first reading was, got {value!r:.80}")

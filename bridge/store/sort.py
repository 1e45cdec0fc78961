"""Sorts decoded readings by how they are written, with the numbers of their series."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import asyncpg

from bridge.decode import Decoded
from bridge.record import Refusal, Report
from bridge.store.columns import Columns, Packed
from bridge.store.limits import Name
from bridge.store.registry import KIND, Known, Registry
from bridge.store.sorted import Sorted, Traced
from devices.reading import Value

NONE: Mapping[str, Known] = {}
"""The series of a device that is not known."""


class _Bins(NamedTuple):
    fresh: Columns
    late: Columns
    texts: Columns
    refusals: list[tuple[int, Refusal]]


def sort(registry: Registry, decoded: Decoded) -> Sorted:
    """Number the readings of known series, without waiting: while what was decoded is still in the processor's cache."""
    bins = _Bins(Columns.empty(), Columns.empty(), Columns.empty(), list(decoded.refusals))
    unknown = _sort(zip(decoded.reports, decoded.origins, strict=True), registry.known, bins)
    return Sorted(
        messages=decoded.messages,
        fresh=Packed.of(bins.fresh),
        late=bins.late,
        texts=bins.texts,
        unknown=unknown,
        refusals=bins.refusals,
        statuses=decoded.statuses,
        infos=decoded.infos,
        units=decoded.units,
        generation=registry.generation,
    )


def refresh(registry: Registry, batch: Sorted) -> Sorted:
    """The batch as it is to be stored now: sorted once more where what it went by has changed since.

    Its numbers may have been forgotten. Or a series was unknown at first and learned then, and of two values for one moment
    the second has a number and the first, which must win, has none.
    """
    learned = _learned(registry, batch)
    if batch.generation != registry.generation or (learned and not learned.isdisjoint(batch.keys)):
        return sort(registry, batch.decoded())
    return batch


async def number(connection: asyncpg.Connection, registry: Registry, batch: Sorted) -> Sorted:
    """Number the other readings, too, registering series that are new. What is beyond the limits becomes a refusal."""
    if not batch.unknown:
        return batch
    registry.make_room()
    bins = _Bins(Columns.empty(), batch.late.copy(), batch.texts.copy(), list(batch.refusals))
    with _as_if_never_met(registry, batch.names):
        unknown = _sort(batch.unknown, registry.known, bins)
    refused = await registry.learn(connection, _first_values(unknown), batch.units)
    for report, origin in _sort(unknown, registry.known, bins):
        bins.refusals.extend((origin, refused[report.device, metric]) for metric in report.values)
    fresh = Packed.joined([batch.fresh, Packed.of(bins.fresh)])
    return batch._replace(fresh=fresh, late=bins.late, texts=bins.texts, unknown=[], refusals=bins.refusals)


def _learned(registry: Registry, batch: Sorted) -> set[tuple[int, int]]:
    """Series and time of the readings whose series was unknown when they were sorted, and is known now."""
    found = [
        (registry.find((report.device, metric)), report.at) for report, _ in batch.unknown for metric in report.values
    ]
    return {(series.id, at) for series, at in found if series}


@contextmanager
def _as_if_never_met(registry: Registry, names: Iterable[Name]) -> Iterator[None]:
    """Readings that came before others of their series, which were sorted already, are not late for that."""
    met = {name: (series, series.newest) for name in names if (series := registry.find(name))}
    for series, _ in met.values():
        series.newest = 0
    yield
    for series, newest in met.values():
        series.newest = max(series.newest, newest)


def _first_values(unknown: Iterable[Traced]) -> dict[Name, Value]:
    """By series; the first one decides the kind."""
    values: dict[Name, Value] = {}
    for report, _ in unknown:
        for metric, value in report.values.items():
            values.setdefault((report.device, metric), value)
    return values


def _sort(arrived: Iterable[Traced], known: Mapping[str, Mapping[str, Known]], bins: _Bins) -> list[Traced]:
    """Put the readings of known series where they belong, and return the others."""
    unknown: list[Traced] = []
    fresh, late, texts, refusals = bins
    fresh_series, fresh_at, fresh_value, fresh_origin = fresh.series, fresh.at, fresh.value, fresh.origin
    for report, origin in arrived:
        at, series_of = report.at, known.get(report.device, NONE)
        for metric, value in report.values.items():
            series = series_of.get(metric)
            if series is None:
                unknown.append((Report(report.device, at, {metric: value}), origin))
            elif series.kind != KIND[type(value)]:
                refusals.append((origin, _other_kind(metric, series.kind, value)))
            elif series.kind == "text":
                texts.add(series.id, at, value, origin)
            elif at > series.newest:
                series.newest = at
                fresh_series.append(series.id)
                fresh_at.append(at)
                fresh_value.append(value)
                fresh_origin.append(origin)
            else:
                late.add(series.id, at, value, origin)
    return unknown


def _other_kind(metric: str, kind: str, value: Value) -> Refusal:
    return Refusal("kind", f"{metric}: expected a {kind}, as the series' first reading was, got {value!r:.80}")

"""Knows every series by device and metric, and gives new ones their number and their kind, within the limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import intern
from time import monotonic
from types import MappingProxyType

import asyncpg

from bridge.record import Refusal
from bridge.store.limits import DEFAULT, Limits, Name, Room
from devices.reading import Value

KIND: Mapping[type[Value], str] = {float: "number", int: "number", bool: "boolean", str: "text"}

MOST_REMEMBERED = 1_000_000
"""Series kept in memory, at about 170 bytes each; beyond it the registry forgets all and asks again."""
MOST_REFUSED = 20_000
"""Refused names kept in memory, at 100 to 2,000 bytes each: devices that say too much say the same names again and again."""
RECONSIDER = 60.0
"""Seconds for which a limit counts as reached without another look: an operator who makes room needs no restart."""

# One registrar at a time, in all bridges: what is counted stays true until it commits, and who sees a series sees all of lower
# numbers, on which the live side relies.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('fieldline series'))"
FIND = """
SELECT wanted.n, series.id, series.kind
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(device, metric, n) JOIN device ON device.name = wanted.device
LEFT JOIN series ON series.device_id = device.id AND series.metric = wanted.metric
"""
# Numbers are given out one by one, so the highest is no less than the count, and found at once. Only near the limit is it worth
# counting a million rows.
COUNT = """
SELECT CASE WHEN highest.device + $1 > $2 THEN (SELECT count(*) FROM device) ELSE highest.device END,
    CASE WHEN highest.series + $1 > $3 THEN (SELECT count(*) FROM series) ELSE highest.series END
FROM (SELECT coalesce((SELECT max(id) FROM device), 0)::bigint, coalesce((SELECT max(id) FROM series), 0)::bigint)
    AS highest(device, series)
"""
HELD = """
SELECT device.name, (SELECT count(*) FROM series WHERE series.device_id = device.id)
FROM device WHERE device.name = ANY($1::text[])
"""
ADD_DEVICES = """
INSERT INTO device (name) SELECT DISTINCT name FROM unnest($1::text[]) AS name
WHERE NOT EXISTS (SELECT FROM device WHERE device.name = name.name)
ON CONFLICT DO NOTHING
"""
ADD_SERIES = """
INSERT INTO series (device_id, metric, kind, unit)
SELECT device.id, wanted.metric, wanted.kind, coalesce(wanted.unit, device.info -> 'units' ->> wanted.metric)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted(device, metric, kind, unit)
JOIN device ON device.name = wanted.device
WHERE wanted.metric <> ''
ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class Known:
    id: int
    kind: str
    newest: int = 0
    """The newest time that this process has met of it, in microseconds. What is newer still is most likely not stored."""


class Registry:
    """The series that this process has met. Forget it when the connection is lost: the database may be another one then."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.known: dict[str, dict[str, Known]] = {}
        """By device, then by metric: found in half the time that a pair of both would take, and in less memory."""
        self.generation = 0
        """Numbers that were given in another one may mean other series now."""
        self._series = 0
        self._limits = limits
        self._room: Room | None = None
        self._refused: dict[Name, Refusal] = {}
        self._looked = monotonic()

    async def learn(
        self,
        connection: asyncpg.Connection,
        wanted: Mapping[Name, Value | None],
        units: Mapping[Name, str] = MappingProxyType({}),
    ) -> dict[Name, Refusal]:
        """Make every wanted name known, creating those that are new with the kind of the value given, and their unit if any.

        Returns those that are beyond the limits. Commits at once: a series without readings harms nobody, a number that was
        rolled back but remembered would.
        """
        self._reconsider()
        refused = {name: self._refused[name] for name in wanted if name in self._refused}
        new = [name for name in wanted if name not in refused]
        if new:
            new = await self._find(connection, new)
        if self._room:
            for name in new:
                if refusal := self._room.refuse(name, known=name[0] in self.known):
                    refused[name] = refusal
            new = [name for name in new if name not in refused]
        if new:
            refused |= await self._register(connection, {name: wanted[name] for name in new}, units)
        self._refused |= refused
        return refused

    async def _find(self, connection: asyncpg.Connection, names: Iterable[Name]) -> list[Name]:
        """Know those that there are, and return those that there are not."""
        names = list(names)
        for n, number, kind in await connection.fetch(FIND, *_columns(names)):
            device, metric = names[n - 1]  # the strings that are there already: new ones would be kept beside them
            series = self.known.setdefault(device, {})
            if number is not None:
                series[intern(metric)] = Known(number, intern(kind))
                self._series += 1
        return [name for name in names if not self.knows(name)]

    def find(self, name: Name) -> Known | None:
        device, metric = name
        series = self.known.get(device)
        return None if series is None else series.get(metric)

    def knows(self, name: Name) -> bool:
        device, metric = name
        return device in self.known and (not metric or metric in self.known[device])

    def is_new(self, name: Name) -> bool:
        """Whether it is neither known nor refused."""
        return name not in self._refused and not self.knows(name)

    async def _register(
        self, connection: asyncpg.Connection, wanted: Mapping[Name, Value | None], units: Mapping[Name, str]
    ) -> dict[Name, Refusal]:
        async with connection.transaction():
            await connection.execute(LOCK)
            new = await self._find(connection, wanted)  # another bridge may have been faster
            room = await self._look(connection, new)
            refused = {name: refusal for name in new if (refusal := room.take(name))}
            taken = [name for name in new if name not in refused]
            devices, metrics = _columns(taken)
            await connection.execute(ADD_DEVICES, devices)
            kinds = [_kind(wanted[name]) for name in taken]
            await connection.execute(ADD_SERIES, devices, metrics, kinds, [units.get(name) for name in taken])
        self._room = room
        await self._find(connection, taken)
        return refused

    async def _look(self, connection: asyncpg.Connection, names: list[Name]) -> Room:
        limits = self._limits
        [(devices, series)] = await connection.fetch(COUNT, len(names), limits.devices, limits.series)
        held = dict(self._room.held) if self._room else {}
        for device, count in await connection.fetch(HELD, list({device for device, _ in names})):
            held[device] = count
        return Room(limits, devices, series, held)

    def _reconsider(self) -> None:
        if monotonic() - self._looked > RECONSIDER:
            self._room, self._looked = None, monotonic()
            self._refused.clear()
        elif len(self._refused) > MOST_REFUSED:
            self._refused.clear()

    @property
    def size(self) -> int:
        """How many names it knows."""
        return len(self.known) + self._series

    def make_room(self) -> None:
        """Forget, if it is much. Not while a batch is being sorted: all that it speaks of must be known at once."""
        if self._series > MOST_REMEMBERED:
            self._forget_names()

    def forget(self) -> None:
        self._forget_names()
        self.generation += 1
        self._room, self._refused = None, {}

    def _forget_names(self) -> None:
        self.known.clear()
        self._series = 0


def _kind(value: Value | None) -> str | None:
    return None if value is None else KIND[type(value)]


def _columns(names: Iterable[Name]) -> tuple[list[str], list[str]]:
    names = list(names)
    return [device for device, _ in names], [metric for _, metric in names]

"""Knows every series by device and metric, and gives new ones their number and their kind."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from devices.reading import Value

KIND: Mapping[type[Value], str] = {float: "number", int: "number", bool: "boolean", str: "text"}

MOST_REMEMBERED = 1_000_000
"""Series kept in memory, at about 250 bytes each; beyond it the registry forgets all and asks again."""

ADD_DEVICES = """
INSERT INTO device (name) SELECT DISTINCT name FROM unnest($1::text[]) AS name
WHERE NOT EXISTS (SELECT FROM device WHERE device.name = name.name)
ON CONFLICT DO NOTHING
"""
ADD_SERIES = """
INSERT INTO series (device_id, metric, kind, unit)
SELECT device.id, wanted.metric, wanted.kind, device.info -> 'units' ->> wanted.metric
FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted(device, metric, kind) JOIN device ON device.name = wanted.device
WHERE NOT EXISTS (SELECT FROM series WHERE series.device_id = device.id AND series.metric = wanted.metric)
ON CONFLICT DO NOTHING
"""
FIND = """
SELECT device.name, series.metric, series.id, series.kind
FROM unnest($1::text[], $2::text[]) AS wanted(device, metric)
JOIN device ON device.name = wanted.device JOIN series ON series.device_id = device.id AND series.metric = wanted.metric
"""


@dataclass(slots=True)
class Known:
    id: int
    kind: str
    newest: int = 0
    """The newest time that this process has met of it, in microseconds. What is newer still is most likely not stored."""


class Registry:
    """The series that this process has met. Forget it when the connection is lost: the database may be another one then."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Known] = {}

    async def learn(self, connection: asyncpg.Connection, wanted: Mapping[tuple[str, str], Value]) -> None:
        """Make every wanted series known, creating those that are new with the kind of the value given.

        Commits at once: a series without readings harms nobody, a number that was rolled back but remembered would.
        """
        if len(self.known) + len(wanted) > MOST_REMEMBERED:
            self.forget()
        devices = [device for device, _ in wanted]
        metrics = [metric for _, metric in wanted]
        await connection.execute(ADD_DEVICES, devices)
        await connection.execute(ADD_SERIES, devices, metrics, [KIND[type(value)] for value in wanted.values()])
        for device, metric, number, kind in await connection.fetch(FIND, devices, metrics):
            self.known[device, metric] = Known(number, kind)

    def forget(self) -> None:
        self.known.clear()

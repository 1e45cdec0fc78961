"""A door contact: it reports when the door moves, and every minute that it is still alive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from devices.reading import Value
from devices.sensors import sun
from devices.sensors.noise import between, uniform
from devices.sensors.sensor import Sensor

_SLOT = 15 * 60_000
"""The door opens at most once in every quarter of an hour, and is closed again before the next."""


class Opening(NamedTuple):
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Door(Sensor):
    units: ClassVar[Mapping[str, str]] = {"open": ""}
    interval: float = 60
    lon: float

    def measure(self, at: int) -> dict[str, Value]:
        opening = self._opening(at // _SLOT)
        return {"open": opening is not None and opening.start <= at < opening.end}

    def next_at(self, after: int) -> int:
        # No zero-argument super(): slots=True makes a new class, which it doesn't find.
        moments = [Sensor.next_at(self, after)]
        for slot in (after // _SLOT, after // _SLOT + 1):
            moments += [moment for moment in self._opening(slot) or () if moment > after]
        return min(moments)

    def _opening(self, slot: int) -> Opening | None:
        """When the door is open in that slot: often by day, hardly ever at night."""
        busy = 0.5 if 7 <= sun.hour(slot * _SLOT, self.lon) < 19 else 0.03
        if uniform(self.seed, slot) >= busy:
            return None
        start = slot * _SLOT + int(between(0, 600_000, self.seed + 1, slot))
        return Opening(start, start + int(between(8_000, 240_000, self.seed + 2, slot)))

"""The level of a tank: it falls as it is used, more by day than by night, and is refilled when it runs low."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from devices.reading import Value
from devices.sensors.noise import between, uniform
from devices.sensors.sensor import Sensor
from devices.sensors.sun import HOUR

FULL, LOW = 95.0, 12.0
_USE = 0.985  # of a cycle; the rest is the refill, an hour or so


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank(Sensor):
    """`capacity` is in litres."""

    units: ClassVar[Mapping[str, str]] = {"level": "%", "volume": "l"}
    interval: float = 30
    capacity: float = 5000

    def measure(self, at: int) -> dict[str, Value]:
        level = self.level(at)
        return {"level": round(level, 1), "volume": float(round(self.capacity * level / 100))}

    def level(self, at: int) -> float:
        """Percent of the capacity."""
        days = 2 + int(3 * uniform(self.seed))
        cycle = (at / (days * 24 * HOUR) + uniform(self.seed + 1)) % 1.0
        if cycle >= _USE:
            return LOW + (FULL - LOW) * (cycle - _USE) / (1 - _USE)
        used = cycle / _USE
        turn = 2 * math.pi * days
        # 0.7 < 1 keeps it falling: the slope is -(1 + 0.7 cos), never upwards.
        used += 0.7 * math.sin(turn * used) / turn * between(0.6, 1, self.seed + 2)
        return FULL - (FULL - LOW) * used

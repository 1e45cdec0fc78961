"""A vehicle's position: rounds through the country from 6 to 20 o'clock, with stops, and home at night."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from devices.reading import Value
from devices.sensors import sun
from devices.sensors.noise import between
from devices.sensors.sensor import Sensor

_START, _DAY = 6.0, 14.0
_STOPS = 4
_KILOMETRES = 111.195  # in a degree of latitude


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker(Sensor):
    """`lat` and `lon` are where the rounds begin and end, `radius` their size in km."""

    units: ClassVar[Mapping[str, str]] = {"lat": "°", "lon": "°", "speed": "km/h"}
    interval: float = 5
    lat: float
    lon: float
    radius: float = 5
    rounds: int = 12

    def measure(self, at: int) -> dict[str, Value]:
        north, east = self.position(at)
        # As a receiver does: the way of the last second.
        before = self.position(at - 1000)
        speed = math.hypot(north - before[0], east - before[1]) * 3600
        return {
            "lat": round(self.lat + north / _KILOMETRES, 5),
            "lon": round(self.lon + east / (_KILOMETRES * math.cos(math.radians(self.lat))), 5),
            "speed": round(speed, 1),
        }

    def position(self, at: int) -> tuple[float, float]:
        """Kilometres north and east of the start."""
        hours = min(max(sun.hour(at, self.lon) - _START, 0.0), _DAY)
        lap = hours / _DAY * self.rounds % 1.0
        # Slows down to nothing at every stop and picks up again, and never rolls back.
        lap -= math.sin(2 * math.pi * _STOPS * lap) / (2 * math.pi * _STOPS)
        here, home = self._outline(2 * math.pi * lap), self._outline(0.0)
        return here[0] - home[0], here[1] - home[1]

    def _outline(self, angle: float) -> tuple[float, float]:
        bends = 0.22 * math.sin(2 * angle + between(0, 6.28, self.seed))
        bends += 0.12 * math.sin(3 * angle + between(0, 6.28, self.seed + 1))
        distance = self.radius * (1 + bends)
        return distance * math.sin(angle), distance * math.cos(angle)

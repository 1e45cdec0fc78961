"""Air: temperature with seasons, weather and a day curve, humidity that follows from it, and pressure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from devices.reading import Value
from devices.sensors import sun
from devices.sensors.noise import between, smooth
from devices.sensors.sensor import Sensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate(Sensor):
    """`mean` is the average of the year, `swing` half the way between night and day, both in °C."""

    units: ClassVar[Mapping[str, str]] = {"temperature": "°C", "humidity": "%", "pressure": "hPa"}
    interval: float = 10
    lat: float
    lon: float
    mean: float = 16
    swing: float = 6
    altitude: float = 0

    def measure(self, at: int) -> dict[str, Value]:
        base = self.mean + 6 * sun.season(at, self.lat) + 2 * smooth(self.seed, at, 96)
        clear = 0.8 + 0.2 * smooth(self.seed + 1, at, 24)  # clouds flatten the day
        draught = 0.4 * smooth(self.seed + 2, at, 0.5)
        celsius = base + self.swing * clear * sun.warmth(at, self.lon) + draught + between(-0.03, 0.03, self.seed, at)
        # The air's water changes slowly: its dew point is what a clear night comes down to.
        dew_point = base - self.swing * 0.9 + 1.5 * smooth(self.seed + 3, at, 60)
        humidity = 100 * math.exp(_magnus(dew_point) - _magnus(celsius)) + between(-0.2, 0.2, self.seed + 4, at)
        sea_level = 1013.25 + 16 * smooth(self.seed + 5, at, 72) + between(-0.04, 0.04, self.seed + 6, at)
        return {
            "temperature": round(celsius, 2),
            "humidity": round(min(100.0, max(5.0, humidity)), 1),
            "pressure": round(sea_level * (1 - 2.25577e-5 * self.altitude) ** 5.25588, 1),  # ISO 2533
        }


def _magnus(celsius: float) -> float:
    """Logarithm of the saturation vapour pressure over water, less a constant (WMO-No. 8, annex 4.B)."""
    return 17.62 * celsius / (243.12 + celsius)

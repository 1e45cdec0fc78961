"""A device as such: what it is called, what it is, where it stands and what it measures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from devices.reading import Value
from devices.sensors.sensor import Sensor


class Location(NamedTuple):
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    model: str
    firmware: str
    location: Location
    sensors: tuple[Sensor, ...]

    @property
    def interval(self) -> float:
        """Seconds between messages: what its most frequent sensor asks for."""
        return min(sensor.interval for sensor in self.sensors)

    def at_interval(self, interval: float) -> "Device":
        """The same device, reporting that often; sensors that report less often keep their proportion."""
        factor = interval / self.interval
        sensors = (replace(sensor, interval=sensor.interval * factor) for sensor in self.sensors)
        return replace(self, sensors=tuple(sensors))

    def info(self) -> dict[str, Any]:
        """What it publishes about itself."""
        return {
            "name": self.name,
            "model": self.model,
            "firmware": self.firmware,
            "location": self.location._asdict(),
            "units": {metric: unit for sensor in self.sensors for metric, unit in sensor.units.items() if unit},
            "interval": self.interval,
        }

    def next_at(self, after: int) -> tuple[int, list[Sensor]]:
        """The next moment to report, and the sensors that do.

        The most frequent sensor sets the pace; the others ride along in the first message after they are due.
        """
        moments = [(sensor.next_at(after), sensor) for sensor in self.sensors]
        pace = self.interval
        at = min(moment for moment, sensor in moments if sensor.interval == pace)
        return at, [sensor for moment, sensor in moments if moment <= at]


def measure(sensors: Sequence[Sensor], at: int) -> dict[str, Value]:
    """The metrics of several sensors as one flat object."""
    return {metric: value for sensor in sensors for metric, value in sensor.measure(at).items()}

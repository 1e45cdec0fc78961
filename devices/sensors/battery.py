"""A device's own battery: it runs down over months, until somebody puts in a charged one."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from devices.reading import Value
from devices.sensors.noise import between, uniform
from devices.sensors.sensor import Sensor
from devices.sensors.sun import HOUR

DISCHARGE = ((0.0, 3.3), (10.0, 3.6), (30.0, 3.72), (60.0, 3.85), (85.0, 4.05), (100.0, 4.2))
"""Percent and V of a lithium cell at rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(Sensor):
    units: ClassVar[Mapping[str, str]] = {"battery": "%", "battery_voltage": "V"}
    interval: float = 300

    def measure(self, at: int) -> dict[str, Value]:
        life = between(150, 400, self.seed) * 24 * HOUR
        percent = 100 - 92 * ((at / life + uniform(self.seed + 1)) % 1.0)
        return {"battery": float(round(percent)), "battery_voltage": round(voltage(percent), 2)}


def voltage(percent: float) -> float:
    """V of a cell that holds so many percent."""
    for (low, start), (high, end) in pairwise(DISCHARGE):
        if percent <= high:
            return start + (end - start) * (percent - low) / (high - low)
    return DISCHARGE[-1][1]

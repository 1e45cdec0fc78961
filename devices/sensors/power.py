"""An electricity meter: power of a building, and the energy register that is its exact integral."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from devices.reading import Value
from devices.sensors import sun
from devices.sensors.noise import between, smooth
from devices.sensors.sensor import Sensor

_INSTALLED = 1_577_836_800_000  # the register of every meter began with the year 2020


class Load(NamedTuple):
    """Something that switches itself: on for `duty` of every period."""

    watts: float
    hours: float
    duty: float


LOADS = (Load(95, 0.7, 0.4), Load(750, 3.1, 0.22), Load(2100, 7.3, 0.012), Load(1200, 13.7, 0.07))
"""Refrigerator, heat pump, kettle, washing machine; each meter has them at periods and phases of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power(Sensor):
    """`standby` is the power in W that never goes away."""

    units: ClassVar[Mapping[str, str]] = {"power": "W", "energy": "kWh", "voltage": "V"}
    interval: float = 1
    lon: float
    standby: float = 240

    def measure(self, at: int) -> dict[str, Value]:
        watts, work = self._power_and_work(at)
        _, before = self._power_and_work(_INSTALLED)
        voltage = 231 + 3 * smooth(self.seed, at, 2) - 0.0006 * watts + between(-0.3, 0.3, self.seed, at)
        return {
            "power": round(watts * between(0.996, 1.004, self.seed + 1, at), 1),
            "energy": round((work - before) / 1000, 3),
            "voltage": round(voltage, 1),
        }

    def _power_and_work(self, at: int) -> tuple[float, float]:
        """W, and the Wh since some fixed moment. Closed forms, so that the register needs no memory."""
        hours = sun.hours(at, self.lon)
        turn = 2 * math.pi / 24
        swing = self.standby / 2  # most is used at 18 o'clock
        watts = self.standby + swing * math.cos(turn * (hours - 18))
        work = self.standby * hours + swing / turn * math.sin(turn * (hours - 18))
        for number, load in enumerate(LOADS):
            period = load.hours * between(0.9, 1.1, self.seed, number)
            cycles, phase = divmod(hours / period + between(0, 1, self.seed + 1, number), 1.0)
            watts += load.watts if phase < load.duty else 0
            work += load.watts * period * (cycles * load.duty + min(phase, load.duty))
        return watts, work

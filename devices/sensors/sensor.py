"""What every sensor has: a seed, an interval, units, and values that follow from the time alone."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from devices.reading import Value
from devices.sensors.noise import uniform


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor(ABC):
    """Times are milliseconds since the epoch, as on the wire; `interval` is in seconds."""

    seed: int
    interval: float
    units: ClassVar[Mapping[str, str]]
    """Unit by metric; an empty unit for states and counts. Its keys are all the metrics there are."""

    @abstractmethod
    def measure(self, at: int) -> dict[str, Value]:
        """Every metric at that moment, rounded to what such a sensor resolves. Same sensor, same time, same values."""

    def next_at(self, after: int) -> int:
        """The next moment to report, always later than `after`.

        Reports keep to a grid whose phase hangs on the seed, so that a fleet doesn't speak all at once.
        """
        every = self.interval * 1000
        phase = int(uniform(self.seed) * every)
        tick = math.floor((after - phase) / every) + 1
        at = math.ceil(phase + tick * every)
        if at <= after:  # a double's last digit
            at = math.ceil(phase + (tick + 1) * every)
        return max(at, after + 1)

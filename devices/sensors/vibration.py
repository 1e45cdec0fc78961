"""A vibration sensor on a machine that runs in cycles and wears until it is serviced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from devices.reading import Value
from devices.sensors.noise import between, smooth, uniform
from devices.sensors.sensor import Sensor
from devices.sensors.sun import HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Vibration(Sensor):
    """`healthy` is the velocity in mm/s right after service; ISO 10816 calls a small machine good below 1.8."""

    units: ClassVar[Mapping[str, str]] = {"rms": "mm/s", "peak": "mm/s", "running": ""}
    interval: float = 2
    healthy: float = 1.4

    def measure(self, at: int) -> dict[str, Value]:
        running = self.running(at)
        if running:
            rms = (
                self.healthy
                * (1 + 0.12 * smooth(self.seed, at, 0.2) + self.wear(at))
                * between(0.97, 1.03, self.seed, at)
            )
        else:
            rms = between(0.02, 0.06, self.seed, at)  # the floor it stands on
        return {"rms": round(rms, 2), "peak": round(rms * between(2.6, 4.2, self.seed + 1, at), 2), "running": running}

    def running(self, at: int) -> bool:
        """Most of the time; each machine in cycles of its own, between half an hour and two."""
        period = between(0.5, 2, self.seed + 2) * HOUR
        return (at / period + uniform(self.seed + 3)) % 1.0 < between(0.6, 0.85, self.seed + 4)

    def wear(self, at: int) -> float:
        """From 0 to 1.5 over 60 to 120 days, slow at first; service brings it back."""
        life = between(60, 120, self.seed + 5) * 24 * HOUR
        return 1.5 * float((at / life + uniform(self.seed + 6)) % 1.0) ** 3

"""How many devices and series there may be, so that a flood of invented topics ends as rejects and not as a full disk."""

from typing import NamedTuple

from bridge.record import Refusal

Name = tuple[str, str]
"""Device and metric of a series; with an empty metric the device alone."""


class Limits(NamedTuple):
    devices: int = 100_000
    series: int = 1_000_000
    series_per_device: int = 1_000


DEFAULT = Limits()


class Room:
    """What the limits leave, as of one look at the database. Counts on by itself; what others add later it does not know."""

    def __init__(self, limits: Limits, devices: int, series: int, held: dict[str, int]) -> None:
        self.held = held
        """The devices there are, of those that matter, each with the number of its series."""
        self._limits = limits
        self._devices = devices
        self._series = series

    def refuse(self, name: Name, *, known: bool) -> Refusal | None:
        """Why this new name can't be had; `known` says that its device is there already."""
        device, metric = name
        if metric and self._series >= self._limits.series:
            return Refusal("limit", f"{metric}: expected at most {self._limits.series} series, got one more")
        if metric and self.held.get(device, 0) >= self._limits.series_per_device:
            return Refusal(
                "limit", f"{metric}: expected at most {self._limits.series_per_device} series a device, got one more"
            )
        if not known and device not in self.held and self._devices >= self._limits.devices:
            return Refusal("limit", f"{device}: expected at most {self._limits.devices} devices, got one more")
        return None

    def take(self, name: Name) -> Refusal | None:
        """Count the new name in, unless that is refused."""
        device, metric = name
        if refusal := self.refuse(name, known=False):
            return refusal
        self._devices += device not in self.held
        self.held[device] = self.held.get(device, 0) + bool(metric)
        self._series += bool(metric)
        return None

"""The kinds of devices that a fleet is made of: what each is called, is built from and measures."""

from collections.abc import Callable
from typing import NamedTuple

from devices.device import Device, Location
from devices.sensors.battery import Battery
from devices.sensors.climate import Climate
from devices.sensors.door import Door
from devices.sensors.noise import between, scramble
from devices.sensors.power import Power
from devices.sensors.sensor import Sensor
from devices.sensors.tank import Tank
from devices.sensors.tracker import Tracker
from devices.sensors.vibration import Vibration


class Kind(NamedTuple):
    """`sensors` builds what the device measures, from its place and its seed."""

    name: str
    model: str
    firmware: str
    sensors: Callable[[Location, int], tuple[Sensor, ...]]

    def build(self, number: int, location: Location, seed: int) -> Device:
        return Device(f"{self.name}-{number}", self.model, self.firmware, location, self.sensors(location, seed))


def _greenhouse(place: Location, seed: int) -> tuple[Sensor, ...]:
    warm = between(17, 21, seed)
    climate = Climate(seed=scramble(seed, 1), lat=place.lat, lon=place.lon, mean=warm, swing=between(4, 8, seed, 2))
    return climate, Battery(seed=scramble(seed, 3))


def _meter(place: Location, seed: int) -> tuple[Sensor, ...]:
    return (Power(seed=scramble(seed, 1), lon=place.lon, standby=round(between(120, 420, seed))),)


def _pump(_: Location, seed: int) -> tuple[Sensor, ...]:
    return (Vibration(seed=scramble(seed, 1), healthy=between(1.0, 1.8, seed)),)


def _tank(_: Location, seed: int) -> tuple[Sensor, ...]:
    return Tank(seed=scramble(seed, 1), capacity=1000.0 * round(between(2, 20, seed))), Battery(seed=scramble(seed, 2))


def _door(place: Location, seed: int) -> tuple[Sensor, ...]:
    return Door(seed=scramble(seed, 1), lon=place.lon), Battery(seed=scramble(seed, 2))


def _truck(place: Location, seed: int) -> tuple[Sensor, ...]:
    return (Tracker(seed=scramble(seed, 1), lat=place.lat, lon=place.lon, radius=between(3, 5, seed)),)


GREENHOUSE = Kind("greenhouse", "Hygro 200", "2.4.1", _greenhouse)
METER = Kind("meter", "Watt 3P", "1.9.0", _meter)
PUMP = Kind("pump", "Vibro One", "3.0.2", _pump)
TANK = Kind("tank", "Sonar L5", "1.2.7", _tank)
DOOR = Kind("door", "Contact M", "1.0.4", _door)
TRUCK = Kind("truck", "Trail 4G", "5.1.0", _truck)

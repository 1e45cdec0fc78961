"""A fleet: a mixed list of devices, spread over a few sites, that hangs on nothing but its seed."""

from collections import Counter

from devices.device import Device, Location
from devices.kinds import DOOR, GREENHOUSE, METER, PUMP, TANK, TRUCK
from devices.sensors.noise import between, scramble

MIX = (GREENHOUSE, METER, PUMP, TANK, DOOR, TRUCK, GREENHOUSE, METER, PUMP, GREENHOUSE, METER, TANK)
"""Repeated for ever: the first six are one of each."""

SITES = (
    Location(51.995, 4.215),  # Westland
    Location(36.775, -2.815),  # Almería
    Location(52.640, 5.060),  # Wieringermeer
    Location(42.055, -82.600),  # Leamington
    Location(-38.145, 145.120),  # Mornington
    Location(48.450, 12.350),  # Landshut
)
"""Where greenhouses stand in the world, so that a map and the hours of the day show something."""


def fleet(count: int, seed: int) -> list[Device]:
    """The first so many devices. A larger fleet of the same seed begins with the same ones."""
    numbers = Counter[str]()
    devices = []
    for index in range(count):
        kind = MIX[index % len(MIX)]
        numbers[kind.name] += 1
        own = scramble(seed, index)
        devices.append(kind.build(numbers[kind.name], _place(index, own), own))
    return devices


def _place(index: int, seed: int) -> Location:
    """Within two kilometres of a site; each site gets a whole mix before the next."""
    site = SITES[index // len(MIX) % len(SITES)]
    return Location(
        round(site.lat + between(-0.018, 0.018, seed, 1), 5), round(site.lon + between(-0.018, 0.018, seed, 2), 5)
    )

"""What a fleet of trucks says in a day: seeded, with trips, breakdowns, silences, missing and late readings."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

INTERVAL = 10_000_000
"""Microseconds from one message of a truck to the next, as in TSBS."""
DAY = 86_400_000_000
METRICS = (
    "latitude",
    "longitude",
    "elevation",
    "velocity",
    "heading",
    "grade",
    "fuel_consumption",
    "fuel_state",
    "current_load",
    "status",
)
FLEETS = ("East", "West", "North", "South")
DRIVERS = ("Ada", "Ben", "Cem", "Dora", "Emil", "Fay")
MODELS = (("Ant", 1_500, 12.0), ("Ox", 2_000, 15.0), ("Elk", 5_000, 19.0))
"""Name, load capacity, nominal fuel consumption."""
MISSING, VALUE_MISSING, LATE = 0.02, 0.01, 0.05
"""Parts of the messages that never come, of the values that a message lacks, and of the messages that come later."""
LATEST_BY = 6 * 3_600_000_000
"""Microseconds that a late message may wait for its delivery."""
DRIVE, STOP = (60, 600), (10, 480)
"""Minutes. TSBS's trucks hardly ever stop; these do, and some drive for the four hours that a question asks about."""
SILENT = 25
"""One in so many trucks has said nothing for the last 2 to 12 hours: it is to be found, too."""
NAMELESS = 20
"""One in so many trucks has not said to which fleet it belongs."""


class Truck(NamedTuple):
    """What a truck says of itself."""

    name: str
    fleet: str | None
    driver: str
    model: str
    load_capacity: int
    nominal_fuel_consumption: float


class Said(NamedTuple):
    """What one truck said, a row a message; a value that was missing is NaN."""

    at: NDArray[np.int64]
    arrived: NDArray[np.int64]
    values: NDArray[np.float64]


def truck(number: int, random: np.random.Generator) -> Truck:
    model, load, consumption = MODELS[random.integers(len(MODELS))]
    fleet = None if number % NAMELESS == NAMELESS - 1 else FLEETS[number % len(FLEETS)]
    return Truck(f"truck-{number}", fleet, DRIVERS[random.integers(len(DRIVERS))], model, load, consumption)


def said(number: int, about: Truck, start: int, random: np.random.Generator) -> Said:
    """All that it said in a day from `start` on, in microseconds."""
    steps = DAY // INTERVAL
    driving = _phases(steps, DRIVE, STOP, random)
    broken = _phases(steps, (20, 120), (600, 4_000), random)
    driving &= ~broken
    moved = driving.astype(float)
    velocity = np.where(driving, np.clip(60 + _walk(steps, 10, random), 5, 100).round(), 0)
    fuel = _fuel(moved, random)
    loads = np.repeat(random.integers(0, about.load_capacity + 1, steps // 360 + 1), 360)[:steps]
    values = np.stack(
        [
            50 + _walk(steps, 0.005, random, bound=5).round(5),
            10 + _walk(steps, 0.005, random, bound=5).round(5),
            np.abs(_walk(steps, 10, random, bound=5_000)).round(),
            velocity,
            (_walk(steps, 5, random, bound=180) + 180).round(),
            np.abs(_walk(steps, 5, random, bound=100)).round(),
            np.where(driving, np.clip(25 + _walk(steps, 5, random), 1, 50).round(1), 0.5),
            fuel.round(3),
            loads.astype(float),
            np.where(broken, random.integers(1, 6, steps), 0).astype(float),
        ],
        axis=1,
    )
    values[random.random(values.shape) < VALUE_MISSING] = np.nan
    at = start + np.arange(steps) * INTERVAL
    late = np.repeat(random.random(steps // 10 + 1) < LATE, 10)[:steps]  # ten in a row, as after a hole in the radio
    arrived = at + np.where(late, random.integers(INTERVAL, LATEST_BY), 0)
    come = ~np.repeat(random.random(steps // 10 + 1) < MISSING, 10)[:steps]
    if number % SILENT == 0:
        come &= at < start + DAY - random.integers(2, 12) * 3_600_000_000
    return Said(at[come], arrived[come], values[come])


def _phases(steps: int, on: tuple[int, int], off: tuple[int, int], random: np.random.Generator) -> NDArray[np.bool_]:
    """On and off in turn, each for so many minutes. The day begins amid them: not all trucks stand at midnight."""
    lengths = np.stack([random.integers(*off, steps // 60), random.integers(*on, steps // 60)], axis=1)
    phases = np.repeat(np.tile([False, True], steps // 60), lengths.ravel() * 6)
    begin = random.integers(len(phases) - steps)
    return phases[begin : begin + steps]


def _walk(steps: int, step: float, random: np.random.Generator, bound: float = 40) -> NDArray[np.float64]:
    """A random walk that is reflected at both bounds."""
    free = np.cumsum(random.uniform(-step, step, steps))
    return bound - np.abs((free + bound) % (4 * bound) - 2 * bound)


def _fuel(moved: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """What is in the tank, from 1 down to nothing, and full again."""
    return 1 - (np.cumsum(moved) * 0.0005 + random.random()) % 1


def batches(each: list[Said]) -> Iterator[list[tuple[int, Said]]]:
    """What arrives from all trucks in one hour after the other: the number of the truck, and its messages."""
    first = min(int(one.arrived.min()) for one in each)
    last = max(int(one.arrived.max()) for one in each)
    hour = 3_600_000_000
    for begin in range(first // hour * hour, last + 1, hour):
        found = []
        for number, one in enumerate(each):
            now = (one.arrived >= begin) & (one.arrived < begin + hour)
            if now.any():
                found.append((number, Said(one.at[now], one.arrived[now], one.values[now])))
        yield found

"""Days: warm in the afternoon, cold before dawn, wherever the sensor stands."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.device import Location
from devices.fleet import SITES
from devices.sensors import sun
from devices.sensors.climate import Climate
from devices.sensors.door import Door

SEEDS = st.integers(0, 2**64 - 1)
DAYS = st.integers(18_262, 47_000)


def solar(day: int, hour: float, lon: float) -> int:
    """The moment of that solar hour at that longitude."""
    return round((day * 24 + hour - lon / 15) * sun.HOUR)


@pytest.mark.parametrize("site", SITES)
@given(seed=SEEDS, day=DAYS)
def test_it_is_warm_and_dry_at_15_and_cold_and_damp_at_5(site: Location, seed: int, day: int) -> None:
    sensor = Climate(seed=seed, lat=site.lat, lon=site.lon)
    cold, warm = (sensor.measure(solar(day, hour, site.lon)) for hour in (5, 15))
    assert float(warm["temperature"]) - float(cold["temperature"]) > 4
    assert float(warm["humidity"]) < float(cold["humidity"])


@given(lon=st.floats(-180, 180), day=DAYS)
def test_the_day_curve_turns_at_5_and_15(lon: float, day: int) -> None:
    assert sun.warmth(solar(day, 5, lon), lon) == pytest.approx(-1, abs=1e-6)
    assert sun.warmth(solar(day, 15, lon), lon) == pytest.approx(1, abs=1e-6)


def test_july_is_warm_in_the_north_and_cold_in_the_south() -> None:
    july, january = 1_784_073_600_000, 1_768_435_200_000
    assert sun.season(july, 52) > 0.9
    assert sun.season(january, 52) < -0.9
    assert sun.season(july, -38) < -0.9


@given(seed=SEEDS, start=st.integers(1_577_836_800_000, 4_102_444_800_000))
def test_a_door_reports_every_move_at_its_moment_and_else_once_a_minute(seed: int, start: int) -> None:
    door = Door(seed=seed, lon=0)
    at = start
    while at < start + 2 * sun.HOUR:
        after = door.next_at(at)
        assert all(door.measure(moment) == door.measure(at) for moment in range(at, after, 2_000))
        at = after


def test_a_door_opens_a_few_times_a_day_and_is_mostly_closed() -> None:
    door = Door(seed=3, lon=0)
    states = [door.measure(20_000 * 24 * sun.HOUR + second * 1000)["open"] for second in range(86_400)]
    moves = sum(now != then for now, then in pairwise(states))
    assert 10 <= moves <= 100
    assert sum(map(bool, states)) < 86_400 / 4

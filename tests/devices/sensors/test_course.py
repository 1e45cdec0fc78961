"""What changes in one direction, and what is the sum of something else."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sensors import noise
from devices.sensors.battery import Battery, voltage
from devices.sensors.power import Power
from devices.sensors.sun import HOUR
from devices.sensors.tank import FULL, LOW, Tank
from devices.sensors.tracker import Tracker
from devices.sensors.vibration import Vibration

SEEDS = st.integers(0, 2**64 - 1)
MOMENTS = st.integers(1_577_836_800_000, 4_102_444_800_000)


@given(seed=SEEDS, at=MOMENTS, step=st.integers(0, 400 * 24 * HOUR))
def test_an_energy_register_never_runs_backwards(seed: int, at: int, step: int) -> None:
    meter = Power(seed=seed, lon=5)
    assert float(meter.measure(at + step)["energy"]) >= float(meter.measure(at)["energy"])


@given(seed=SEEDS, at=MOMENTS)
def test_the_energy_of_an_hour_is_its_mean_power(seed: int, at: int) -> None:
    meter = Power(seed=seed, lon=5)
    mean = sum(float(meter.measure(at + second * 1000)["power"]) for second in range(0, 3600, 5)) / 720
    energy = float(meter.measure(at + HOUR)["energy"]) - float(meter.measure(at)["energy"])
    assert energy * 1000 == pytest.approx(mean, rel=0.02, abs=8)


@given(seed=SEEDS)
def test_a_tank_falls_until_it_is_low_and_is_then_refilled(seed: int) -> None:
    tank = Tank(seed=seed)
    levels = [tank.level(minute * 60_000) for minute in range(0, 10 * 24 * 60, 5)]
    rises = [now for now, then in pairwise(levels) if then > now]
    assert LOW <= min(levels) < LOW + 5
    assert FULL - 5 < max(levels) <= FULL
    assert len(rises) / len(levels) < 0.05


@given(seed=SEEDS, at=MOMENTS)
def test_peak_is_above_rms_and_a_machine_that_stands_is_still(seed: int, at: int) -> None:
    values = Vibration(seed=seed).measure(at)
    assert float(values["peak"]) > float(values["rms"]) >= 0
    assert (float(values["rms"]) > 0.5) == values["running"]


@given(low=st.floats(0, 100), high=st.floats(0, 100))
def test_a_fuller_cell_has_the_higher_voltage(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert voltage(low) <= voltage(high)


@given(seed=SEEDS, at=MOMENTS)
def test_a_battery_runs_down_within_months(seed: int, at: int) -> None:
    levels = [float(Battery(seed=seed).measure(at + day * 24 * HOUR)["battery"]) for day in range(150)]
    assert sum(then > now for now, then in pairwise(levels)) <= 1
    assert levels[0] != levels[100]


@given(seed=SEEDS, at=MOMENTS)
def test_a_truck_moves_as_far_as_its_speed_says_and_never_jumps(seed: int, at: int) -> None:
    truck = Tracker(seed=seed, lat=52, lon=5)
    here, there = truck.position(at), truck.position(at + 1000)
    way = math.dist(here, there)
    assert way * 3600 < 130
    assert float(truck.measure(at + 1000)["speed"]) == pytest.approx(way * 3600, abs=0.06)


@given(seed=SEEDS, day=st.integers(18_262, 47_000), hour=st.floats(20.01, 29.99))
def test_a_truck_is_home_at_night(seed: int, day: int, hour: float) -> None:
    values = Tracker(seed=seed, lat=52, lon=5).measure(round((day * 24 + hour - 5 / 15) * HOUR))
    assert values["speed"] == 0
    assert float(values["lat"]) == pytest.approx(52, abs=1e-4)
    assert float(values["lon"]) == pytest.approx(5, abs=1e-4)


@given(seed=SEEDS, at=MOMENTS, hours=st.floats(0.1, 200))
def test_smooth_noise_has_no_jump(seed: int, at: int, hours: float) -> None:
    second = abs(noise.smooth(seed, at, hours) - noise.smooth(seed, at + 1000, hours))
    assert second <= 3.01 / (hours * 3600)  # the steepest slope of the way between, from -1 to 1
    assert -1 <= noise.smooth(seed, at, hours) <= 1


def test_noise_is_spread_evenly_and_hangs_on_every_key() -> None:
    values = [noise.uniform(1, key) for key in range(10_000)]
    tenths = [sum(part / 10 <= value < (part + 1) / 10 for value in values) for part in range(10)]
    assert all(900 < tenth < 1100 for tenth in tenths)
    assert noise.uniform(1, 2) != noise.uniform(2, 1)

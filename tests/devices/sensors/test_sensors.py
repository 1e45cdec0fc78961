"""What holds for every sensor, whatever it measures."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.fleet import MIX, fleet
from devices.sensors.battery import Battery
from devices.sensors.sensor import Sensor

MOMENTS = st.integers(1_577_836_800_000, 4_102_444_800_000)  # 2020 to 2100
SENSORS = [
    pytest.param(sensor, id=f"{device.name}-{type(sensor).__name__}")
    for device in fleet(len(MIX), 7)
    for sensor in device.sensors
]
BOUNDS: dict[str, tuple[float, float]] = {
    "temperature": (-20, 50),
    "humidity": (5, 100),
    "pressure": (950, 1060),
    "power": (30, 6000),
    "energy": (-0.001, 1e7),
    "voltage": (220, 240),
    "rms": (0, 12),
    "peak": (0, 50),
    "level": (10, 96),
    "volume": (0, 20_000),
    "battery": (8, 100),
    "battery_voltage": (3.3, 4.2),
    "lat": (-90, 90),
    "lon": (-180, 180),
    "speed": (0, 130),
}


@pytest.mark.parametrize("sensor", SENSORS)
@given(at=MOMENTS)
def test_a_sensor_says_the_same_of_the_same_moment_and_stays_within_what_is_plausible(sensor: Sensor, at: int) -> None:
    values = sensor.measure(at)
    assert values == sensor.measure(at)
    assert values.keys() == sensor.units.keys()
    for metric, value in values.items():
        if isinstance(value, bool):
            continue
        low, high = BOUNDS[metric]
        assert isinstance(value, float)
        assert low <= value <= high, metric


@pytest.mark.parametrize("sensor", SENSORS)
@given(after=MOMENTS)
def test_the_next_moment_is_later_and_no_further_than_an_interval(sensor: Sensor, after: int) -> None:
    assert after < sensor.next_at(after) <= after + sensor.interval * 1000


@given(after=MOMENTS, seed=st.integers(0, 2**64 - 1), interval=st.floats(0.01, 86_400))
def test_moments_keep_to_a_grid_whatever_the_interval(after: int, seed: int, interval: float) -> None:
    sensor = Battery(seed=seed, interval=interval)
    moments = [after := sensor.next_at(after) for _ in range(10)]
    steps = [later - earlier for earlier, later in pairwise(moments)]
    assert all(abs(step - interval * 1000) <= 1 for step in steps)

"""Fleets: the same seed gives the same devices, and each of them says what it should."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.device import measure
from devices.fleet import fleet
from devices.kinds import DOOR, GREENHOUSE, METER, PUMP, TANK, TRUCK

SEEDS = st.integers(0, 2**32)


@given(seed=SEEDS, count=st.integers(0, 60))
def test_a_larger_fleet_of_the_same_seed_begins_with_the_same_devices(seed: int, count: int) -> None:
    assert fleet(60, seed)[:count] == fleet(count, seed)


def test_the_first_six_devices_are_one_of_each_kind() -> None:
    kinds = (GREENHOUSE, METER, PUMP, TANK, DOOR, TRUCK)
    assert [device.name for device in fleet(6, 1)] == [f"{kind.name}-1" for kind in kinds]


def test_names_are_unique_and_a_fleet_of_500_says_about_200_messages_a_second() -> None:
    devices = fleet(500, 1)
    assert Counter(device.name for device in devices).most_common(1)[0][1] == 1
    assert 100 < sum(1 / device.interval for device in devices) < 250


@given(seed=SEEDS)
def test_another_seed_gives_other_values(seed: int) -> None:
    one, other = fleet(1, seed)[0], fleet(1, seed + 1)[0]
    assert measure(one.sensors, 1_760_000_000_000) != measure(other.sensors, 1_760_000_000_000)


def test_no_two_sensors_of_a_device_measure_the_same_metric() -> None:
    for device in fleet(12, 1):
        metrics = [metric for sensor in device.sensors for metric in sensor.units]
        assert len(metrics) == len(set(metrics))
        assert not {"at", "seq"} & set(metrics)


@given(after=st.integers(1_577_836_800_000, 4_102_444_800_000), index=st.integers(0, 11))
def test_every_sensor_of_a_device_speaks_within_its_interval_and_they_share_messages(after: int, index: int) -> None:
    device = fleet(12, 3)[index]
    slowest = max(sensor.interval for sensor in device.sensors)
    heard, at, messages = set(), after, 0
    while at < after + (slowest + device.interval) * 1000:
        at, due = device.next_at(at)
        assert due
        heard |= {type(sensor) for sensor in due}
        messages += 1
    assert heard == {type(sensor) for sensor in device.sensors}
    # Nobody gets a message of its own, save a door that moves.
    assert messages <= (slowest / device.interval + 2) + (4 if device.name.startswith("door") else 0)


def test_info_says_what_the_protocol_promises() -> None:
    greenhouse = fleet(1, 1)[0]
    info = greenhouse.info()
    assert list(info) == ["name", "model", "firmware", "location", "units", "interval"]
    assert list(info["location"]) == ["lat", "lon"]
    assert info["units"]["temperature"] == "°C"
    assert info["interval"] == 10


def test_a_device_at_another_interval_keeps_the_proportion_of_its_sensors() -> None:
    faster = fleet(1, 1)[0].at_interval(2)
    assert [sensor.interval for sensor in faster.sensors] == pytest.approx([2, 60])

"""Device times: units told by their size, zones required, years checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock import AHEAD, MILLENNIUM, device_time

NOW = 1_795_000_000_000_000


@given(st.integers(MILLENNIUM // 1_000_000, NOW // 1_000_000))
def test_seconds_milliseconds_microseconds_and_nanoseconds_name_the_same_moment(seconds: int) -> None:
    expected = seconds * 1_000_000
    assert [device_time(seconds * 10**power, NOW) for power in (0, 3, 6, 9)] == [expected] * 4


@pytest.mark.parametrize(
    ("at", "micros"),
    [
        (1_760_000_000.25, 1_760_000_000_250_000),
        (1_760_000_000_123.5, 1_760_000_000_123_500),
        (1_760_000_000_123_456_789, 1_760_000_000_123_456),
        ("2025-10-09T08:53:20Z", 1_760_000_000_000_000),
        ("2025-10-09T10:53:20.000001+02:00", 1_760_000_000_000_001),
    ],
)
def test_a_time_keeps_its_microseconds(at: object, micros: int) -> None:
    assert device_time(at, NOW) == micros


@pytest.mark.parametrize(
    "at", [0, -1, 946_684_799, NOW + AHEAD + 1, 1e300, "yesterday", "2025-10-09T08:53:20", "", None, True, [1], {}]
)
def test_a_time_that_can_not_be_is_refused_with_what_was_expected(at: object) -> None:
    answer = device_time(at, NOW)
    assert isinstance(answer, str)
    assert "expected a time" in answer


def test_a_clock_may_be_a_day_ahead() -> None:
    assert device_time(NOW + AHEAD, NOW) == NOW + AHEAD

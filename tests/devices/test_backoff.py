"""Waiting before the next attempt: longer each time, and never all at once."""

from itertools import islice

from devices.backoff import LONGEST, delays


def test_waits_grow_up_to_a_bound_and_differ_from_device_to_device() -> None:
    fleets = [list(islice(delays(), 20)) for _ in range(200)]
    assert all(0 <= wait <= LONGEST for waits in fleets for wait in waits)
    first, last = ([waits[attempt] for waits in fleets] for attempt in (0, 19))
    assert max(first) <= 1 < max(last)
    assert len(set(first)) == 200

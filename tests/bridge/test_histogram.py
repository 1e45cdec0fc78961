"""A histogram counts each value once, however many come at a time."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.histogram import Histogram

BOUNDS = (0.001, 0.25, 1, 60)
NOW = 1_760_000_000_000_000
MICROS = st.integers(min_value=0, max_value=100_000_000) | st.sampled_from([round(bound * 1e6) for bound in BOUNDS])


@given(st.lists(MICROS, max_size=200))
def test_the_ages_of_a_batch_count_as_if_each_were_observed_alone(ages: list[int]) -> None:
    together, alone = Histogram(*BOUNDS), Histogram(*BOUNDS)
    together.observe_ages(sorted(NOW - age for age in ages), NOW)
    for age in ages:
        alone.observe(age / 1_000_000)
    assert together.look().counts == alone.look().counts
    assert abs(together.look().sum - alone.look().sum) < 1e-6 * (1 + len(ages))


@given(st.lists(st.integers(min_value=-100_000_000, max_value=100_000_000), max_size=50))
def test_a_clock_that_jumps_amid_a_batch_loses_no_message_and_lets_nothing_shrink(ages: list[int]) -> None:
    histogram = Histogram(*BOUNDS)
    histogram.observe_ages([NOW - age for age in ages], NOW)
    assert sum(histogram.look().counts) == len(ages)
    assert min(histogram.look().counts) >= 0
    assert histogram.look().sum >= 0


@given(st.lists(st.floats(min_value=0, max_value=100), max_size=50))
def test_a_value_is_counted_under_the_first_bound_that_is_not_below_it(values: list[float]) -> None:
    histogram = Histogram(*BOUNDS)
    for value in values:
        histogram.observe(value)
    found = histogram.look()
    for index, bound in enumerate(BOUNDS):
        assert sum(found.counts[: index + 1]) == sum(value <= bound for value in values)
    assert sum(found.counts) == len(values)


def test_what_was_looked_at_does_not_change() -> None:
    histogram = Histogram(*BOUNDS)
    before = histogram.look()
    histogram.observe(0.5)
    assert sum(before.counts) == 0
    assert sum(histogram.look().counts) == 1

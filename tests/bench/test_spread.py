"""What rounds come to: medians, ratios round by round, centiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report import Report, Row
from bench.spread import Spread, centile, ratios, spread

figures = st.lists(st.floats(0.001, 1e9), min_size=1, max_size=50)


@given(figures)
def test_a_spread_holds_every_round(values: list[float]) -> None:
    found = spread(values)
    assert found.least <= found.median <= found.most
    assert {found.least, found.most} <= set(values)


def test_a_machine_that_slows_down_does_not_change_a_ratio() -> None:
    ours, roofline = [50.0, 5.0, 0.5], [100.0, 10.0, 1.0]
    assert spread(ratios(ours, roofline)) == Spread(0.5, 0.5, 0.5)


def test_rounds_of_different_number_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


@given(figures, st.integers(1, 100))
def test_a_centile_is_a_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    found = centile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_a_report_keeps_every_round_and_says_what_they_come_to() -> None:
    slow, fast = Row("slow", [{"rate": 1.0}, {"rate": 4.0}]), Row("fast", [{"rate": 10.0}, {"rate": 20.0}])
    report = Report("race", "two rounds", [slow, fast.beside(slow, "rate", "times slow")])
    found = report.document()["rows"][1]
    assert found["rounds"] == [{"rate": 10.0, "times slow": 10.0}, {"rate": 20.0, "times slow": 5.0}]
    assert found["figures"]["times slow"] == {"median": 7.5, "least": 5.0, "most": 10.0}

"""What several rounds of one figure come to."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def ratios(values: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """Round by round: what slowed the machine in one of them slowed both, so it cancels out before the median is taken."""
    return [value / base for value, base in zip(values, baseline, strict=True)]


def centile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of all values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[-(-len(ranked) * percent // 100) - 1]


def delays(milliseconds: Sequence[float]) -> dict[str, float]:
    """What one round of many delays comes to."""
    return {
        "median ms": statistics.median(milliseconds),
        "p99 ms": centile(milliseconds, 99),
        "most ms": max(milliseconds),
    }

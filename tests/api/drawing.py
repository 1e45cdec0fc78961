"""Draws a line on a grid of pixels, slowly and exactly: whether two lines look the same is then a comparison of sets."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import NamedTuple

Point = tuple[int, float]
Pixel = tuple[int, int]


class Paper(NamedTuple):
    """`width` x `height` pixels that show the times [since, until) and the values from `lowest` to `highest`."""

    since: int
    until: int
    width: int
    height: int
    lowest: float
    highest: float

    def column(self, at: int) -> int:
        return (at - self.since) * self.width // (self.until - self.since)

    def place(self, point: Point) -> tuple[Fraction, Fraction]:
        at, value = point
        span = Fraction(self.highest) - Fraction(self.lowest)
        height = (Fraction(value) - Fraction(self.lowest)) / span * (self.height - 1) if span else Fraction(0)
        return Fraction((at - self.since) * self.width, self.until - self.since), height

    def draw(self, line: Sequence[Point]) -> set[Pixel]:
        """The pixels that the line passes through."""
        places = [self.place(point) for point in line]
        pixels = {(floor(x), floor(y)) for x, y in places}
        for start, end in pairwise(places):
            pixels |= _segment(*start, *end)
        return pixels


def _segment(x0: Fraction, y0: Fraction, x1: Fraction, y1: Fraction) -> set[Pixel]:
    """In each column all pixels between where the segment enters it and where it leaves it."""
    pixels = set()
    for column in range(floor(x0), floor(x1) + 1):
        enters, leaves = max(x0, Fraction(column)), min(x1, Fraction(column + 1))
        heights = [y0, y1] if x0 == x1 else [y0 + (y1 - y0) * (x - x0) / (x1 - x0) for x in (enters, leaves)]
        pixels |= {(column, row) for row in range(floor(min(heights)), floor(max(heights)) + 1)}
    return pixels

"""Turns the length of windows, as people and programs write it, into a number of minutes or of calendar units."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import WithJsonSchema

from api.moment import MICROSECONDS
from api.problem import read_by, shown

Unit = Literal["m", "d", "mo"]

EXPECTED = (
    "minutes or hours that divide a day, days, weeks, months or years, as `15m`, `6h`, `1d`, `1w`, `1mo`, `1y`, "
    "`PT15M` or `P1D`"
)
LENGTH = {"m": MICROSECONDS["m"], "d": MICROSECONDS["d"], "mo": 30_436_875 * MICROSECONDS["d"] // 1_000_000}
"""Microseconds of a unit on average: a Gregorian month has 30.436875 days."""
MINUTES_A_DAY = 1_440
LONGEST = 12_000
"""Months: a thousand years. Readings are of our millennium, and calendars here end with the year 9999."""

_units: dict[str, tuple[int, Unit]] = {
    "m": (1, "m"),
    "h": (60, "m"),
    "d": (1, "d"),
    "w": (7, "d"),
    "mo": (1, "mo"),
    "y": (12, "mo"),
}
_iso = {"TM": "m", "TH": "h", "D": "d", "W": "w", "M": "mo", "Y": "y"}
_short = re.compile(r"(\d{1,4})(m|h|d|w|mo|y)", re.ASCII)
_iso8601 = re.compile(r"P(T?)(\d{1,4})([MHDWY])", re.ASCII)


@dataclass(frozen=True, slots=True)  # a tuple would be a parameter that may be repeated
class Every:
    """So many units: minutes of absolute time, or days or months of a calendar. Hours, weeks and years are made of these."""

    many: int
    unit: Unit

    @property
    def length(self) -> int:
        """Microseconds, on average."""
        return self.many * LENGTH[self.unit]

    def __str__(self) -> str:
        """In the largest unit that it is whole in."""
        return next(
            f"{self.many // size}{name}"
            for name, (size, unit) in reversed(_units.items())
            if unit == self.unit and self.many % size == 0
        )


def parse(text: str) -> Every:
    """Read the length of a window. `ValueError` if it is none."""
    many, unit = _read(text)
    every = Every(many * _units[unit][0], _units[unit][1]) if unit in _units else Every(0, "m")
    if every.many == 0 or (every.unit == "m" and MINUTES_A_DAY % every.many):
        raise ValueError(f"expected {EXPECTED}, got {shown(text)}")
    if every.length > LONGEST * LENGTH["mo"]:
        raise ValueError(f"expected at most {LONGEST // 12} years, got {shown(text)}")
    return every


def _read(text: str) -> tuple[int, str]:
    """Number and unit as they stand there; no unit if it is neither form."""
    if short := _short.fullmatch(text):
        return int(short[1]), short[2]
    if iso := _iso8601.fullmatch(text):
        return int(iso[2]), _iso.get(iso[1] + iso[3], "")
    return 0, ""


Length = Annotated[
    Every,
    read_by(parse),
    WithJsonSchema({"type": "string", "description": EXPECTED, "examples": ["1d", "15m", "1mo"]}),
]
"""A query parameter that says how long a window is."""

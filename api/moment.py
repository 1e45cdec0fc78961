"""Turns a time as people and programs write it into microseconds since the epoch."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import WithJsonSchema

from api.problem import ProblemError, read_by, shown

EARLIEST = -62_135_596_800_000_000  # 0001-01-01
LATEST = 253_402_300_799_999_999  # the end of 9999: RFC 3339 knows no later year
EXPECTED = "milliseconds since the epoch, RFC 3339 with a zone, `now`, or relative as `-1h` (ms, s, m, h, d, w)"
MICROSECONDS = {
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_relative = re.compile(r"([+-]\d{1,15})(ms|s|m|h|d|w)", re.ASCII)
_integer = re.compile(r"-?\d{1,15}", re.ASCII)
_rfc3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_plus_lost = re.compile(r" (?=\d\d:\d\d$)", re.ASCII)
"""A `+` that was not escaped in a URL arrives as a space."""


def parse(text: str, *, now: int | None = None) -> int:
    """Read a moment; `now` is what relative ones count from, by default this moment. `ValueError` if it is none."""
    now = time.time_ns() // 1000 if now is None else now
    moment = _read(text, now)
    if moment is None or not EARLIEST <= moment <= LATEST:
        raise ValueError(f"expected {EXPECTED}, in the years 1 to 9999, got {shown(text)}")
    return moment


def _read(text: str, now: int) -> int | None:
    if text == "now":
        return now
    if _integer.fullmatch(text):
        return int(text) * 1000
    if relative := _relative.fullmatch(text):
        return now + int(relative[1]) * MICROSECONDS[relative[2]]
    text = _plus_lost.sub("+", text)
    if not _rfc3339.fullmatch(text):
        return None
    try:
        return (datetime.fromisoformat(text.upper()) - EPOCH) // timedelta(microseconds=1)
    except ValueError:
        return None


def milliseconds(moment: int | None) -> int | None:
    """As JSON carries it; what is finer is cut off."""
    return None if moment is None else moment // 1000


def misordered(since: int, until: int) -> ProblemError:
    """What a span is told whose end is before its beginning; one that is empty has an empty answer."""
    return ProblemError(422, f"from: expected a time not after `to` ({until // 1000}), got {since // 1000}")


Moment = Annotated[
    int,
    read_by(parse),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "description": EXPECTED, "examples": ["-1h"]}),
]
"""A query parameter that names a moment."""

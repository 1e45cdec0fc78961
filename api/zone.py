"""Turns the name of a time zone into its rules."""

import zoneinfo
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import WithJsonSchema

from api.problem import read_by, shown

EXPECTED = "a name of the IANA time zone database, as `UTC` or `Europe/Berlin`"


def parse(name: str) -> ZoneInfo:
    """The zone of this name, spelt exactly so. `ValueError` if there is none."""
    if name not in _names():  # the library would open whatever file bears the name
        raise ValueError(f"expected {EXPECTED}, got {shown(name)}")
    return ZoneInfo(name)


@cache
def _names() -> frozenset[str]:
    """All of them; finding them takes 20 ms, once."""
    return frozenset(zoneinfo.available_timezones())


Zone = Annotated[
    ZoneInfo,
    read_by(parse),
    WithJsonSchema({"type": "string", "description": EXPECTED, "examples": ["Europe/Berlin"]}),
]
"""A query parameter that names a time zone."""

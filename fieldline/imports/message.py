"""Turns what a file says into the message that its device would send."""

import math
import re
from collections.abc import Mapping

import msgspec

from api.match import Kind
from bridge.message import Message
from devices import topic
from devices.payload import EXACT
from fieldline.imports.entry import Bad, Entry, Name

_integer = re.compile(r"[+-]?\d{1,400}", re.ASCII)  # what is longer is beyond any double
_encode = msgspec.json.Encoder().encode
RESERVED = "at"
"""A key of a message that is no metric."""


class Translator:
    """Knows the kinds of series that a file does not say: as the store has them, else as their first value looks."""

    def __init__(self, kinds: Mapping[Name, Kind]) -> None:
        self._kinds = dict(kinds)

    def message(self, entry: Entry, received_at: int) -> Message | Bad:
        """The entry as a message of its own."""
        if entry.metric == RESERVED:
            return Bad(entry.line, "metric: expected another name than `at`, which is a message's time")
        kind = entry.kind or self._kinds.get((entry.device, entry.metric)) or self._guess(entry)
        value = _typed(entry.value, kind)
        if value is None:
            return Bad(entry.line, f"value: expected {EXPECTED[kind]}, got {entry.value!r:.60}")
        try:
            payload = _encode({RESERVED: entry.at, entry.metric: value})
            device = entry.device.encode().decode()
        except UnicodeEncodeError:
            return Bad(entry.line, "expected UTF-8, got other bytes")
        return Message(topic.telemetry(device), payload, None, received_at)

    def _guess(self, entry: Entry) -> Kind:
        kind: Kind = "number"
        if entry.value in ("true", "false"):
            kind = "boolean"
        elif isinstance(entry.value, str) and math.isnan(_number(entry.value)):
            kind = "text"
        return self._kinds.setdefault((entry.device, entry.metric), kind)


EXPECTED: Mapping[Kind, str] = {
    "number": "a number that a double holds, an integer exactly (up to 2^53)",
    "boolean": "0, 1, true or false",
    "text": "a text",
}
BOOLEANS: Mapping[float | str, bool] = {
    **dict.fromkeys((0, "0", "0.0", "false"), False),
    **dict.fromkeys((1, "1", "1.0", "true"), True),
}


def _typed(value: float | str, kind: Kind) -> float | str | None:
    """The value as its kind is said in JSON; `None` if it can't be."""
    if kind == "boolean":
        return BOOLEANS.get(value)
    if kind == "text":
        return value if isinstance(value, str) else None
    number = _number(value) if isinstance(value, str) else value
    if isinstance(number, int):
        return number if type(number) is int and abs(number) <= EXACT else None
    return number if math.isfinite(number) else None


def _number(text: str) -> float:
    """The number that the text is: an integer, if it is written as one; NaN if it is none."""
    if _integer.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return math.nan

"""What a message can hold, once a dialect has read it."""

from typing import Any, Literal, NamedTuple

import msgspec

from devices.reading import Value

Reason = Literal["topic", "json", "clock", "value", "name", "kind", "expired", "conflict", "limit", "store"]
"""Why something was not stored; `docs/operations.md` tells what each means to an operator."""


class Report(msgspec.Struct, frozen=True, gc=False):
    """What a device said of one moment, in microseconds since the epoch: a reading for each of its metrics."""

    device: str
    at: int
    values: dict[str, Value]


class Status(NamedTuple):
    """A device came, or went."""

    device: str
    online: bool


class Info(NamedTuple):
    """What a device says of itself: name, model, location, units."""

    device: str
    info: dict[str, Any]


class Refusal(NamedTuple):
    """A message, or a part of it, that can't be stored; `detail` says expected and got."""

    reason: Reason
    detail: str


Record = Report | Status | Info | Refusal

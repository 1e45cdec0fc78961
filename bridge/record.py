"""What a message can hold, once a dialect has read it."""

from typing import Any, Literal, NamedTuple

from devices.reading import Reading

Reason = Literal["topic", "json", "clock", "value", "name", "kind", "expired", "conflict", "limit", "store"]
"""Why something was not stored; `docs/operations.md` tells what each means to an operator."""


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


Record = Reading | Status | Info | Refusal

"""Writes what the devices of a round say: a third out of order, some of it twice, some in backlogs, some that is bad."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from devices import payload, topic

STEP = 1_000
"""Milliseconds from reading to reading of a device."""
OUT_OF_ORDER = 0.3
TWICE = 0.05
GATHERS, GATHERED = 5, 10
"""Every so many devices one that sends its readings in backlogs of so many."""
ONE_BAD_IN = 5_000
TEXT = 16
"""One reading in so many carries a text as well."""
BAD_PAYLOADS = (
    '{{"at":{at},"seq":{number}',
    '{{"at":{at},"seq":{{"number":{number}}}}}',
    '{{"at":{at},"level":NaN,"number":{number}}}',
    '{{"at":{at},"state":"nul \\u0000 {number}"}}',
    '{{"at":"yesterday","seq":{number}}}',
)


class Message(NamedTuple):
    topic: str
    payload: bytes
    device: str
    readings: tuple[tuple[int, int], ...]
    """Number (`seq`) and time (milliseconds since the epoch) of each; of a bad message none."""


class Script:
    """The devices of one publisher. They count on from part to part; no number and no time comes twice, but by repetition."""

    def __init__(self, devices: Sequence[str], start: int, dice: Random, one_bad_in: int = ONE_BAD_IN) -> None:
        """`start` is the time of the first readings, in milliseconds since the epoch."""
        self._one_bad_in = one_bad_in
        self._devices = devices
        self._start = start
        self._dice = dice
        self._next = dict.fromkeys(devices, 0)
        self._written = 0

    def part(self, count: int, shift: int = 0, *, bad: bool = False) -> list[Message]:
        """The next messages, in the order in which they are sent. `shift` moves their times by milliseconds."""
        messages = []
        for _ in range(count):
            self._written += 1
            device = self._devices[self._written % len(self._devices)]
            is_bad = bad or self._written % self._one_bad_in == 0
            message = self._bad(device, shift) if is_bad else self._good(device, shift)
            messages += [message] * (2 if self._dice.random() < TWICE else 1)
        self._disorder(messages)
        return messages

    def _good(self, device: str, shift: int) -> Message:
        first = self._next[device]
        gathered = GATHERED if self._devices.index(device) % GATHERS == GATHERS - 1 else 1
        self._next[device] = first + gathered
        readings = tuple((seq, self._start + seq * STEP + shift) for seq in range(first, first + gathered))
        parts = [payload.encode(values(seq), at=at, seq=seq) for seq, at in readings]
        body = parts[0] if gathered == 1 else payload.encode_backlog(parts)
        return Message(topic.telemetry(device), body, device, readings)

    def _bad(self, device: str, shift: int) -> Message:
        form = BAD_PAYLOADS[self._written // ONE_BAD_IN % len(BAD_PAYLOADS)]
        body = form.format(at=self._start + shift, number=self._written)
        return Message(topic.telemetry(device), body.encode(), device, ())

    def _disorder(self, messages: list[Message]) -> None:
        places = self._dice.sample(range(len(messages)), int(len(messages) * OUT_OF_ORDER))
        moved = [messages[place] for place in sorted(places)]
        for place, message in zip(places, moved, strict=True):
            messages[place] = message


def values(seq: int) -> dict[str, float | str]:
    """All that a reading says follows from its number, so that one that was stored in part would show."""
    return {"level": seq / 8, "state": f"s{seq}"} if seq % TEXT == 0 else {"level": seq / 8}

"""Compares what was acknowledged to the publishers with what is stored: lost, twice, in part, or somewhere in between."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from torture.script import Message

Reading = tuple[str, int]
"""Device and number."""
Span = tuple[float, float]
EXAMPLES = 3


class Row(NamedTuple):
    """A stored reading of a `seq`, and whether what follows from the number stands beside it."""

    device: str
    seq: int
    at: int
    """Milliseconds since the epoch."""
    whole: bool


class Verdict(NamedTuple):
    acknowledged: int
    """Readings that the broker took over, at QoS 1 and 2."""
    stored: int
    lost: Sequence[Reading]
    twice: Sequence[Reading]
    in_part: Sequence[Reading]
    strange: Sequence[Reading]
    """Stored, but never sent so."""
    rejects_missing: int
    rejects_strange: int
    broker_lost: int
    """Acknowledged, but not yet saved when the broker was killed, and gone: MQTT's acknowledgement promised too much."""
    rollups_wrong: int = 0

    @property
    def good(self) -> bool:
        return not self.faults()

    def faults(self) -> list[str]:
        """What breaks the promise, each with examples."""
        found = [
            f"{len(readings)} {name}, as {', '.join(f'{device}/{seq}' for device, seq in readings[:EXAMPLES])}"
            for name in ("lost", "twice", "in_part", "strange")
            if (readings := getattr(self, name))
        ]
        counts = ("rejects_missing", "rejects_strange", "rollups_wrong")
        return found + [f"{count} {name}" for name in counts if (count := getattr(self, name))]


def judge(
    sent: Iterable[tuple[Message, float]],
    rows: Sequence[Row],
    rejects: Iterable[tuple[str, bytes]],
    unsaved: Sequence[Span] = (),
) -> Verdict:
    """`sent` has each message as often as it was published, with when it was acknowledged: 0 if it never was.

    A reading that is missing is the broker's loss only if every acknowledgement of it came within an `unsaved` span.
    """
    due: dict[Reading, int] = {}
    safe: set[Reading] = set()
    promised: set[Reading] = set()
    bad: set[tuple[str, bytes]] = set()
    bad_safe: set[tuple[str, bytes]] = set()
    for message, acknowledged_at in sent:
        is_safe = acknowledged_at > 0 and not any(since < acknowledged_at <= until for since, until in unsaved)
        if not message.readings:
            bad.add((message.topic, message.payload))
            if is_safe:
                bad_safe.add((message.topic, message.payload))
        for seq, at in message.readings:
            due[message.device, seq] = at
            if acknowledged_at > 0:
                promised.add((message.device, seq))
            if is_safe:
                safe.add((message.device, seq))
    stored = Counter((row.device, row.seq) for row in rows)
    kept = set(rejects)
    return Verdict(
        acknowledged=len(promised),
        stored=len(stored),
        lost=sorted(safe - stored.keys()),
        twice=sorted(reading for reading, count in stored.items() if count > 1),
        in_part=sorted((row.device, row.seq) for row in rows if not row.whole),
        strange=sorted((row.device, row.seq) for row in rows if due.get((row.device, row.seq)) != row.at),
        rejects_missing=len(bad_safe - kept),
        rejects_strange=len(kept - bad),
        broker_lost=len(promised - safe - stored.keys()),
    )

"""Takes the ledger: the sequences of each device along the key, lateness week by week, side by side."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from fieldline.database import Database
from fieldline.ledger.entry import Entry, Foreign, Ledger
from fieldline.ledger.statements import LATE, SEQUENCES, SERIES, WEEKS

READERS = 3
"""Statements at once that read sequences; each keeps one core of the server busy. One more looks for late readings."""
CONNECTIONS = READERS + 1
STEPS = 200
"""Groups of series, at most: so often the progress moves, and so often a statement is planned."""
FEW = 50
"""Below one series in so many the key is the shorter way to the late ones."""
END = 253_402_300_800_000_000
"""The end of the year 9999 in microseconds: later than any reading."""


class Question(NamedTuple):
    """What the ledger is about. Times in microseconds."""

    likes: Sequence[str]
    """LIKE patterns of `device/seq`."""
    since: int | None
    until: int | None
    late_after: int
    ranges: int
    """Missing ranges to list for a device at most."""


class Watch(Protocol):
    """Who is told how far it is."""

    def begin(self, devices: int, weeks: int) -> None: ...

    def counted(self, devices: int) -> None: ...

    def looked_through(self, weeks: int) -> None: ...


async def take(database: Database, question: Question, watch: Watch) -> Ledger:
    """The ledger of what is stored now. Each device is told from one snapshot. `DatabaseError`s come as a group."""
    series = await database.fetch(SERIES, question.likes)
    weeks = [tuple(row) for row in await database.fetch(WEEKS)]
    taking = _Taking(database, question, watch, weeks)
    numbers = [one for one in series if one["kind"] == "number"]
    spans = taking.spans(weeks) if numbers else []
    watch.begin(len(numbers), len(spans))
    groups = _groups(numbers)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(taking.look_for_late(spans, _few(numbers)), name="late")
        for reader in range(READERS):
            tasks.create_task(taking.count(groups), name=f"sequences {reader}")
    told = [taking.entry(one) for one in series]
    entries = [one for one in told if isinstance(one, Entry)]
    return Ledger(taking.since, question.until, entries, [one for one in told if isinstance(one, Foreign)])


class _Taking:
    """What is found so far, within a window that begins no earlier than the store does."""

    def __init__(self, database: Database, question: Question, watch: Watch, weeks: Sequence[tuple[int, int]]) -> None:
        horizon = weeks[0][0] if weeks else 0
        self.since = max(horizon, question.since or 0)
        self._until = END if question.until is None else question.until
        self._database = database
        self._question = question
        self._watch = watch
        self._found: dict[int, Any] = {}
        self._late = Counter[int]()

    def spans(self, weeks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """What of each week is in the window."""
        cut = [(max(begin, self.since), min(end, self._until)) for begin, end in weeks]
        return [(begin, end) for begin, end in cut if begin < end]

    async def count(self, groups: list[list[Any]]) -> None:
        """Take one group after the other from those that are left."""
        while groups:
            group = groups.pop()
            numbers = [one["id"] for one in group]
            whole = [self._question.since is None and one["created_at"] >= self.since for one in group]
            window = (self.since, self._until)
            rows = await self._database.fetch(SEQUENCES, numbers, whole, *window, self._question.ranges)
            self._found |= {row["id"]: row for row in rows}
            self._watch.counted(len(numbers))

    async def look_for_late(self, spans: Sequence[tuple[int, int]], few: list[int] | None) -> None:
        for begin, end in spans:
            rows = await self._database.fetch(LATE, begin, end, self._question.late_after, few)
            self._late.update(dict(rows))
            self._watch.looked_through(1)

    def entry(self, one: Any) -> Entry | Foreign:
        if one["kind"] != "number":
            return Foreign(one["device"], f"expected numbers, got the kind {one['kind']}")
        found = self._found[one["id"]]
        if found["odd"]:
            got = f"got {found['odd']} others"
            return Foreign(one["device"], f"expected whole numbers from 0 to 9007199254740991, {got}")
        return Entry(
            one["device"],
            runs=found["runs"],
            sent=found["sent"],
            stored=found["stored"],
            duplicate=found["readings"] - found["stored"],
            missing=found["sent"] - found["stored"],
            ranges=list(zip(found["firsts"], found["lasts"], strict=True)),
            holes=found["holes"],
            late=self._late[one["id"]],
            cut=found["cut"],
        )


def _groups(series: Sequence[Any]) -> list[list[Any]]:
    """All series in groups of the same size, the last to be taken first."""
    size = max(1, len(series) // STEPS)
    return [list(series[begin : begin + size]) for begin in range(0, len(series), size)]


def _few(series: Sequence[Any]) -> list[int] | None:
    """The numbers of the series, where they are few of all that there are."""
    return [one["id"] for one in series] if series and len(series) * FEW < series[0]["all_series"] else None

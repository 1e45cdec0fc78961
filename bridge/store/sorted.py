"""The records of some messages by where they go."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.decode import Decoded, decode
from bridge.message import Message
from bridge.record import Refusal, Report
from bridge.store.columns import Columns, Packed
from bridge.store.limits import Name

Traced = tuple[Report, int]
"""A report with the index of its message."""


class Sorted(NamedTuple):
    """Decoded messages, with the numbers of their series as far as these are known.

    `fresh` are newer than all that this process has met of their series, so most likely not stored yet; `late` are the rest.
    """

    messages: Sequence[Message]
    fresh: Packed
    late: Columns
    texts: Columns
    unknown: list[Traced]
    """Readings of series that have to be learned first."""
    refusals: list[tuple[int, Refusal]]
    """By index of their message."""
    statuses: Mapping[str, bool]
    infos: Mapping[str, Mapping[str, Any]]
    units: Mapping[Name, str]
    generation: int
    """Of the registry that gave the numbers."""

    @property
    def times(self) -> NDArray[np.int64]:
        """Of all readings, in microseconds since the epoch."""
        others = [*self.late.at, *self.texts.at, *(report.at for report, _ in self.unknown)]
        return np.append(self.fresh.at, np.array(others, np.int64)) if others else self.fresh.at

    @property
    def names(self) -> Iterator[Name]:
        """Device and metric of each reading whose series was unknown."""
        return ((report.device, metric) for report, _ in self.unknown for metric in report.values)

    @property
    def readings(self) -> int:
        return len(self.fresh.series) + len(self.late.series) + len(self.texts.series)

    @property
    def keys(self) -> Iterator[tuple[int, int]]:
        """Series and time of each reading that has a number."""
        fresh = zip(self.fresh.series.tolist(), self.fresh.at.tolist(), strict=True)
        late, texts = (zip(columns.series, columns.at, strict=True) for columns in (self.late, self.texts))
        return chain(fresh, late, texts)

    @property
    def origins(self) -> set[int]:
        """Messages that brought readings."""
        return {*self.fresh.origin.tolist(), *self.late.origin, *self.texts.origin}

    def decoded(self) -> Decoded:
        """What it was sorted from, read once more: to keep that as well would take as much memory again."""
        return decode(self.messages)._replace(units=self.units)

    def all_late(self) -> "Sorted":
        """The same, taking no reading for new."""
        late = self.fresh.unpacked()
        late.extend(self.late)
        return self._replace(fresh=Packed.of(Columns.empty()), late=late)


def join(parts: Sequence[Sorted]) -> Sorted:
    """Several as one, in their order. The last status and info of a device win."""
    if len(parts) == 1:
        return parts[0]
    messages: list[Message] = []
    fresh: list[Packed] = []
    late, texts = Columns.empty(), Columns.empty()
    unknown: list[Traced] = []
    refusals: list[tuple[int, Refusal]] = []
    statuses: dict[str, bool] = {}
    infos: dict[str, Mapping[str, Any]] = {}
    units: dict[Name, str] = {}
    for part in parts:
        before = len(messages)
        messages += part.messages
        fresh.append(part.fresh.behind(before))
        late.extend(part.late, before)
        texts.extend(part.texts, before)
        unknown += [(report, before + index) for report, index in part.unknown]
        refusals += [(before + index, refusal) for index, refusal in part.refusals]
        statuses.update(part.statuses)
        infos.update(part.infos)
        units.update(part.units)
    oldest = min(part.generation for part in parts)
    return Sorted(
        messages, Packed.joined(fresh), late, texts, unknown, refusals, statuses, infos, units, generation=oldest
    )

"""Readings bound for one table as columns of equal length: lists while they are told apart, arrays once they are many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.reading import Value


@dataclass(frozen=True, slots=True)
class Columns:
    """`origin` is the index of the message in its batch."""

    series: list[int]
    at: list[int]
    value: list[Value]
    origin: list[int]

    @staticmethod
    def empty() -> "Columns":
        return Columns([], [], [], [])

    def __iter__(self) -> Iterator[tuple[int, int, Value, int]]:
        return zip(self.series, self.at, self.value, self.origin, strict=True)

    def add(self, series: int, at: int, value: Value, origin: int) -> None:
        self.series.append(series)
        self.at.append(at)
        self.value.append(value)
        self.origin.append(origin)

    def copy(self) -> "Columns":
        return Columns([*self.series], [*self.at], [*self.value], [*self.origin])

    def extend(self, other: "Columns", before: int = 0) -> None:
        """Take others in, that came with messages which stand behind so many more now."""
        self.series.extend(other.series)
        self.at.extend(other.at)
        self.value.extend(other.value)
        self.origin.extend([before + index for index in other.origin])


class Packed(NamedTuple):
    """Numbers as arrays: a fifth of the memory."""

    series: NDArray[np.int32]
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    origin: NDArray[np.int32]

    @staticmethod
    def of(columns: Columns) -> "Packed":
        return Packed(
            _packed("i", columns.series),
            np.fromiter(columns.at, np.int64, len(columns.at)),
            _packed("d", columns.value),
            _packed("i", columns.origin),
        )

    @staticmethod
    def joined(parts: Sequence["Packed"]) -> "Packed":
        columns: Any = map(np.concatenate, zip(*parts, strict=True))
        return Packed(*columns)

    def behind(self, before: int) -> "Packed":
        """The same, where so many messages stand before theirs."""
        return self._replace(origin=self.origin + np.int32(before))

    def unpacked(self) -> Columns:
        return Columns(self.series.tolist(), self.at.tolist(), self.value.tolist(), self.origin.tolist())


def _packed(kind: str, values: Sequence[Value]) -> NDArray[Any]:
    """In a third of the time that `np.array` takes. Not for large integers: these are slow this way."""
    return np.frombuffer(pack(f"{len(values)}{kind}", *values), kind)

"""Columns of readings, row by row or as NumPy arrays."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldline.client.answers import Columns


class Row(NamedTuple):
    device: str
    metric: str
    at: int
    value: float | str


class Arrays(NamedTuple):
    """`at` is datetime64[ms] in UTC; `value` is float64, or objects where there are texts among them."""

    series: NDArray[np.int32]
    at: NDArray[np.datetime64]
    value: NDArray[np.float64] | NDArray[np.object_]


def rows(columns: Columns) -> Iterator[Row]:
    """The readings one by one, each with the names of its series."""
    for series, at, value in zip(columns.series, columns.at, columns.value, strict=True):
        name = columns.names[series]
        yield Row(name.device, name.metric, at, value)


def arrays(columns: Columns) -> Arrays:
    value: NDArray[np.float64] | NDArray[np.object_]
    if any(isinstance(one, str) for one in columns.value):
        value = np.array(columns.value, np.object_)
    else:
        value = np.array(columns.value, np.float64)
    return Arrays(np.array(columns.series, np.int32), np.array(columns.at, "datetime64[ms]"), value)

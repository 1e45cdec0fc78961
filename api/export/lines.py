"""Readings as lines: CSV and NDJSON."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.export import text
from api.export.run import Run
from api.match import Series

ROWS = 16_384
"""Lines made at once: a megabyte, in five milliseconds, of which two keep all other threads waiting."""


class Csv:
    """RFC 4180, UTF-8; `at` is RFC 3339 in UTC with microseconds. Exact, there is also the kind of each series."""

    rows = ROWS

    def __init__(self, series: Sequence[Series], *, exact: bool) -> None:
        self._head = "at,device,metric,unit,value,kind\r\n" if exact else "at,device,metric,unit,value\r\n"
        self._names = pa.array([f"Z,{text.cells(one.device, one.metric, one.unit)}," for one in series], pa.string())
        self._kinds = pa.array([f",{one.kind}" if exact else "" for one in series], pa.string())

    def head(self) -> bytes:
        return self._head.encode()

    def encode(self, run: Run) -> bytes:
        values = text.csv_numbers(run.value)
        if run.text is not None:
            values = pc.coalesce(text.csv_texts(run.text), values)
        series = pa.array(run.series)
        return text.glue(text.moments(run.at), self._names.take(series), values, self._kinds.take(series), "\r\n")

    def tail(self) -> bytes:
        return b""


class Ndjson:
    """One JSON object a line; `at` in milliseconds, as everywhere in JSON.

    Exact, there is the kind, `micros` where there is less than a millisecond to tell, and no number of the series: that is this
    database's own.
    """

    rows = ROWS

    def __init__(self, series: Sequence[Series], *, exact: bool) -> None:
        self._exact = exact
        self._names = pa.array([_object(one, exact=exact) for one in series], pa.string())
        self._micros = pa.array(["", *(f',"micros":{micros}' for micros in range(1, 1000))])

    def head(self) -> bytes:
        return b""

    def encode(self, run: Run) -> bytes:
        values = text.numbers(run.value)
        if run.text is not None:
            values = pc.coalesce(text.json_texts(run.text), values)
        milliseconds = pa.array(run.at // 1000).cast(pa.string())
        return text.glue(
            self._names.take(pa.array(run.series)), milliseconds, self._rest(run.at), ',"value":', values, "}\n"
        )

    def _rest(self, at: NDArray[np.int64]) -> Any:
        return self._micros.take(pa.array(at % 1000)) if self._exact else ""

    def tail(self) -> bytes:
        return b""


def _object(series: Series, *, exact: bool) -> str:
    """The beginning of a line, up to the moment."""
    names = {"device": series.device, "metric": series.metric, "unit": series.unit}
    members = {**names, "kind": series.kind} if exact else {"series": series.series, **names}
    return f'{msgspec.json.encode(members).decode()[:-1]},"at":'

"""Readings as tables: Parquet and the stream format of Arrow, with the names of their series as dictionaries."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.export.run import Run
from api.match import Series

_dictionary = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("device", _dictionary, nullable=False),
        pa.field("metric", _dictionary, nullable=False),
        pa.field("unit", _dictionary),
        pa.field("kind", _dictionary, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
    ]
)
"""A reading of kind text has a `text` and no `value`, any other a `value` and no `text`; a boolean is 0 or 1."""

ARROW_ROWS = 16_384
PARQUET_ROWS = 131_072
"""Of a row group: its entry in the footer, about a kilobyte, is all that stays in memory."""


class Names:
    """What is said of the series, as dictionaries and for each series its place in them."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._columns = [
            _encoded([getattr(one, name) for one in series]) for name in ("device", "metric", "unit", "kind")
        ]
        self._is_text = np.array([one.kind == "text" for one in series], bool)

    def batch(self, run: Run) -> Any:
        series = pa.array(run.series)
        names = [
            pa.DictionaryArray.from_arrays(column.indices.take(series), column.dictionary) for column in self._columns
        ]
        mask = self._is_text[run.series] if len(self._is_text) else None
        value = pa.array(run.value, mask=mask)
        text = pa.nulls(len(run), pa.string()) if run.text is None else run.text
        at = pa.array(run.at, pa.timestamp("us", "UTC"))
        return pa.RecordBatch.from_arrays([at, *names, value, text], schema=SCHEMA)


def _encoded(values: list[str | None]) -> Any:
    return pa.array(values, pa.string()).dictionary_encode()


class Outlet:
    """A file that is handed on while it is written."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None: ...

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


class Table:
    """What a writer of Arrow's writes."""

    def __init__(self, series: Sequence[Series], rows: int, open_writer: Callable[[Any], Any]) -> None:
        self.rows = rows
        self._names = Names(series)
        self._outlet = Outlet()
        self._writer = open_writer(pa.PythonFile(self._outlet, mode="w"))

    def head(self) -> bytes:
        return self._outlet.taken()

    def encode(self, run: Run) -> bytes:
        self._writer.write_batch(self._names.batch(run))
        return self._outlet.taken()

    def tail(self) -> bytes:
        self._writer.close()
        return self._outlet.taken()


def arrow(series: Sequence[Series]) -> Table:
    return Table(series, ARROW_ROWS, lambda sink: pa.ipc.new_stream(sink, SCHEMA))


def parquet(series: Sequence[Series]) -> Table:
    return Table(
        series,
        PARQUET_ROWS,
        lambda sink: pq.ParquetWriter(
            sink,
            SCHEMA,
            compression="zstd",
            use_dictionary=["device", "metric", "unit", "kind"],
            column_encoding={"at": "DELTA_BINARY_PACKED", "value": "BYTE_STREAM_SPLIT"},
        ),
    )

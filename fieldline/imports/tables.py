"""Reads Parquet and Arrow, batch by batch."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fieldline.imports import columns
from fieldline.imports.entry import AT_ONCE, KINDS, Bad, Chunk, Entry, NotReadableError, Source, looks

MAGIC = b"ARROW1"
"""Begins a file of Arrow's, in which batches can be looked up; the stream format does not."""


def open_parquet(file: BinaryIO) -> Source:
    """Raises `NotReadableError` if it is none, or is not whole."""
    try:
        table = pq.ParquetFile(file, pre_buffer=False)
    except pa.ArrowException as error:
        raise NotReadableError(f"expected a whole Parquet file, got: {error}") from None
    wanted = columns.wanted(table.schema_arrow)
    return Source(_chunks(table.iter_batches(AT_ONCE, columns=wanted)), table.metadata.num_rows)


def open_arrow(file: BinaryIO) -> Source:
    """The stream format, or a file. Raises `NotReadableError` if it is neither."""
    try:
        if _begins_with(file, MAGIC):
            table = pa.ipc.open_file(file)
            batches = (table.get_batch(number) for number in range(table.num_record_batches))
        else:
            table = batches = pa.ipc.open_stream(file)
    except pa.ArrowException as error:
        raise NotReadableError(f"expected Arrow's stream or file format, got: {error}") from None
    wanted = columns.wanted(table.schema)
    return Source(_chunks(batch.select(wanted) for batch in batches), None)


def _begins_with(file: BinaryIO, magic: bytes) -> bool:
    if not file.seekable():
        return False
    begins = file.read(len(magic)) == magic
    file.seek(0)
    return begins


def _chunks(batches: Iterable[Any]) -> Iterator[Chunk]:
    done = 0
    try:
        for batch in batches:
            for start in range(0, batch.num_rows, AT_ONCE):
                part = batch.slice(start, AT_ONCE)
                yield Chunk(list(_entries(part, done + 1)), done + part.num_rows)
                done += part.num_rows
    except (pa.ArrowException, OSError) as error:
        raise NotReadableError(f"after row {done}: expected more, got: {error}") from None


def _entries(batch: Any, first: int) -> Iterator[Entry | Bad]:
    there = {name: batch.column(name) for name in batch.schema.names}
    at = pc.cast(there["at"], pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()).to_pylist()
    empty = [None] * batch.num_rows
    others = [columns.values(there[name]) if name in there else empty for name in columns.COLUMNS[1:]]
    for line, (moment, device, metric, unit, kind, value, text) in enumerate(zip(at, *others, strict=True), first):
        said = text if value is None else value
        if moment is None or said is None or type(device) is not str or type(metric) is not str:
            yield Bad(line, "expected at, device, metric, and a value or a text, got null")
        elif kind is not None and kind not in KINDS:
            yield Bad(line, f"kind: expected {', '.join(KINDS)}, got {kind!r:.40}")
        else:
            yield Entry(line, moment, device, metric, unit, kind or looks(said), said)

"""Reads Parquet and Arrow, batch by batch."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fieldline.imports import columns
from fieldline.imports.entry import KINDS, WEIGHT, Bad, Chunk, Entry, NotReadableError, Source, looks, together

READ = 2**20
"""Bytes of a column that are read at once: else Arrow reads all that a row group has of it."""
ROWS = 500
"""Of a table, that are made into lines at once. Of a text that is often repeated nobody knows the weight before."""
MAGIC = b"ARROW1"
"""Begins a file of Arrow's, in which batches can be looked up; the stream format does not."""


def open_parquet(file: BinaryIO) -> Source:
    """Raises `NotReadableError` if it is none, or is not whole."""
    try:
        table = pq.ParquetFile(file, pre_buffer=False, buffer_size=READ)
    except pa.ArrowException as error:
        raise NotReadableError(f"expected a whole Parquet file, got: {error}") from None
    wanted = columns.wanted(table.schema_arrow)
    return Source(_chunks(table.iter_batches(_rows(table.metadata, wanted), columns=wanted)), table.metadata.num_rows)


def _rows(metadata: Any, wanted: Collection[str]) -> int:
    """How many to read at once: they weigh no more than a chunk even where they are the heaviest, on average of a row group."""
    most = ROWS
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        parts = map(group.column, range(group.num_columns))
        size = sum(part.total_uncompressed_size for part in parts if part.path_in_schema in wanted)
        most = min(most, WEIGHT * group.num_rows // max(size, 1))
    return max(most, 1)


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
    for lines in together(_lines(batches)):
        yield Chunk(lines, lines[-1].line)


def _lines(batches: Iterable[Any]) -> Iterator[Entry | Bad]:
    done = 0
    try:
        for batch in batches:
            for part in _parts(batch):
                yield from _entries(part, done + 1)
                done += part.num_rows
    except (pa.ArrowException, OSError) as error:
        raise NotReadableError(f"after row {done}: expected more, got: {error}") from None


def _parts(batch: Any) -> Iterator[Any]:
    """The same rows, as many as become lines at once."""
    for start in range(0, batch.num_rows, ROWS):
        part = batch.slice(start, ROWS)
        if part.num_rows > 1 and sum(map(columns.weight, part.columns)) > WEIGHT:
            middle = part.num_rows // 2
            yield from _parts(part.slice(0, middle))
            yield from _parts(part.slice(middle))
        else:
            yield part


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

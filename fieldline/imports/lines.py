"""Reads CSV and NDJSON line by line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import msgspec

from api.match import Kind
from fieldline.imports.entry import KINDS, Bad, Chunk, Entry, NotReadableError, looks, together
from fieldline.imports.rows import Rows

LONGEST = 16 * 2**20
"""Bytes of a line of NDJSON, characters of a row of CSV: sixteen times what our broker lets through."""

REQUIRED = ("at", "device", "metric", "value")


def read_csv(file: BinaryIO) -> Iterator[Chunk]:
    """RFC 4180 with a head; further columns are ignored. Raises `NotReadableError` if one is missing."""
    rows = Rows(file, LONGEST)
    try:
        head = next(rows, [])
    except csv.Error as error:
        raise NotReadableError(f"expected a head with the columns {', '.join(REQUIRED)}, got: {error}") from None
    if missing := [name for name in REQUIRED if name not in head]:
        raise NotReadableError(f"expected a head with the columns {', '.join(REQUIRED)}, got none named {missing[0]}")
    columns = [head.index(name) if name in head else len(head) for name in (*REQUIRED, "unit", "kind")]
    for chunk in together(_csv_entries(rows, len(head), columns)):
        yield Chunk(chunk, _place(file))


def _csv_entries(rows: Rows, width: int, columns: Sequence[int]) -> Iterator[Entry | Bad]:
    """Columns that are not there are behind the last."""
    at, device, metric, value, unit, kind = columns
    while True:
        line = rows.number + 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Bad(line, f"expected CSV, got: {error}")
            continue
        if cells is None:
            return
        if len(cells) == width:
            cells.append("")
            said = cells[kind]
            if not said or said in KINDS:
                yield Entry(
                    line, cells[at], cells[device], cells[metric], cells[unit] or None, said or None, cells[value]
                )
            else:
                yield Bad(line, f"kind: expected {', '.join(KINDS)}, got {said[:40]!r}")
        elif cells:
            yield Bad(line, f"expected {width} cells, got {len(cells)}")


class Line(msgspec.Struct):
    """One object of NDJSON. What else it has is ignored."""

    at: int | float | str
    device: str
    metric: str
    value: int | float | bool | str
    unit: str | None = None
    kind: Kind | None = None
    micros: int = 0


def read_ndjson(file: BinaryIO) -> Iterator[Chunk]:
    """One JSON object a line; empty lines are none."""
    for chunk in together(_ndjson_entries(file)):
        yield Chunk(chunk, _place(file))


def _ndjson_entries(file: BinaryIO) -> Iterator[Entry | Bad]:
    decode = msgspec.json.Decoder(Line).decode
    for number, line in enumerate(_lines(file), 1):
        if len(line) > LONGEST:
            yield Bad(number, f"expected a line of at most {LONGEST} bytes, got a longer one")
            continue
        if line.isspace():
            continue
        try:
            one = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield Bad(number, f"expected a reading as JSON, got {line[:60]!r}: {error}")
            continue
        at = one.at * 1000 + one.micros if one.micros and type(one.at) is int else one.at
        yield Entry(number, at, one.device, one.metric, one.unit, one.kind or looks(one.value), one.value)


def _lines(file: BinaryIO) -> Iterable[bytes]:
    """The lines; of one that is too long only the beginning, just too long itself."""
    while line := file.readline(LONGEST + 1):
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)


def _place(file: BinaryIO) -> int:
    return file.tell() if file.seekable() else 0

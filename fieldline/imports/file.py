"""Opens a file of any form that is known."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, get_args

from api.form import File
from fieldline.imports.entry import NotReadableError, Source
from fieldline.imports.lines import read_csv, read_ndjson

SUFFIXES: dict[str, File] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
}
STANDARD = Path("-")


def form_of(path: Path) -> File:
    """The form that the name says. Raises `NotReadableError` if it says none."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise NotReadableError(
            f"{path}: expected a name that ends in {', '.join(SUFFIXES)}, or --format {'|'.join(get_args(File))}"
        ) from None


@contextmanager
def opened(path: Path, form: File) -> Iterator[Source]:
    """The file, or what comes in where its name is `-`."""
    if path == STANDARD:
        if form == "parquet" and not sys.stdin.seekable():
            raise NotReadableError("expected a file of Parquet, whose table of contents comes last, got a pipe")
        yield source_of(sys.stdin.buffer, form, None)
        return
    with path.open("rb") as file:
        yield source_of(file, form, path.stat().st_size)


def source_of(file: BinaryIO, form: File, size: int | None) -> Source:
    """Its entries, read as they are taken. `size` in bytes, if that is known."""
    match form:
        case "csv":
            return Source(read_csv(file), size)
        case "ndjson":
            return Source(read_ndjson(file), size)
        case _:
            from fieldline.imports import tables  # noqa: PLC0415  Arrow is half a second that lines can do without

            return tables.open_parquet(file) if form == "parquet" else tables.open_arrow(file)

"""The log files of the children: they write, nobody reads along, and the size stays bounded."""

import os
import shutil
from pathlib import Path

LIMIT = 4 * 2**20  # bytes; twice that is kept at most: the file and its predecessor `.1`
LONGEST_LINE = 2_000


def rotate(path: Path, limit: int = LIMIT) -> None:
    """Keep what a too large file holds as `.1` and empty it.

    The file stays the same, so a child that appends to it needs no word of this. What it writes between copy and
    emptying is lost.
    """
    if path.exists() and path.stat().st_size > limit:
        shutil.copyfile(path, path.with_name(path.name + ".1"))
        os.truncate(path, 0)


def last_line(path: Path) -> str:
    """The last line with anything in it, or nothing."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_LINE))
            lines = file.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")

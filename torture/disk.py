"""A disk of a few megabytes for the database, and the ballast that fills it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tests.services import LocalDatabase

Disk = Literal["data", "wal"]

MEGABYTES = 300
"""A new cluster takes 70; a round with its WAL less than 100."""
SHORT_WAL = """
max_wal_size = 96MB
min_wal_size = 32MB
"""
BLOCK = 2**20


class Skipped(Exception):  # noqa: N818  a result of its own
    """The machine does not allow the fault; the text says what is missing."""


class Ballast:
    """A file that takes all that is left of a disk."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self) -> None:
        with self._file.open("wb", buffering=0) as file:
            block = BLOCK
            while block:
                try:
                    file.write(b"\0" * block)
                except OSError:  # less than that is left
                    block //= 2

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)


@contextmanager
def small_disk(what: Disk) -> Iterator[tuple[LocalDatabase, Ballast]]:
    """A running Postgres whose data, or whose WAL, lie on a small disk. `Skipped` where mounting one is refused."""
    with tempfile.TemporaryDirectory(prefix="fieldline-") as name, _mounted(Path(name) / "disk") as disk:
        folder = disk if what == "data" else Path(name)
        database = LocalDatabase(folder, fsync=True)
        data = folder / "postgres"
        shutil.move(data / "pg_wal", (Path(name) if what == "data" else disk) / "pg_wal")
        (data / "pg_wal").symlink_to((Path(name) if what == "data" else disk) / "pg_wal")
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(SHORT_WAL)
        database.start()
        try:
            yield database, Ballast(disk)
        finally:
            database.remove()


@contextmanager
def _mounted(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "fieldline", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Skipped("no mount here, which the small disk takes") from None
    if done.returncode != 0:
        raise Skipped(f"a small disk can't be mounted: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

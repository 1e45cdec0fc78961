"""Runs a PostgreSQL server of our own on loopback, with a password that only its owner can read."""

import os
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from fieldline.embedded import cluster
from fieldline.embedded.account import unprivileged
from fieldline.embedded.part import Part, PartError
from fieldline.embedded.port import LOOPBACK

LONGEST_SOCKET = 107 - len("/.s.PGSQL.65535.lock")  # unix(7): bytes of a socket's path
STATUS_LINE = 7  # of postmaster.pid; pg_ctl reads it too


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server and the folder of its cluster; the password is in it."""

    folder: Path
    log: Path
    port: int
    programs: Path | None = None
    fsync: bool = True

    def prepare(self) -> Part:
        """Make the cluster if there is none and say how to run it. Takes a second the first time."""
        folder = self.folder.absolute()
        self._check_access(folder)
        account = unprivileged()
        programs = cluster.choose(folder, cluster.find(self.programs))
        if not folder.exists():
            cluster.create(folder, programs, account, fsync=self.fsync)
        forget_stale_lock(folder)
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": str(folder) if len(os.fsencode(folder)) <= LONGEST_SOCKET else "",
            "fsync": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return Part(
            name="postgres",
            command=(str(programs.folder / "postgres"), "-D", str(folder), *settings),
            log=self.log,
            ready=lambda pid: serves(folder, pid),
            account=account,
            stop=Signals.SIGINT,  # "fast": ends the connections, writes a checkpoint
            orphaned=Signals.SIGINT,
            hard=Signals.SIGQUIT,  # "immediate": as a crash, but no backend survives it
            grace=60,
            patience=None,  # recovery after a crash takes as long as it takes
        )

    def url(self, database: str = cluster.SUPERUSER) -> str:
        """For asyncpg, psql and all else that takes a URL. Known once the cluster is made."""
        password = (self.folder / cluster.LOGIN).read_text()
        return f"postgresql://{cluster.SUPERUSER}:{password}@{LOOPBACK}:{self.port}/{database}"

    @staticmethod
    def _check_access(folder: Path) -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            owner = folder.stat().st_uid if folder.exists() else os.geteuid()
        except OSError as error:
            raise PartError(f"the database folder {folder} can't be used: {error.strerror}") from None
        if owner not in {os.geteuid(), unprivileged().user}:
            raise PartError(
                f"the database in {folder} belongs to user {owner}, this is user {os.geteuid()}: "
                "start as its owner or choose another --data"
            )


def serves(folder: Path, pid: int) -> bool:
    """Whether the server of this process, or of its process group, takes connections: it says so in postmaster.pid."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        return lines[STATUS_LINE].strip() == "ready" and os.getpgid(int(lines[0])) == os.getpgid(pid)
    except (OSError, IndexError, ValueError):  # not yet there, or half written
        return False


def forget_stale_lock(folder: Path) -> None:
    """Remove the lock file of a dead server whose process id belongs to another program by now.

    Postgres itself would take that program for the server and refuse to start for ever. It decides all other cases.
    """
    lock = folder / "postmaster.pid"
    try:
        at_work_in = Path(f"/proc/{int(lock.read_text().split()[0])}/cwd").readlink()
    except (OSError, ValueError, IndexError):  # no lock, no such process, or not ours to look at
        return
    if at_work_in != folder:  # a server stays in its folder
        lock.unlink()

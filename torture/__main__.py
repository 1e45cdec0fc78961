"""`scripts/torture [--rounds N --seed S …]`: hits the real parts with faults and says whether each message was stored once."""

import asyncio
import random
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from fieldline.embedded import mosquitto
from torture import table
from torture.catalogue import FAULTS
from torture.fault import Fault
from torture.rounds import Result
from torture.run import MESSAGES, run


def main(
    rounds: Annotated[int | None, typer.Option(min=1, help="how many; without it each fault comes up once")] = None,
    seed: Annotated[
        int | None, typer.Option(help="decides the faults' order and moments; else a new one each time")
    ] = None,
    messages: Annotated[int, typer.Option(min=100, help="in a round; some faults take more or fewer")] = MESSAGES,
    only: Annotated[list[str] | None, typer.Option(metavar="FAULT", help="only this fault; may be repeated")] = None,
    short: Annotated[bool, typer.Option("--short", help="without the faults that take long")] = False,  # noqa: FBT002
    json: Annotated[Path | None, typer.Option(help="also write the results to this file")] = None,
) -> None:
    """Run rounds of faults and show what was lost and what was stored twice: neither may be. The status tells too."""
    names = {fault.name for fault in FAULTS}
    if unknown := set(only or ()) - names:
        raise SystemExit(f"torture: expected faults among {', '.join(sorted(names))}, got {', '.join(unknown)}")
    if mosquitto.find() is None:
        raise SystemExit("torture: expected mosquitto, found none: apt-get install mosquitto")
    chosen = [fault for fault in FAULTS if (fault.name in only if only else not (short and fault.slow))]
    seed = random.randrange(10_000) if seed is None else seed
    results = asyncio.run(_torture(chosen, rounds or len(chosen), messages, seed))
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    if any(result.trouble and not result.skipped for result in results):
        raise SystemExit(1)


async def _torture(faults: list[Fault], rounds: int, messages: int, seed: int) -> list[Result]:
    console = Console(width=max(Console().width, table.WIDTH))
    console.print(f"seed {seed}", highlight=False)
    results = []
    async for result in run(faults, rounds, messages, seed):
        console.print(table.line(result), highlight=False, soft_wrap=True)
        results.append(result)
    table.show(results, console)
    return results


typer.run(main)

"""`fieldline status`: where the running `up` is, for people and for scripts."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fieldline.embedded import status as written
from fieldline.embedded.part import PartError
from fieldline.settings import Settings
from fieldline.target import read_running


def status(
    data: Annotated[Path | None, typer.Option(help="folder of the run [default: .fieldline]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,  # noqa: FBT002  Typer's way to a flag
) -> None:
    """Show the addresses and processes of the running `fieldline up`; code 1 if none runs, or not all of it yet."""
    folder = data or Settings().data
    try:
        now = read_running(folder)
    except PartError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(asdict(now)))
        return
    console = Console(soft_wrap=True, highlight=False)
    rows = {
        "web, API": now.http,
        "MQTT": now.mqtt,
        "MQTT, browser": now.mqtt_websocket or "unknown",
        "database": now.database_url,
        "broker": now.broker,
    }
    for name, value in rows.items():
        console.print(f"{name:<14} {value}", markup=False)
    for name, pid in now.pids.items():
        console.print(f"{name:<14} pid {pid}{'' if written.alive(pid) else ', ended: being restarted'}", markup=False)

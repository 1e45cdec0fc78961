"""`fieldline up`: all of it on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from fieldline.embedded.part import PartError
from fieldline.embedded.plan import Plan
from fieldline.embedded.run import run
from fieldline.embedded.status import Status
from fieldline.settings import Settings


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="of the web app and API [default: 8000]")] = None,
    mqtt_port: Annotated[int | None, typer.Option(min=1, max=65_535, help="of the broker [default: 1883]")] = None,
    mqtt_websocket_port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="of the broker, for browsers [default: 9001]")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="folder that keeps everything [default: .fieldline]")] = None,
    devices: Annotated[int | None, typer.Option(min=0, help="simulated devices, 0 for none [default: 12]")] = None,
    host: Annotated[str | None, typer.Option(help="address to listen on [default: 127.0.0.1]")] = None,
    database_url: Annotated[str | None, typer.Option(help="a Postgres to use instead of starting one")] = None,
    broker_url: Annotated[str | None, typer.Option(help="a broker to use instead of starting one")] = None,
) -> None:
    """Start broker, database, bridge, API, web app and simulated devices, and keep them running."""
    given = {name: value for name, value in locals().items() if value is not None}
    settings = Settings(**given)
    chosen = settings.model_fields_set
    plan = Plan(
        data=settings.data,
        host=settings.host,
        port=settings.port,
        mqtt_port=settings.mqtt_port,
        mqtt_websocket_port=settings.mqtt_websocket_port,
        devices=settings.devices,
        database_url=settings.database_url if "database_url" in chosen else None,
        broker_url=settings.broker_url if "broker_url" in chosen else None,
        mqtt_websocket_url=settings.mqtt_websocket_url,
        postgres_programs=settings.postgres_programs,
    )
    screen = Terminal(plan)
    try:
        with screen.status:
            run(plan, screen)
    except PartError as error:
        screen.fail(str(error))
        raise typer.Exit(1) from None
    screen.bye()


class Terminal:
    """Progress as a short list; where the output is no terminal, as plain lines."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.console = Console(soft_wrap=True, highlight=False)
        self.status = self.console.status("starting")

    def doing(self, what: str) -> None:
        self.status.start()
        self.status.update(escape(what))

    def done(self, part: str, what: str) -> None:
        self.console.print(f"[green]✓[/] {part:<9} {escape(what)}")

    def warn(self, line: str) -> None:
        self.console.print(f"[yellow]![/] {escape(line)}")

    def up(self, now: Status) -> None:
        self.status.stop()
        self.console.print(f"\nFieldline is at [bold]{now.http}[/]")
        self.console.print(f"[dim]Ctrl-C stops it; everything stays in {escape(str(self.plan.data))}[/]")

    def fail(self, line: str) -> None:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"[red]✗[/] {escape(line)}")

    def bye(self) -> None:
        self.console.print("stopped")

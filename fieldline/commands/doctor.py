"""`fieldline doctor`: whether broker and database keep the promise, and for how long an outage is covered."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from devices.broker import parse
from fieldline.doctor.examine import Patient, Report, examine
from fieldline.doctor.finding import Finding
from fieldline.doctor.outage import sentence
from fieldline.embedded.part import PartError
from fieldline.printable import printable
from fieldline.settings import Settings
from fieldline.target import broker_of, database_url, find_running

TrialOption = Annotated[
    bool, typer.Option(help="where its configuration can't be read, see how much the broker queues for a session")
]
SYMBOLS = {"fine": "[green]✓[/]", "doubtful": "[yellow]![/]", "broken": "[red]✗[/]"}


def doctor(
    data: Annotated[Path | None, typer.Option(help="folder of a running `up` to examine")] = None,
    broker_config: Annotated[
        Path | None, typer.Option(help="the broker's mosquitto.conf [default: that of the `up`]")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0, help="messages/s to reckon with [default: what comes in]")
    ] = None,
    outage: Annotated[float, typer.Option(min=0, help="hours without the bridge that are to be covered")] = 1,
    trial: TrialOption = True,  # noqa: FBT002  Typer's way to a flag
    as_json: Annotated[bool, typer.Option("--json", help="for scripts")] = False,  # noqa: FBT002
) -> None:
    """Check broker and database against what is promised; code 1 if anything breaks it."""
    settings = Settings()
    try:
        broker = broker_of(find_running(data, settings, "broker_url"), data or settings.data, settings)
        patient = Patient(
            broker=parse(broker.url, settings.broker_ca),
            database_url=database_url(None, data, settings),
            session_expiry=settings.session_expiry,
            window=settings.window,
            outage=outage * 3600,
            configuration=broker_config or broker.configuration,
            warning=broker.warning,
            rate=rate,
            trial=trial,
        )
    except PartError as error:
        typer.echo(f"fieldline: {error}", err=True)
        raise typer.Exit(1) from None
    report = asyncio.run(examine(patient))
    if as_json:
        typer.echo(json.dumps(_document(report), ensure_ascii=False))
    else:
        _print(report)
    if any(finding.level == "broken" for finding in report.findings):
        raise typer.Exit(1)


def _document(report: Report) -> dict[str, object]:
    first = report.first
    return {
        "covered": first and round(first.seconds, 3),
        "exact": first and first.exact,
        "limit": first and first.name,
        "rate": report.load.rate,
        "size": report.load.size,
        "source": report.load.source,
        "limits": [limit._asdict() for limit in report.limits],
        "findings": [finding._asdict() for finding in report.findings],
    }


def _print(report: Report) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for finding in report.findings:
        console.print(_line(finding))
    console.print()
    console.print(sentence(report.first, report.load), markup=False)


def _line(finding: Finding) -> str:
    told = f"{finding.part:<9} {finding.name}: {finding.got}"
    if finding.level != "fine":
        told += f"; expected {finding.expected}\n            → {finding.change}"
    head, *rest = told.split("\n")
    return "\n".join([f"{SYMBOLS[finding.level]} {escape(printable(head))}", *map(escape, rest)])

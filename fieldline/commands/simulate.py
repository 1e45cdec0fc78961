"""`fieldline simulate`: a simulated fleet alone, for compose and for scale."""

from typing import Annotated

import typer

from devices import broker, simulation
from devices.fleet import fleet
from fieldline import logs
from fieldline.running import run
from fieldline.settings import Settings


def simulate(
    devices: Annotated[int | None, typer.Option(min=0, help="how many; setting FIELDLINE_DEVICES")] = None,
    seed: Annotated[int | None, typer.Option(help="same seed, same fleet; setting FIELDLINE_SEED")] = None,
    broker_url: Annotated[str | None, typer.Option(help="setting FIELDLINE_BROKER_URL")] = None,
    rate: Annotated[float, typer.Option(min=0.001, max=1000, help="report so many times as often")] = 1,
) -> None:
    """Run simulated devices until stopped: each with its own connection, sensors and backlog."""
    settings = Settings()
    logs.configure(settings)
    target = broker.parse(broker_url or settings.broker_url, settings.broker_ca)
    members = fleet(
        settings.devices if devices is None else devices,
        settings.seed if seed is None else seed,
    )
    if rate != 1:
        members = [device.at_interval(device.interval / rate) for device in members]
    run(simulation.simulate(members, target))

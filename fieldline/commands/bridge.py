"""`fieldline bridge`: the bridge alone, for compose and for scale."""

import asyncio

from api.app import create_health_app
from api.server import serve
from fieldline import logs
from fieldline.parts import make_bridge
from fieldline.running import run
from fieldline.settings import Settings


def bridge() -> None:
    """Carry messages from the broker into the database until stopped; /api/v1/health and /metrics tell how it does."""
    settings = Settings()
    logs.configure(settings)
    run(_carry(settings))


async def _carry(settings: Settings) -> None:
    carrying = make_bridge(settings)
    app = create_health_app(settings.database_url, carrying.state)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(carrying.run(), name="bridge")
        tasks.create_task(serve(app, settings.host, settings.port), name="health")

"""`fieldline server`: bridge, live hub, API and web app in one process, as `up` runs them."""

import asyncio

from api.server import serve
from bridge.live.commits import open_commits
from bridge.live.follow import follow
from bridge.live.hub import open_hub
from fieldline import logs
from fieldline.parts import make_app, make_bridge
from fieldline.running import run
from fieldline.settings import Settings

HIDDEN = True


def server() -> None:
    """Carry messages into the database and serve what was stored, at one address, until stopped."""
    settings = Settings()
    logs.configure(settings)
    run(_serve(settings))


async def _serve(settings: Settings) -> None:
    """Batches go from the store to the hub by a function call; those of other bridges are followed. All end together."""
    url = settings.database_url
    async with open_hub(url) as hub, open_commits(url) as commits, asyncio.TaskGroup() as tasks:
        bridge = make_bridge(settings, hub.announce, hub.doubt)
        app = make_app(settings, bridge.state, hub, commits)
        follow(hub, commits, announced_by=lambda: bridge.backend)
        tasks.create_task(bridge.run(), name="bridge")
        tasks.create_task(serve(app, settings.host, settings.port), name="server")

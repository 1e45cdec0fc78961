"""The app put together: routes under `/api/v1`, metrics, and the web app's pages everywhere else."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.routing import WebSocketRoute

from api import (
    changes,
    chart,
    config,
    description,
    devices,
    events,
    form,
    health,
    latest,
    live,
    metrics,
    problem,
    readings,
    rejects,
    series,
    statistics,
)
from api.body import OnlySoMuchBody
from api.compress import CompressForOthers
from api.database import CONNECTIONS, Database
from api.deadline import AnswerInTime
from api.departure import StopWhenClientLeaves
from api.following import open_following_hub
from api.hosts import OnlyUnderItsNames
from api.pages import BUILT, Pages
from api.stream import Streams
from bridge.live.commits import MANY, Commits, open_commits
from bridge.live.hub import Hub
from bridge.state import BridgeState

PREFIX = "/api/v1"
VITALS_SECONDS = 5
NOUNS = (health, devices, series, latest, readings, config, events, changes, rejects, statistics, chart)


def create_app(
    database_url: str,
    *,
    bridge: Callable[[], BridgeState] | None = None,
    hub: Hub | None = None,
    commits: Commits | None = None,
    replay: rejects.Door | None = None,
    broker: str | None = None,
    mqtt_websocket_url: str | None = None,
    hosts: Collection[str] | None = None,
    origins: Collection[str] = (),
    connections: int = CONNECTIONS,
    statement_seconds: float = 30,
    pages: Path = BUILT,
) -> FastAPI:
    """The app; nothing is opened before its lifespan starts, and the database may come later still.

    `bridge`, `hub` and `commits` are those of this process, if it runs them. Without a hub the app follows the store with its
    own. While `commits` say that a bridge is behind, whichever it is, questions rest.
    `replay` gives rejects another try; without it the app can write nothing.
    `broker` says in `/health` what the broker can't promise. `hosts` are the names it answers under, by default any;
    `origins` are more names under which its pages are served, as by a proxy that says another Host.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            heard = await stack.enter_async_context(open_commits(database_url)) if commits is None else commits
            app.state.commits = heard
            database = Database(
                database_url,
                connections=connections,
                statement_seconds=statement_seconds,
                behind=lambda: heard.behind() or _is_behind(bridge),
            )
            app.state.database = await stack.enter_async_context(database)
            vitals = Database(database_url, connections=1, statement_seconds=VITALS_SECONDS)
            app.state.vitals = await stack.enter_async_context(vitals)
            app.state.hub = hub or await stack.enter_async_context(open_following_hub(database_url, heard))
            yield

    app = FastAPI(
        title="Fieldline",
        summary="What field devices said, past and present.",
        description="Times are integer milliseconds since the epoch (UTC). Every error is a problem (RFC 9457).",
        version=version("fieldline"),
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
        responses=problem.documented(421, 500),
    )
    app.state.bridge = bridge
    app.state.metrics = metrics.registry(bridge, lambda: app.state.hub.clients)
    app.state.replay = replay
    app.state.streams = Streams()
    app.state.broker = broker
    app.state.origins = frozenset(map(str.lower, origins))
    app.state.mqtt_websocket_url = mqtt_websocket_url
    problem.install(app)
    description.install(app)
    nouns = APIRouter(prefix=PREFIX)
    for noun in NOUNS:
        nouns.include_router(noun.router)
    app.include_router(nouns)
    app.router.routes.append(WebSocketRoute(live.PATH, live.live))  # FastAPI's own takes 5 kB more of each socket
    app.include_router(metrics.router)
    app.router.default = Pages(pages, mqtt_websocket_url)
    app.add_middleware(
        CompressForOthers,
        minimum_size=1000,
        compresslevel=1,  # 4 takes twice as long for a tenth less, 9 ten times as long
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, form.FILES["parquet"]),  # compressed already
    )
    app.add_middleware(AnswerInTime)
    app.add_middleware(StopWhenClientLeaves)
    app.add_middleware(OnlySoMuchBody)
    if hosts is not None:
        app.add_middleware(OnlyUnderItsNames, names=hosts)
    return app


def create_health_app(database_url: str, bridge: Callable[[], BridgeState]) -> FastAPI:
    """Only `/health` and `/metrics`: what a bridge in a process of its own says of itself."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Database(database_url, connections=1, statement_seconds=VITALS_SECONDS) as vitals:
            app.state.vitals = vitals
            yield

    app = FastAPI(title="Fieldline bridge", lifespan=lifespan, openapi_url=None)
    app.state.bridge = bridge
    app.state.metrics = metrics.registry(bridge, live_clients=None)
    app.state.broker = None
    problem.install(app)
    app.include_router(health.router, prefix=PREFIX)
    app.include_router(metrics.router)
    return app


def _is_behind(bridge: Callable[[], BridgeState] | None) -> bool:
    """Whether the bridge of this process has many messages to store: that is known before a commit tells it."""
    if bridge is None:
        return False
    state = bridge()
    return state.in_flight + state.pending >= MANY


def _operation(route: APIRoute) -> str:
    return route.name

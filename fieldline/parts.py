"""Makes the parts that the settings describe; parts themselves get plain values and know no settings."""

from collections.abc import Callable

from fastapi import FastAPI

from api.app import create_app
from api.hosts import names_of
from bridge.bridge import Bridge
from bridge.committed import Committed
from bridge.live.commits import Commits
from bridge.live.hub import Hub
from bridge.state import BridgeState
from bridge.store.limits import Limits
from bridge.store.rejects import Bounds
from bridge.store.replay import Replay
from bridge.store.retention import Keep
from devices import broker
from fieldline.settings import Settings


def make_app(
    settings: Settings,
    bridge: Callable[[], BridgeState] | None = None,
    hub: Hub | None = None,
    commits: Commits | None = None,
) -> FastAPI:
    """The API and the web app; without a hub of this process they follow the database."""
    return create_app(
        settings.database_url,
        bridge=bridge,
        hub=hub,
        commits=commits,
        replay=Replay(settings.database_url, make_limits(settings)).replay,
        broker=settings.broker_warning,
        mqtt_websocket_url=settings.mqtt_websocket_url,
        hosts=names_of(settings.host, settings.allowed_hosts),
        origins=settings.allowed_hosts,
    )


def make_bridge(
    settings: Settings,
    announce: Callable[[Committed], None] = lambda _: None,
    doubt: Callable[[], None] = lambda: None,
) -> Bridge:
    return Bridge(
        broker.parse(settings.broker_url, settings.broker_ca),
        settings.database_url,
        client_id=settings.client_id,
        window=settings.window,
        expiry=settings.session_expiry,
        limits=make_limits(settings),
        keep=Keep(settings.keep_raw, settings.keep_minutes, settings.keep_hours),
        bounds=Bounds(settings.keep_rejects, settings.max_rejects, settings.max_reject_bytes),
        announce=announce,
        doubt=doubt,
    )


def make_limits(settings: Settings) -> Limits:
    return Limits(settings.max_devices, settings.max_series, settings.max_series_per_device)

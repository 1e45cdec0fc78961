"""What a bridge may say of itself, for apps that are asked about it."""

from bridge.histogram import Distribution
from bridge.state import BridgeState
from bridge.told import Told

NOTHING = Distribution((1.0,), (0, 0), 0.0)
TOLD = Told(
    at=1_760_000_000_000_000, version="mosquitto version 2.0.11", uptime=12, stored=60, stored_bytes=500, retained=50
)

WELL = BridgeState(
    connected=True,
    trouble=None,
    oldest_unacknowledged=None,
    received=9,
    stored=5,
    duplicate=1,
    rejects={"json": 1, "clock": 0},
    in_flight=2,
    pending=0,
    readings=15,
    connects=1,
    retries=0,
    batch_messages=NOTHING,
    commit_seconds=NOTHING,
    acknowledge_seconds=NOTHING,
    broker=None,
)

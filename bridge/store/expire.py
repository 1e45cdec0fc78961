"""Sorts out readings that are older than what is kept: stored again, they would count in the rollups a second time."""

from datetime import timedelta

from bridge.clock import EPOCH
from bridge.decode import Decoded
from bridge.record import Refusal


def expire(decoded: Decoded, horizon: int) -> Decoded:
    """The batch without readings from before the horizon (microseconds since the epoch); each has become a refusal."""
    kept, origins, refusals = [], [], list(decoded.refusals)
    for reading, origin in zip(decoded.readings, decoded.origins, strict=True):
        if reading.at >= horizon:
            kept.append(reading)
            origins.append(origin)
        else:
            expected = f"{reading.metric}: expected a time from {_day(horizon)} on, got {_day(reading.at)}"
            refusals.append((origin, Refusal("expired", expected)))
    return decoded._replace(readings=kept, origins=origins, refusals=refusals)


def _day(micros: int) -> str:
    return str((EPOCH + timedelta(microseconds=micros)).date())

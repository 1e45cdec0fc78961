"""Sorts out readings that are older than what is kept: stored again, they would count in the rollups a second time."""

from datetime import timedelta

from bridge.clock import EPOCH
from bridge.decode import Decoded
from bridge.record import Refusal


def expire(decoded: Decoded, horizon: int) -> Decoded:
    """The batch without readings from before the horizon (microseconds since the epoch); each has become a refusal."""
    kept, origins, refusals = [], [], list(decoded.refusals)
    for report, origin in zip(decoded.reports, decoded.origins, strict=True):
        if report.at >= horizon:
            kept.append(report)
            origins.append(origin)
        else:
            expected = f"expected a time from {_day(horizon)} on, got {_day(report.at)}"
            refusals.append((origin, Refusal("expired", expected)))
    return decoded._replace(reports=kept, origins=origins, refusals=refusals)


def _day(micros: int) -> str:
    return str((EPOCH + timedelta(microseconds=micros)).date())

"""How much may wait in the broker while the bridge is away: by its configuration, or as a trial has shown."""

from collections.abc import Sequence
from typing import NamedTuple

from fieldline.doctor.configuration import Configuration
from fieldline.doctor.finding import Finding, check
from fieldline.doctor.outage import OVERHEAD, Limit, Load, by_bytes, by_count, by_time, duration

TRIED = "queue, as tried"


class Trial(NamedTuple):
    """Messages for a session that was away, and how many of them it got when it came back."""

    sent: int
    kept: int


class Room(NamedTuple):
    """Bytes that are free where the broker runs; None where that isn't known."""

    memory: int | None = None
    disk: int | None = None


def limits(configuration: Configuration, load: Load, room: Room) -> list[Limit]:
    """What what waits for the bridge may come up against."""
    found = []
    if messages := configuration.number("max_queued_messages"):
        found.append(by_count("max_queued_messages", messages, load))
    if size := configuration.number("max_queued_bytes"):
        found.append(by_bytes("max_queued_bytes", size, load))
    if size := configuration.number("memory_limit"):
        found.append(by_bytes("memory_limit", size, load, OVERHEAD))
    if (seconds := configuration.seconds("persistent_client_expiration")) is not None:
        found.append(by_time("persistent_client_expiration", seconds))
    if room.memory is not None:
        found.append(by_bytes("free memory", room.memory, load, OVERHEAD))
    if room.disk is not None and configuration.is_on("persistence"):
        # It saves into a second file before it drops the first.
        found.append(by_bytes("free disk of the broker", room.disk / 2, load, OVERHEAD))
    return found


def judge_limits(limits: Sequence[Limit], outage: float, load: Load) -> list[Finding]:
    """Each of them against the outage that is to be covered."""
    return [
        check(
            limit.seconds >= outage or not limit.exact,
            "broker",
            limit.name,
            f"{limit.amount}, enough for {'' if limit.exact else 'at least '}{duration(limit.seconds)}",
            f"{duration(outage)} at {load.reckoned:,.4g} messages/s of {load.size:,.0f} bytes",
            _remedy(limit.name),
        )
        for limit in limits
    ]


def _remedy(name: str) -> str:
    lines = {
        "max_queued_messages": "max_queued_messages 2000000",
        "max_queued_bytes": "max_queued_bytes 1073741824",
        "memory_limit": "remove memory_limit, or raise it",
        "persistent_client_expiration": "persistent_client_expiration 14d",
        "session expiry": "FIELDLINE_SESSION_EXPIRY=604800, and let the broker grant it",
    }
    return lines.get(name, "raise the broker's limit for a client that is away" if "queue" in name else "make room")


def judge_trial(trial: Trial) -> Finding:
    """Whether all came that the broker has acknowledged."""
    return check(
        trial.kept >= trial.sent,
        "broker",
        "queue of a session that is away",
        f"{trial.kept:,} of {trial.sent:,} messages came, all of which it had acknowledged",
        "all of them",
        "max_queued_messages 2000000, or what the broker calls it",
    )


def tried_limit(trial: Trial, load: Load) -> Limit:
    return by_count(TRIED, trial.kept, load, exact=trial.kept < trial.sent)

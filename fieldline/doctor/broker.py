"""Judges a broker: how its configuration keeps what waits, what it grants a session, what it has dropped."""

from bridge.handshake import Welcome
from fieldline.doctor.configuration import Configuration
from fieldline.doctor.finding import Finding, check
from fieldline.doctor.outage import duration

SAVED_WITHIN = 5
"""Seconds between two saves at most: so much a broker that is killed may cost."""
BACKLOG = 1_048_576
"""Bytes: a backlog of some 10,000 readings fits."""


def judge_configuration(configuration: Configuration, session_expiry: int) -> list[Finding]:
    """What the file says of keeping: on disk, soon, and for long enough. How much may wait is in `waiting`."""
    seconds = configuration.number("autosave_interval")
    on_changes = configuration.is_on("autosave_on_changes")
    saved = 0 < seconds <= (1 if on_changes else SAVED_WITHIN)
    after = f"up to {seconds} {'changes' if on_changes else 's'}" if seconds else "all but a clean end"
    expiry = configuration.seconds("persistent_client_expiration")
    largest = [size for name in ("max_packet_size", "message_size_limit") if (size := configuration.number(name))]
    found = [
        check(
            configuration.is_on("persistence"),
            "broker",
            "persistence",
            configuration.shown("persistence"),
            "what waits survives a restart of the broker",
            "persistence true",
        ),
        check(
            saved,
            "broker",
            "autosave_interval",
            configuration.shown("autosave_interval", " changes" if on_changes else " s"),
            f"a broker that is killed loses at most {SAVED_WITHIN} s; this one loses {after}",
            "autosave_interval 1" + (" and autosave_on_changes false" if on_changes else ""),
        ),
        check(
            not largest or min(largest) >= BACKLOG,
            "broker",
            "max_packet_size",
            f"{min(largest)} bytes" if largest else "no limit",
            f"at least {BACKLOG} bytes: devices send a backlog as one message",
            f"max_packet_size {BACKLOG}",
            "doubtful",
        ),
    ]
    if not configuration.number("max_queued_messages"):
        expected = "a number: 0, for no limit, is broken in 2.0.16 to 2.0.21"
        change = "max_queued_messages 2000000"
        found.append(Finding("doubtful", "broker", "max_queued_messages", "0", expected, change))
    if expiry is not None and expiry < session_expiry:
        expected = f"no less than the session expiry of {duration(session_expiry)}"
        change = "persistent_client_expiration 14d"
        found.append(Finding("doubtful", "broker", "persistent_client_expiration", duration(expiry), expected, change))
    if configuration.folders:
        got = ", ".join(configuration.folders)
        found.append(
            Finding("doubtful", "broker", "include_dir", got, "one file: those of folders were not read", "check them")
        )
    return found


def judge_welcome(welcome: Welcome, asked_expiry: int) -> list[Finding]:
    """What the broker grants a session like the bridge's."""
    largest = welcome.max_packet_size
    return [
        check(
            welcome.expiry >= asked_expiry,
            "broker",
            "session expiry granted",
            duration(welcome.expiry),
            f"the {duration(asked_expiry)} that were asked for",
            "let the broker grant it, or lower FIELDLINE_SESSION_EXPIRY",
            "doubtful" if welcome.expiry else "broken",
        ),
        check(
            welcome.max_qos >= 1,
            "broker",
            "quality of service",
            f"up to QoS {welcome.max_qos}",
            "QoS 1: without acknowledgement nothing is promised",
            "max_qos 2",
        ),
        check(
            welcome.wildcards,
            "broker",
            "wildcards",
            "yes" if welcome.wildcards else "no",
            "devices/+/telemetry",
            "allow",
        ),
        check(
            welcome.retain,
            "broker",
            "retained messages",
            "yes" if welcome.retain else "no",
            "status and info of devices are retained",
            "retain_available true",
            "doubtful",
        ),
        check(
            largest is None or largest >= BACKLOG,
            "broker",
            "largest packet",
            "no limit" if largest is None else f"{largest} bytes",
            f"at least {BACKLOG} bytes: devices send a backlog as one message",
            f"max_packet_size {BACKLOG}",
            "doubtful",
        ),
    ]


def judge_dropped(dropped: int) -> Finding:
    """`$SYS` counts what was dropped for any client, so also for one that reads too slowly."""
    return check(
        dropped == 0,
        "broker",
        "messages dropped",
        f"{dropped:,} since it started",
        "none; for which client is not told",
        "look for sessions that nobody comes back to",
        "doubtful",
    )

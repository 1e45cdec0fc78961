"""How many messages a second a flood becomes committed readings, beside `mosquitto_sub` and beside the naive bridge."""

from bench.contestants import RATE, Figures, fieldline, mosquitto_sub, naive
from bench.packets import METRICS
from bench.report import Report, Row
from bench.size import Size

MESSAGES = 200_000
DEVICES = 500
SHARE_OF_NAIVE = 66
"""The naive bridge gets that part of the messages: it would take minutes for them all, and is as slow for few."""
OF_ROOFLINE, OF_NAIVE = "of mosquitto_sub", "times naive"


def measure(size: Size) -> Report:
    """Alternate all three, so that a machine that grows slower slows them all."""
    messages = size.messages or MESSAGES
    few = max(messages // SHARE_OF_NAIVE, 1)
    runs: list[tuple[Figures, Figures, Figures]] = [
        (mosquitto_sub(messages, DEVICES), fieldline(messages, DEVICES), naive(few, DEVICES))
        for _ in range(size.rounds)
    ]
    roofline, ours, simple = (
        Row(name, rounds)
        for name, rounds in zip(("mosquitto_sub", "fieldline", "naive"), zip(*runs, strict=True), strict=True)
    )
    ours = ours.beside(roofline, RATE, OF_ROOFLINE).beside(simple, RATE, OF_NAIVE)
    about = (
        f"{messages:,} QoS 1 messages of {len(METRICS)} metrics from {DEVICES} devices (naive: {few:,}); "
        "CPU a message by process"
    )
    return Report("ingest", about, [roofline, ours, simple])

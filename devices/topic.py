"""The topics of our own devices: written once, for the fleet that publishes and the bridge that subscribes."""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

Kind = Literal["telemetry", "status", "info", "commands"]
KIND: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
"""One object for each word: a bridge remembers tens of thousands of topics, each taken apart."""

ROOT = "devices"
SUBSCRIPTIONS = (f"{ROOT}/+/telemetry", f"{ROOT}/+/telemetry/+", f"{ROOT}/+/status", f"{ROOT}/+/info")
"""What a bridge subscribes to. Commands go the other way and are never stored."""


class Topic(msgspec.Struct, frozen=True, gc=False):
    """A topic taken apart. `name` is the metric of a bare value or the name of a command, else empty."""

    device: str
    kind: Kind
    name: str = ""


def telemetry(device: str, metric: str = "") -> str:
    return f"{ROOT}/{device}/telemetry/{metric}" if metric else f"{ROOT}/{device}/telemetry"


def status(device: str) -> str:
    return f"{ROOT}/{device}/status"


def info(device: str) -> str:
    return f"{ROOT}/{device}/info"


def commands(device: str, name: str = "+") -> str:
    return f"{ROOT}/{device}/commands/{name}"


def parse(topic: str) -> Topic | None:
    """Take a topic apart, or say with `None` that it is not one of ours."""
    match topic.split("/"):
        case [root, device, "telemetry" | "status" | "info" as kind] if root == ROOT and device:
            return Topic(device, KIND[kind])
        case [root, device, "telemetry" | "commands" as kind, name] if root == ROOT and device and name:
            return Topic(device, KIND[kind], name)
    return None

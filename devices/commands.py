"""What a device does when it is told to: a command and its payload become a reply, and perhaps a changed device."""

from typing import Any, NamedTuple

from devices import payload
from devices.device import Device

SHORTEST, LONGEST = 0.1, 86_400.0


class Outcome(NamedTuple):
    device: Device
    reply: dict[str, Any]


def obey(device: Device, command: str, argument: bytes) -> Outcome:
    """Never raises: what can't be done is answered with `{"error": …}` that says expected and got.

    `identify` answers who the device is. `set-interval` takes `{"interval": seconds}` and holds from the next message on.
    """
    match command:
        case "identify":
            return Outcome(device, {"name": device.name, "model": device.model, "firmware": device.firmware})
        case "set-interval":
            return _set_interval(device, argument)
    return Outcome(device, {"error": f"expected identify or set-interval, got {command[:40]!r}"})


def _set_interval(device: Device, argument: bytes) -> Outcome:
    try:
        found = payload.decode(argument)
    except payload.Malformed as malformed:
        return Outcome(device, {"error": str(malformed)})
    interval = found.get("interval") if isinstance(found, dict) else None
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not SHORTEST <= interval <= LONGEST:
        expected = f'{{"interval": seconds from {SHORTEST} to {LONGEST:.0f}}}'
        return Outcome(device, {"error": f"expected {expected}, got {argument[:40]!r}"})
    return Outcome(device.at_interval(interval), {"interval": interval})

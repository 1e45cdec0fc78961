"""The dialect of our own devices: `devices/<device>/telemetry`, `…/telemetry/<metric>`, `status` and `info`."""

from collections.abc import Mapping
from typing import Any

from bridge.clock import device_time
from bridge.message import Message
from bridge.record import Info, Record, Refusal, Report, Status
from devices import payload, topic
from devices.payload import EXACT

SUBSCRIPTIONS = topic.SUBSCRIPTIONS

LONGEST_NAME = 255
"""Characters in the name of a device or metric: an index entry of Postgres must hold it in every script."""
LARGEST_INFO = 65_536
"""Bytes. A page that lists all devices carries all their infos."""
DEEPEST_INFO = 32
"""Levels of objects and arrays; an encoder of JSON ends at some hundred, with an error for all that it was to encode."""

MOST_TOPICS = 65_536
"""Topics remembered, at about 250 bytes each. Taking one apart costs a tenth of what a message costs in all."""
LONGEST_TOPIC = 128
"""Characters of a topic that is remembered: names are short, and invented ones must not fill the memory."""
_topics: dict[str, topic.Topic] = {}


def read(message: Message) -> list[Record]:
    """Everything the message holds. Never raises: what can't be read is a `Refusal` among the rest."""
    about = _topics.get(message.topic) or _parse(message.topic)
    if isinstance(about, Refusal):
        return [about]
    try:
        if about.kind == "telemetry":
            return _telemetry(about.device, about.name, message)
        if about.kind == "status":
            return [_status(about.device, message.payload)]
        return [_info(about.device, message.payload)]
    except payload.Malformed as malformed:
        return [Refusal("json", str(malformed))]


def _parse(said: str) -> topic.Topic | Refusal:
    """Take a topic apart, and remember it. All are forgotten at once: to keep them by age doubles the time of each look."""
    about = topic.parse(said)
    if about is None:
        return Refusal("topic", f"expected {topic.ROOT}/<device>/telemetry, status or info, got {said[:80]!r}")
    if len(about.device) > LONGEST_NAME or "\0" in about.device:
        return Refusal("name", f"device: {_expected_name(about.device)}")
    if len(said) <= LONGEST_TOPIC:
        if len(_topics) >= MOST_TOPICS:
            _topics.clear()
        _topics[said] = about
    return about


def _telemetry(device: str, name: str, message: Message) -> list[Record]:
    if name:
        return _sift(device, {name: payload.decode(message.payload)}, message.received_at)
    found = payload.decode_fields(message.payload)
    size = len(message.payload)
    if type(found) is dict and _named(found, size):
        return _report(device, found, message.received_at)
    if type(found) is list and all(_named(fields, size) for fields in found):
        return [record for fields in found for record in _report(device, fields, message.received_at)]
    objects = payload.decode_telemetry(message.payload)
    return [record for fields in objects for record in _sift(device, fields, message.received_at)]


def _named(fields: Mapping[str, Any], size: int) -> bool:
    """Whether all names may be, given how many bytes they came in."""
    return "" not in fields and (size <= LONGEST_NAME or max(map(len, fields), default=0) <= LONGEST_NAME)


def _report(device: str, fields: dict[str, Any], received_at: int) -> list[Record]:
    at: int | str = received_at
    if "at" in fields:
        at = device_time(fields.pop("at"), received_at)
        if type(at) is str:
            return [Refusal("clock", at)]
    return [Report(device, at, fields)] if fields else []  # type: ignore[arg-type]  # a str returned above


def _sift(device: str, fields: dict[str, Any], received_at: int) -> list[Record]:
    """The fields that are readings as a report, and the others as refusals; null says that there is nothing to say."""
    refusals: list[Record] = []
    for metric, value in list(fields.items()):
        if metric == "at":
            continue
        refusal = _refusal(metric, value)
        if refusal or value is None:
            del fields[metric]
        if refusal:
            refusals.append(refusal)
    return [*_report(device, fields, received_at), *refusals]


def _refusal(metric: str, value: Any) -> Refusal | None:
    if not 0 < len(metric) <= LONGEST_NAME or "\0" in metric:
        return Refusal("name", f"metric: {_expected_name(metric)}")
    kind = type(value)
    if value is None or kind is float or kind is bool:
        return None
    fits = -EXACT <= value <= EXACT if kind is int else kind is str and "\0" not in value
    return None if fits else Refusal("value", f"{metric}: {_expected(value)}")


def _expected_name(name: str) -> str:
    if not name or "\0" in name:
        return "expected a name, got an empty one" if not name else "expected a name without U+0000"
    return f"expected a name of at most {LONGEST_NAME} characters, got {len(name)}"


def _expected(value: Any) -> str:
    if type(value) is int:
        return f"expected an integer that a double holds exactly (up to 2^53), got {str(value)[:40]}"
    if type(value) is str:
        return "expected text without U+0000, which Postgres can't hold"
    return f"expected a number, true, false or a text, got {'an object' if type(value) is dict else 'an array'}"


def _status(device: str, word: bytes) -> Record:
    if word in (b"online", b"offline"):
        return Status(device, word == b"online")
    return Refusal("value", f"status: expected online or offline, got {word[:40]!r}")


def _info(device: str, document: bytes) -> Record:
    if len(document) > LARGEST_INFO:
        return Refusal("value", f"info: expected at most {LARGEST_INFO} bytes, got {len(document)}")
    found = payload.decode(document)
    if type(found) is not dict:
        return Refusal("json", f"info: expected a JSON object, got {document[:40]!r}")
    if bad := _unfit(found):
        return Refusal("value", f"info: {bad}")
    return Info(device, found)


def _unfit(part: Any, depth: int = 1) -> str | None:
    """Why a part of an info would harm who reads it: readers see all devices' infos at once."""
    if type(part) is str and "\0" in part:
        return "expected text without U+0000, which Postgres can't hold"
    if type(part) is int and not -EXACT <= part <= EXACT:
        return f"expected integers that a double holds exactly (up to 2^53), got {str(part)[:40]}"
    inner = [*part, *part.values()] if type(part) is dict else part if type(part) is list else ()
    if inner and depth > DEEPEST_INFO:
        return f"expected at most {DEEPEST_INFO} levels of nesting, got more"
    return next((bad for each in inner if (bad := _unfit(each, depth + 1))), None)

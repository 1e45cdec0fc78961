"""Turns messages into what the store keeps. Pure: no clock, no input or output, and nothing a device sends makes it raise."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from bridge.dialects import plain
from bridge.message import Message
from bridge.record import Info, Refusal, Report, Status

SUBSCRIPTIONS = plain.SUBSCRIPTIONS
"""The topic filters of all dialects together."""


class Decoded(NamedTuple):
    """The records of some messages, sorted by what becomes of them."""

    messages: Sequence[Message]
    reports: list[Report]
    origins: list[int]
    """For each report the index of the message that it came with."""
    refusals: list[tuple[int, Refusal]]
    """Likewise, what could not be read, by index of its message."""
    statuses: dict[str, bool]
    infos: dict[str, dict[str, Any]]
    units: Mapping[tuple[str, str], str] = MappingProxyType({})
    """By device and metric, for series that are new. No message says one with a reading; an import does."""


def decode(messages: Sequence[Message]) -> Decoded:
    """Read every message in the dialect of its topic. The last status and info of a device win."""
    decoded = Decoded(messages, [], [], [], {}, {})
    reports, origins = decoded.reports, decoded.origins
    for index, message in enumerate(messages):
        for record in plain.read(message):
            if type(record) is Report:
                reports.append(record)
                origins.append(index)
            elif type(record) is Refusal:
                decoded.refusals.append((index, record))
            elif type(record) is Status:
                decoded.statuses[record.device] = record.online
            elif type(record) is Info:
                decoded.infos[record.device] = record.info
    return decoded

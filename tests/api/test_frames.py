"""The description of the live stream is that of what the server says."""

import json

import pytest
from pydantic import BaseModel

from api import events
from api.frames import Gap, LiveEvent, LiveReadings, Refusal, Subscribed
from bridge.committed import Committed
from bridge.live import frames
from bridge.live.frames import Frame, Shared
from bridge.live.rows import Batch, Rows
from bridge.live.series import Latest, Series
from tests.api.field import NOON

SILENT = Series(1, "a", "x", None, "number")
SPOKEN = Series(2, "a", "y", "°C", "text")


def readings() -> Shared:
    rows = Rows()
    rows.add(Batch(Committed(1, [1, 2], [NOON, NOON], [1.5, "open"])), {1, 2})
    return frames.readings(rows, 0, 1)


FRAMES: list[tuple[type[BaseModel], Frame]] = [
    (Subscribed, frames.addressed(frames.subscribed([Latest(SILENT), Latest(SPOKEN, NOON, "open")], 1), "a")),
    (LiveReadings, frames.addressed(readings(), "a")),
    (Gap, frames.addressed(frames.gap(1, 2, "slow"), "a")),
    (Refusal, frames.error(None, "match", "expected")),
]


@pytest.mark.parametrize(("described", "frame"), FRAMES)
def test_a_frame_has_the_members_that_are_described_and_no_other(described: type[BaseModel], frame: Frame) -> None:
    said = json.loads(frame.json)
    assert described.model_validate(said, strict=True).model_dump() == said


@pytest.mark.parametrize(("described", "frame"), FRAMES[:-1])
def test_an_event_has_the_fields_that_are_described_and_no_other(described: type[BaseModel], frame: Frame) -> None:
    *lines, end, rest = events.encode(frame).decode().split("\n")
    assert end == rest == ""
    fields = dict(line.split(": ", 1) for line in lines)
    event = LiveEvent.model_validate(fields)
    assert set(fields) == set(LiveEvent.model_fields)
    assert isinstance(event.data, described)
    assert event.event == event.data.type
    assert event.id == event.data.cursor

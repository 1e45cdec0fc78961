"""The web app's types of the live stream are those of the frames that the server makes."""

import json
import re

import pytest

from bridge.committed import Committed
from bridge.live import frames
from bridge.live.frames import Frame, Shared
from bridge.live.rows import Batch, Rows
from bridge.live.series import Latest, Series
from tests.project.documents import read

FRAMES = read("web/src/app/live/frames.ts")
COLUMNS = read("web/src/app/readings/split.ts")


def fields(source: str, interface: str) -> dict[str, str]:
    """The members of a TypeScript interface and their types, without what it extends."""
    found = re.search(rf"^export interface {interface}\b[^{{]*{{\n(.*?)^}}", source, re.DOTALL | re.MULTILINE)
    assert found, f"expected an interface {interface}"
    return dict(re.findall(r"^  readonly (\w+): (.+);$", found[1], re.MULTILINE))


def said(frame: Frame | Shared) -> set[str]:
    """The members of a frame as it goes over the wire."""
    return set(json.loads((frames.addressed(frame, "a") if isinstance(frame, Shared) else frame).json))


def readings() -> Shared:
    rows = Rows()
    rows.add(Batch(Committed(1, [1], [1], [1.0])), {1})
    return frames.readings(rows, 0, 1)


@pytest.mark.parametrize(
    ("interface", "frame"),
    [
        ("Subscribed", frames.subscribed([], 1)),
        ("LiveReadings", readings()),
        ("Gap", frames.gap(1, 2, "slow")),
        ("Refusal", frames.error(None, "match", "expected")),
    ],
)
def test_a_frame_has_the_members_of_its_interface(interface: str, frame: Frame | Shared) -> None:
    columns = fields(COLUMNS, "Readings") if interface == "LiveReadings" else {}
    mine = fields(FRAMES, interface) | columns
    assert set(mine) == said(frame)
    assert mine["type"] == f"'{frame.type}'"
    assert interface in FRAMES.partition("export type Frame = ")[2].partition(";")[0]


def test_a_series_has_the_members_of_its_interface() -> None:
    frame = frames.addressed(frames.subscribed([Latest(Series(1, "a", "x", None, "number"))], 1), "a")
    [series] = json.loads(frame.json)["series"]
    assert set(fields(FRAMES, "Announced")) == set(series)
    may_be_null = {name for name, kind in fields(FRAMES, "Announced").items() if "null" in kind}
    assert may_be_null == {name for name, value in series.items() if value is None}

"""What the API answers, as far as this client hands it out. A test holds these shapes to the API's own description."""

from typing import Any, Literal

from msgspec import Struct

Kind = Literal["number", "boolean", "text"]
Tier = Literal["raw", "minute", "hour"]


class SeriesName(Struct, frozen=True):
    device: str
    metric: str
    unit: str | None


class Series(SeriesName, frozen=True, kw_only=True):
    """One metric of one device. `first` and `last` are the times of its oldest and newest reading, in ms."""

    series: int
    kind: Kind
    first: int | None
    last: int | None


class LatestReading(SeriesName, frozen=True, kw_only=True):
    """The newest reading of one series; a boolean is 0 or 1."""

    series: int
    kind: Kind
    at: int
    value: float | str


class Latest(Struct, frozen=True):
    """`cursor` goes on right behind these readings, in `Client.live` and `Client.changes`."""

    series: list[LatestReading]
    cursor: str


class Columns(Struct, frozen=True, kw_only=True):
    """Readings as columns of equal length: the number of the series, when it was (ms), the value; and the series by number."""

    names: dict[int, SeriesName]
    series: list[int]
    at: list[int]
    value: list[float | str]

    def __len__(self) -> int:
        return len(self.at)


class Page(Columns, frozen=True, kw_only=True):
    """Readings in order of time; `next` is the page that follows."""

    next: str | None


class Changes(Columns, frozen=True, kw_only=True):
    """Readings in the order of their commits; `next` is the cursor behind them, `more` whether others wait already."""

    next: str
    more: bool


class Line(SeriesName, frozen=True, kw_only=True):
    """What a line chart needs of one series: columns of equal length in order of time."""

    series: int
    at: list[int]
    value: list[float]


class Chart(Struct, frozen=True):
    series: list[Line]
    tier: Tier


class Windows(SeriesName, frozen=True, kw_only=True):
    """One series in columns of equal length, one entry a window with readings; `at` is where it begins, in ms."""

    series: int
    at: list[int]
    count: list[int]
    mean: list[float | None]
    min: list[float]
    max: list[float]
    sum: list[float | None]
    first: list[float]
    last: list[float]


class Statistics(Struct, frozen=True):
    """`exact` is false where what an exact answer needs has been dropped."""

    series: list[Windows]
    tier: Tier
    exact: bool
    every: str
    timezone: str


class Devices(Struct, frozen=True):
    devices: list["Device"]


class Location(Struct, frozen=True):
    """Degrees north and east, WGS 84."""

    lat: float
    lon: float


class DeviceSeries(Struct, frozen=True):
    """One of the metrics that a device has sent."""

    series: int
    metric: str
    unit: str | None
    kind: Kind


class Device(Struct, frozen=True):
    """One device, as it describes itself: `info` is all that it said. `last_seen` is its newest reading or status, in ms."""

    device: str
    name: str
    online: bool | None
    last_seen: int | None
    model: str | None
    firmware: str | None
    location: Location | None
    info: dict[str, Any] | None
    series: list[DeviceSeries]


class SeriesList(Struct, frozen=True):
    series: list[Series]

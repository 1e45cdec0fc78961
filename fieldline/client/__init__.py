"""Asks a Fieldline from Python: what is, what was, and what comes, each reading once."""

from fieldline.client.answers import (
    Changes,
    Chart,
    Columns,
    Device,
    DeviceSeries,
    Latest,
    LatestReading,
    Line,
    Location,
    Page,
    Series,
    SeriesName,
    Statistics,
    Windows,
)
from fieldline.client.ask import Moment
from fieldline.client.client import Client, Order
from fieldline.client.columns import Arrays, Row, arrays, rows
from fieldline.client.events import Event, Gap, LiveSeries, Readings, Subscribed
from fieldline.client.trouble import Problem, Refused, Unreachable

__all__ = [
    "Arrays",
    "Changes",
    "Chart",
    "Client",
    "Columns",
    "Device",
    "DeviceSeries",
    "Event",
    "Gap",
    "Latest",
    "LatestReading",
    "Line",
    "LiveSeries",
    "Location",
    "Moment",
    "Order",
    "Page",
    "Problem",
    "Readings",
    "Refused",
    "Row",
    "Series",
    "SeriesName",
    "Statistics",
    "Subscribed",
    "Unreachable",
    "Windows",
    "arrays",
    "rows",
]

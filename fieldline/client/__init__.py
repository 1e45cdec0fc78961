"""Asks a Fieldline from Python: what is, what was, and what comes, each reading once."""

from fieldline.client.answers import (
    Changes,
    Chart,
    Columns,
    Latest,
    LatestReading,
    Line,
    Page,
    Series,
    SeriesName,
    Statistics,
    Windows,
)
from fieldline.client.client import Client
from fieldline.client.columns import Arrays, Row, arrays, rows
from fieldline.client.events import Gap, Readings, Subscribed
from fieldline.client.trouble import Problem, Refused, Unreachable

__all__ = [
    "Arrays",
    "Changes",
    "Chart",
    "Client",
    "Columns",
    "Gap",
    "Latest",
    "LatestReading",
    "Line",
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

"""Readings as lines, CSV or NDJSON: each run of rows is turned into bytes and gone before the next is read."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

import msgspec

from api.match import Series
from api.merge import Row
from api.moment import EPOCH

Lines = Callable[[Iterable[Row], Mapping[int, Series]], bytes]
CSV_HEADER = b"at,device,metric,unit,value\r\n"


def as_csv(rows: Iterable[Row], series: Mapping[int, Series]) -> bytes:
    """RFC 4180, UTF-8; `at` is RFC 3339 in UTC with microseconds."""
    second, clock = None, ""
    names: dict[int, str] = {}
    parts: list[str] = []
    for at, number, value in rows:
        whole, micros = divmod(at, 1_000_000)
        if whole != second:
            second, clock = whole, (EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S")
        if number not in names:
            names[number] = _cells(series[number].device, series[number].metric, series[number].unit)
        cell = _cells(value) if isinstance(value, str) else value
        parts.append(f"{clock}.{micros:06}Z,{names[number]},{cell}\r\n")
    return "".join(parts).encode()


def _cells(*values: str | None) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().removesuffix("\r\n")


def as_ndjson(rows: Iterable[Row], series: Mapping[int, Series]) -> bytes:
    """One JSON object a line; `at` in milliseconds, as everywhere in JSON."""
    encoder = msgspec.json.Encoder()
    return encoder.encode_lines(
        {
            "series": number,
            "device": series[number].device,
            "metric": series[number].metric,
            "unit": series[number].unit,
            "at": at // 1000,
            "value": value,
        }
        for at, number, value in rows
    )

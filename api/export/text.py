"""Columns as text: moments, numbers, and texts as CSV or JSON hold them; a thousand at once where a loop would take one."""

import csv
import io
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

COMMA, LETTER_T = b",T"
MOMENT = len("2025-10-09 08:53:20.123000")
NEEDS_QUOTES = '[",\r\n]|^$'
"""One without anything, too: so a reader that wants to can tell it from a value that is missing."""


def moments(at: NDArray[np.int64]) -> Any:
    """RFC 3339 with microseconds, up to the zone. Arrow is fast where no zone is to be looked up."""
    text = pa.array(at, pa.timestamp("us")).cast(pa.string())
    letters = np.frombuffer(text.buffers()[2], np.uint8)[: MOMENT * len(at)].reshape(-1, MOMENT).copy()
    letters[:, 10] = LETTER_T
    return pa.StringArray.from_buffers(len(at), text.buffers()[1], pa.py_buffer(letters))


def numbers(values: NDArray[np.float64]) -> Any:
    """As JSON has them, in as few digits as tell them apart; `null` for what JSON does not have."""
    joined = np.frombuffer(msgspec.json.encode(values.tolist()), np.uint8)[1:-1]
    commas = joined == COMMA
    ends = np.zeros(len(values) + 1, np.int32)
    ends[1:] = np.append(np.flatnonzero(commas), len(joined)) - np.arange(len(values))
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(joined[~commas]))


def csv_numbers(values: NDArray[np.float64]) -> Any:
    """The same; what JSON does not have is `nan`, `inf` and `-inf`."""
    text = numbers(values)
    return text if np.isfinite(values).all() else pc.if_else(pa.array(np.isfinite(values)), text, _words(values))


def _words(values: NDArray[np.float64]) -> Any:
    return pa.array([repr(value) for value in values.tolist()], pa.string())


def csv_texts(texts: Any) -> Any:
    """Each a cell, quoted where RFC 4180 wants it."""
    quotes = pc.match_substring_regex(texts, NEEDS_QUOTES)
    if not pc.any(quotes).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(quotes, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def json_texts(texts: Any) -> Any:
    encode = msgspec.json.Encoder().encode
    return pa.array([None if text is None else encode(text) for text in texts.to_pylist()], pa.string())


def cells(*values: str | None) -> str:
    """Part of a line of CSV."""
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().removesuffix("\r\n")


def glue(*columns: Any) -> bytes:
    """The columns side by side, line after line; each is an array or the same text for all lines."""
    lines = pc.binary_join_element_wise(*columns, "")
    ends = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
    data: bytes = lines.buffers()[2].slice(int(ends[0]), int(ends[-1] - ends[0])).to_pybytes()
    return data

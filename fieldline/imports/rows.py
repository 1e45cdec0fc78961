"""Rows of CSV, of which each takes a bounded part of the file, whether it lacks line ends or the end of a quote."""

import csv
import io
from typing import BinaryIO, Self

ENDS = ("\n", "\r")
"""Of a line. A cut amid both counts a line more: better than to skip one."""


class Rows:
    """The rows of RFC 4180, of at most `longest` characters with their ends; other bytes than UTF-8 are surrogates."""

    def __init__(self, file: BinaryIO, longest: int) -> None:
        self.number = 0
        """Lines read so far; a row with breaks in its cells has several."""
        self._longest = self._left = longest
        self._text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
        csv.field_size_limit(longest)
        self._rows = csv.reader(iter(self._line, ""))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        """Raises `csv.Error` for a row that can't be read; the next one begins with the line behind."""
        self._left = self._longest
        return next(self._rows)

    def _line(self) -> str:
        line = self._text.readline(self._left + 1)
        self.number += bool(line)
        self._left -= len(line)
        if self._left < 0:
            while line and not line.endswith(ENDS):
                line = self._text.readline(self._longest)
            raise csv.Error(f"a row of more than {self._longest} characters")
        return line

"""What a benchmark found: a table for people, and the same as JSON."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    name: str
    figures: dict[str, float]


class Report(NamedTuple):
    name: str
    about: str
    rows: Sequence[Row]

    def show(self, console: Console) -> None:
        """Print the rows side by side; a figure that a row does not have stays empty."""
        columns = list(dict.fromkeys(column for row in self.rows for column in row.figures))
        table = Table("", *columns, title=f"{self.name}: {self.about}")
        for row in self.rows:
            table.add_row(
                row.name, *(f"{row.figures[column]:,.1f}" if column in row.figures else "" for column in columns)
            )
        console.print(table)

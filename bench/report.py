"""What a benchmark found: a table for people, and the same with every round as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.spread import Spread, ratios, spread


class Row(NamedTuple):
    """One contestant: its figures, round by round. Every round has the same figures."""

    name: str
    rounds: Sequence[Mapping[str, float]]

    def column(self, figure: str) -> list[float]:
        return [done[figure] for done in self.rounds]

    def beside(self, baseline: "Row", figure: str, title: str) -> "Row":
        """The row with one more figure: how often the baseline's goes into its own, in the same round."""
        parts = ratios(self.column(figure), baseline.column(figure))
        return Row(self.name, [{**done, title: part} for done, part in zip(self.rounds, parts, strict=True)])

    def spreads(self) -> dict[str, Spread]:
        return {figure: spread(self.column(figure)) for figure in self.rounds[0]}


class Report(NamedTuple):
    name: str
    about: str
    rows: Sequence[Row]

    def show(self, console: Console) -> None:
        """Print the rows side by side; a figure that a row does not have stays empty."""
        found = {row.name: row.spreads() for row in self.rows}
        figures = list(dict.fromkeys(figure for spreads in found.values() for figure in spreads))
        console.print(f"\n[bold]{self.name}[/bold]: {self.about}")
        table = Table()
        table.add_column()
        for figure in figures:
            table.add_column(figure, justify="right")
        for name, spreads in found.items():
            table.add_row(name, *(_cell(spreads.get(figure)) for figure in figures))
        console.print(table)

    def document(self) -> dict[str, Any]:
        """All of it, for JSON."""
        rows = [
            {
                "name": row.name,
                "figures": {figure: found._asdict() for figure, found in row.spreads().items()},
                "rounds": row.rounds,
            }
            for row in self.rows
        ]
        return {"name": self.name, "about": self.about, "rows": rows}


def _cell(found: Spread | None) -> str:
    """The median, and below it the least and the most where they differ."""
    if found is None:
        return ""
    least, most = _short(found.least), _short(found.most)
    return _short(found.median) if least == most else f"{_short(found.median)}\n[dim]{least} to {most}[/dim]"


def _short(value: float) -> str:
    """Three digits are all that a noisy machine tells."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"

"""The results as a table for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from torture.rounds import Result

COLUMNS = ("round", "fault", "strikes", "messages", "stored", "lost", "twice", "broker lost", "wrong", "MB", "seconds")

WIDTH = 132
"""Characters: a narrower table would hide digits."""


def row(result: Result) -> tuple[str, ...]:
    verdict = result.verdict
    begin = (str(result.number), result.fault, str(result.strikes), f"{result.messages:,}")
    end = (f"{result.peak_memory / 1e6:.0f}", f"{result.seconds:.1f}")
    if verdict is None:
        return (*begin, *[""] * 5, *end)
    wrong = len(verdict.in_part) + len(verdict.strange) + verdict.rejects_missing + verdict.rejects_strange
    found = (verdict.stored, len(verdict.lost), len(verdict.twice), verdict.broker_lost, wrong + verdict.rollups_wrong)
    return (*begin, *(f"{number:,}" for number in found), *end)


def line(result: Result) -> str:
    """One result as it comes, before the table can be drawn."""
    told = "  ".join(f"{name} {cell}" for name, cell in zip(COLUMNS[2:], row(result)[2:], strict=True) if cell)
    return f"{result.number:4}  {result.fault}: {told}{mark(result)}"


def mark(result: Result) -> str:
    if not result.trouble:
        return ""
    return f"  {'skipped' if result.skipped else 'BROKEN'}: {result.trouble}"


def show(results: Sequence[Result], console: Console) -> None:
    table = Table(title="What was stored of what was acknowledged, fault by fault")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "fault" else "right", no_wrap=column == "fault")
    for result in results:
        table.add_row(*row(result), style="red" if result.trouble and not result.skipped else None)
    console.print(table)
    for result in results:
        if result.trouble:
            console.print(f"round {result.number}, {result.fault}:{mark(result)}", highlight=False)
    console.print(summary(results), highlight=False)


def summary(results: Sequence[Result]) -> str:
    verdicts = [result.verdict for result in results if result.verdict]
    return (
        f"{len(results)} rounds, {sum(result.strikes for result in results):,} faults, "
        f"{sum(result.messages for result in results):,} messages, {sum(v.stored for v in verdicts):,} readings: "
        f"lost {sum(len(v.lost) for v in verdicts):,}, twice {sum(len(v.twice) for v in verdicts):,}, "
        f"the broker's own loss {sum(v.broker_lost for v in verdicts):,}, "
        f"broken rounds {sum(bool(r.trouble) and not r.skipped for r in results)}, "
        f"skipped {sum(r.skipped for r in results)}"
    )

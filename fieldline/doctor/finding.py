"""What one check has found."""

from typing import Literal, NamedTuple

Level = Literal["fine", "doubtful", "broken"]
Part = Literal["broker", "database", "bridge"]


class Finding(NamedTuple):
    """`fine`; `doubtful`: the promise holds, but look at it; `broken`: the promise doesn't hold."""

    level: Level
    part: Part
    name: str
    got: str
    expected: str = ""
    change: str = ""
    """The setting line, or what else to do."""


def check(
    holds: object, part: Part, name: str, got: str, expected: str, change: str, level: Level = "broken"
) -> Finding:
    """A finding that is fine if it holds, and of this level if it doesn't."""
    return Finding("fine", part, name, got) if holds else Finding(level, part, name, got, expected, change)

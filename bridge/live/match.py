"""Which series a client wants: patterns over `device/metric` in which `*` stands for anything, `/` included."""

import re
from collections.abc import Iterable

from bridge.dialects.plain import LONGEST_NAME

MOST = 100
"""Patterns: a client that needs more wants `*`."""
LONGEST = 2 * (LONGEST_NAME + LONGEST_NAME) + 1
"""Characters in one: a device and a metric of nothing but stars, each behind a backslash, and the slash between them. So every
series can be selected by its name."""

_parts = re.compile(r"\*+|\\[*\\]|.", re.DOTALL)


class Match:
    """A set of patterns; none at all stands for everything. Two with the same patterns are equal, in whatever order."""

    __slots__ = ("_accepts", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises `ValueError`, with expected and got, for what can't select anything."""
        self.patterns = tuple(sorted({_checked(pattern) for pattern in patterns})) or ("*",)
        if len(self.patterns) > MOST:
            raise ValueError(f"expected at most {MOST} patterns, got {len(self.patterns)}")
        self._accepts = re.compile("|".join(map(_expression, self.patterns)), re.DOTALL).fullmatch

    def accepts(self, device: str, metric: str) -> bool:
        return self._accepts(f"{device}/{metric}") is not None

    @property
    def likes(self) -> list[str]:
        """The same for SQL: `device || '/' || metric LIKE ANY (…)`."""
        return ["".join(map(_like, _parts.findall(pattern))) for pattern in self.patterns]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Match) and self.patterns == other.patterns

    def __hash__(self) -> int:
        return hash(self.patterns)


def _expression(pattern: str) -> str:
    """Each piece between stars is looked for once, at its first place: atomic groups, so that many stars cost no time."""
    pieces = [""]
    for part in _parts.findall(pattern):
        if part[0] == "*":
            pieces.append("")
        else:
            pieces[-1] += re.escape(part[-1])
    first, *rest = pieces
    return first + "".join(f"(?>.*?{piece})" for piece in rest[:-1]) + (f".*{rest[-1]}" if rest else "")


def _like(part: str) -> str:
    if part[0] == "*":
        return "%"
    return f"\\{part[-1]}" if part[-1] in "\\%_" else part[-1]


def _checked(pattern: str) -> str:
    if len(pattern) > LONGEST:
        raise ValueError(f"expected a pattern of at most {LONGEST} characters, got {len(pattern)}")
    if "\0" in pattern or any("\ud800" <= letter <= "\udfff" for letter in pattern):
        raise ValueError(f"expected a pattern in valid Unicode without NUL, got {pattern[:40]!r}")
    if "/" not in pattern and "*" not in pattern:
        raise ValueError(f"expected device/metric, where * matches anything, got {pattern[:40]!r}")
    return pattern

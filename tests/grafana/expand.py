"""What Grafana makes of a query before Postgres sees it: variables by the browser, then macros by the server."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")

Choice = str | Sequence[str]
"""A text for a variable of one value, which goes in bare with its quotes doubled; a list for one of several."""


class UnknownNameError(Exception):
    """Grafana would send it to Postgres as it stands, or refuse the query."""


class Range(NamedTuple):
    """What the dashboard shows: its times, and how long one pixel is."""

    start: datetime
    end: datetime
    interval: timedelta

    @property
    def interval_ms(self) -> int:
        return self.interval // timedelta(milliseconds=1)


def expand(sql: str, shown: Range, choices: Mapping[str, Choice], every: Mapping[str, str]) -> str:
    """`every` holds what stands for a variable of which all is chosen: the text goes in as it is."""

    def replace(found: re.Match[str]) -> str:
        name, form = found[1] or found[3], found[2]
        if name == "__interval_ms":
            return str(shown.interval_ms)
        if name == "__interval":
            return f"{shown.interval_ms}ms"
        if name.startswith("__") and found[3] and sql[found.end() : found.end() + 1] == "(":
            return found[0]
        if name in every:
            return every[name]
        if name not in choices:
            raise UnknownNameError(f"expected a variable, got ${name}")
        return _written(choices[name], form)

    return MACRO.sub(lambda found: _macro(found[1], found[2], shown), VARIABLE.sub(replace, sql))


def _written(choice: Choice, form: str | None) -> str:
    match choice, form:
        case str(), None:
            return choice.replace("'", "''")
        case str(), "raw":
            return choice
        case [*texts], None:
            return ",".join("'" + text.replace("'", "''") + "'" for text in texts)
    raise UnknownNameError(f"expected a form that fits, got {form} of {choice}")


def _macro(name: str, argument: str, shown: Range) -> str:
    start, end = (f"'{moment:%Y-%m-%dT%H:%M:%SZ}'" for moment in (shown.start, shown.end))
    match name:
        case "__timeFilter":
            return f"{argument} BETWEEN {start} AND {end}"
        case "__timeFrom":
            return start
        case "__timeTo":
            return end
    raise UnknownNameError(f"expected a macro, got ${name}")

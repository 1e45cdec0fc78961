"""What a file says in one line, or why that can't be read."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, get_args

from api.match import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
AT_ONCE = 5_000
"""Lines in a chunk, as the bridge takes messages at most in a batch."""
WEIGHT = 8 * 2**20
"""Characters, or bytes where these are known, of all texts in a chunk, with which it ends: they are held several times while it
becomes messages. Of a line alone it may be more."""
Name = tuple[str, str]
"""Device and metric."""


class Entry(NamedTuple):
    """One reading as the file has it. Nothing of it is checked yet but its types."""

    line: int
    at: int | float | str
    """As a device may say it: a number, whose size tells its unit, or RFC 3339."""
    device: str
    metric: str
    unit: str | None
    kind: Kind | None
    """`None` if the file does not say."""
    value: float | str
    """In CSV still the text of the cell, also of a number."""


def looks(value: float | str) -> Kind | None:
    """The kind of a value that has a type; a number may stand for a boolean."""
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else None


class Bad(NamedTuple):
    """A line that is kept out; `why` says expected and got."""

    line: int
    why: str


class Chunk(NamedTuple):
    """Some lines, and how far the file is read with them: in bytes, or in rows where it says how many it has."""

    lines: Sequence[Entry | Bad]
    done: int


def together(lines: Iterable[Entry | Bad]) -> Iterator[list[Entry | Bad]]:
    """The same lines, as many as go into a chunk; where the file can't be read any further, what came before."""
    some: list[Entry | Bad] = []
    weight = 0
    try:
        for line in lines:
            some.append(line)
            weight += sum([len(said) for said in line if type(said) is str])
            if len(some) == AT_ONCE or weight >= WEIGHT:
                yield some
                some, weight = [], 0
    except NotReadableError:
        if some:
            yield some
        raise
    if some:
        yield some


class Source(NamedTuple):
    """A file that is read while it is taken from, in chunks of bounded size."""

    chunks: Iterator[Chunk]
    total: int | None
    """In the same unit as `done`, if that can be known."""


class NotReadableError(ValueError):
    """The file is not what it is taken for; the text says expected and got."""

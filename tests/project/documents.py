"""The Markdown documents of this repository, taken apart: headings, tables, links and marked examples."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

_block = re.compile(
    r"(?:<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_heading = re.compile(r"^#+ (.*)$", re.MULTILINE)
_link = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
_code = re.compile(r"`([^`]+)`")


class Block(NamedTuple):
    """A fenced block, and the comment right above it, which says what a test does with it."""

    mark: str
    language: str
    text: str
    line: int


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    return [
        Block(found["mark"] or "", found["language"], found["text"], text[: found.start()].count("\n") + 1)
        for found in _block.finditer(text)
    ]


def prose(text: str) -> str:
    """The text without its blocks: what they hold is no heading, table or link."""
    return _block.sub("", text)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of whatever level."""
    _, _, rest = prose(text).partition(f"# {heading}\n")
    assert rest, f"expected a heading {heading!r}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in the text, without heads."""
    return list(_rows(text.splitlines()))


def _rows(lines: list[str]) -> Iterator[list[str]]:
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        is_rule = set(line) <= set("|- ")
        is_head = below.startswith("|") and set(below) <= set("|- ")
        if line.startswith("|") and not is_rule and not is_head:
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def named(text: str) -> list[str]:
    """What the first cells of the tables name as code, `several` in one cell each for itself."""
    return [name for cells in rows(text) for name in _code.findall(cells[0])]


def links(text: str) -> list[str]:
    return [first or second for first, second in _link.findall(prose(text))]


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _heading.findall(prose(text))}

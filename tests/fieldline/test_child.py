"""Children never outlive whoever started them."""

import subprocess
import sys
from pathlib import Path
from signal import Signals

import psutil
import pytest

from fieldline.embedded.child import Child
from fieldline.embedded.part import Part, PartError

TIMEOUT = 10
ROOT = Path(__file__).parents[2]
SLEEPS = "import time; print('sleeps', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
PARENT = """
import sys, time
from pathlib import Path
from fieldline.embedded.child import Child
from fieldline.embedded.part import Part
log = Path(sys.argv[1])
part = Part("p", (sys.executable, "-c", sys.argv[3]), log, lambda _: log.stat().st_size > 0)
child = Child(part, pipe=sys.argv[2] == "pipe")
child.wait_until_ready()
print(child.pid, flush=True)
time.sleep(60)
"""

bonds = pytest.mark.parametrize(
    "bond",
    [
        "pipe",
        pytest.param(
            "kernel",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the death of a parent"),
        ),
    ],
)


def part(folder: Path, code: str, **more: object) -> Part:
    log = folder / "part.log"
    command = (sys.executable, "-c", code)
    return Part("part", command, log, lambda _: log.exists() and log.stat().st_size > 0, **more)  # type: ignore[arg-type]


@bonds
@pytest.mark.parametrize("code", [SLEEPS, STUBBORN])
def test_a_child_is_gone_after_its_parent_is_killed(tmp_path: Path, bond: str, code: str) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), bond, code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        family = [child, *child.children(recursive=True)]
        parent.kill()
        _, alive = psutil.wait_procs(family, TIMEOUT)
    assert not alive


@bonds
def test_the_code_of_a_child_is_its_own(tmp_path: Path, bond: str) -> None:
    child = Child(part(tmp_path, "import sys; sys.exit(7)"), pipe=bond == "pipe")
    assert child.process.wait(TIMEOUT) == 7
    child.release()


@bonds
def test_a_child_that_ignores_the_request_to_stop_is_ended_after_its_grace(tmp_path: Path, bond: str) -> None:
    child = Child(part(tmp_path, STUBBORN, grace=0.2), pipe=bond == "pipe")
    child.wait_until_ready()
    family = psutil.Process(child.pid).children(recursive=True)
    child.stop()
    assert child.process.returncode == -Signals.SIGKILL
    assert not psutil.wait_procs(family, TIMEOUT)[1]


def test_a_child_that_ends_instead_of_serving_is_an_error_with_its_last_line(tmp_path: Path) -> None:
    child = Child(
        Part("part", (sys.executable, "-c", "print('first'); print('no more disk')"), tmp_path / "log", lambda _: False)
    )
    with pytest.raises(PartError, match=r"^part ended with code 0: no more disk \(log: .*log\)$"):
        child.wait_until_ready()


def test_a_child_that_takes_too_long_is_an_error_and_ended(tmp_path: Path) -> None:
    child = Child(Part("part", (sys.executable, "-c", SLEEPS), tmp_path / "log", lambda _: False, patience=0.3))
    with pytest.raises(PartError, match="part was not ready after 0 s"):
        child.wait_until_ready()
    assert not child.alive


def test_a_command_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    child = Child(Part("part", ("/no/such/program",), tmp_path / "log", lambda _: False))
    with pytest.raises(PartError, match=r"^part ended with code 1: /no/such/program: No such file or directory"):
        child.wait_until_ready()


def test_postgres_variables_of_the_user_do_not_reach_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("KEPT", "yes")
    told = part(
        tmp_path,
        "import os; print(os.environ.get('PGPORT'), os.environ['KEPT'], os.environ['MORE'])",
        environment={"MORE": "2"},
    )
    child = Child(told)
    assert child.process.wait(TIMEOUT) == 0
    assert told.log.read_text() == "None yes 2\n"

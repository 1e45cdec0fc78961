"""A data folder belongs to one `up` at a time, and to none that is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldline.embedded import claim
from fieldline.embedded.part import PartError

HOLDS = """
import sys, time
from pathlib import Path
from fieldline.embedded import claim
claim.claim(Path(sys.argv[1]), lambda: None)
print("claimed", flush=True)
time.sleep(60)
"""


def never() -> None:
    pytest.fail("nothing to wait for")


def release(held: claim.Claim) -> None:
    os.close(held.lock)
    os.close(held.parts)


def test_a_second_claim_is_refused_and_names_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert claim.claimed(tmp_path)
        with pytest.raises(claim.ClaimedError, match=str(holder.pid)):
            claim.claim(tmp_path, never)
        holder.kill()
    assert not claim.claimed(tmp_path)
    release(claim.claim(tmp_path, never))


def test_a_claim_waits_for_the_parts_of_a_killed_holder(tmp_path: Path) -> None:
    held = claim.claim(tmp_path, never)
    with subprocess.Popen(["sleep", "60"], pass_fds=[held.parts]) as part:
        release(held)
        release(claim.claim(tmp_path, part.kill))
        assert part.wait(10) < 0


def test_parts_that_do_not_end_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "PATIENCE", 0)
    held = claim.claim(tmp_path, never)
    with subprocess.Popen(["sleep", "60"], pass_fds=[held.parts]) as part:
        release(held)
        with pytest.raises(PartError, match="parts of a killed run"):
            claim.claim(tmp_path, lambda: None)
        part.kill()


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PartError, match=r"^--data .*file can't be used: File exists$"):
        claim.claim(tmp_path / "file", never)


def test_a_folder_that_is_not_there_is_not_claimed_and_not_made(tmp_path: Path) -> None:
    assert not claim.claimed(tmp_path / "none")
    assert not (tmp_path / "none").exists()

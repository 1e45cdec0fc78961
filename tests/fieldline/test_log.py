"""Logs of children stay small, and end with what matters."""

from pathlib import Path

from fieldline.embedded import log


def test_a_log_that_grew_is_kept_once_and_emptied_under_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "part.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        log.rotate(path, limit=99)
        writer.write(b"new")
    assert path.read_bytes() == b"new"
    assert (tmp_path / "part.log.1").read_bytes() == b"x" * 100


def test_a_log_within_its_limit_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "part.log"
    path.write_bytes(b"x" * 100)
    log.rotate(path, limit=100)
    assert [each.name for each in tmp_path.iterdir()] == ["part.log"]


def test_the_last_line_is_the_last_one_with_something_in_it(tmp_path: Path) -> None:
    path = tmp_path / "part.log"
    path.write_bytes(b"first\n  last \xff\n\n \n")
    assert log.last_line(path) == "last �"


def test_a_log_that_is_not_there_has_no_last_line(tmp_path: Path) -> None:
    assert log.last_line(tmp_path / "part.log") == ""

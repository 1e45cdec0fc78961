"""`fieldline up` that can't start says why in one line, and starts nothing."""

import socket
from pathlib import Path

import pytest

from fieldline.embedded import port
from tests.services import Broker
from tests.system.house import fieldline, running

PORTS = ("--port", "--mqtt-port", "--mqtt-websocket-port")


def ports(**instead: int) -> list[str]:
    given = dict(zip(PORTS, port.free(3), strict=True)) | {
        f"--{name.replace('_', '-')}": n for name, n in instead.items()
    }
    return [f"{option}={number}" for option, number in given.items()]


@pytest.mark.parametrize("option", PORTS)
def test_a_taken_port_is_named_with_its_option(tmp_path: Path, option: str) -> None:
    with socket.create_server((port.LOOPBACK, 0)) as taker:
        taken = taker.getsockname()[1]
        told = fieldline("up", f"--data={tmp_path / 'data'}", *ports(), f"{option}={taken}")
    assert told.returncode == 1
    assert told.stderr.startswith(
        f"✗ {option} {taken}: can't listen on 127.0.0.1: Address already in use; choose another"
    )
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "data" / "postgres").exists()


def test_one_port_for_two_things_is_refused(tmp_path: Path) -> None:
    told = fieldline("up", f"--data={tmp_path / 'data'}", *ports(port=4711, mqtt_port=4711))
    assert told.stderr.startswith("✗ --mqtt-port 4711: can't listen on 127.0.0.1: it is --port too; choose another")


def test_a_data_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = fieldline("up", f"--data={tmp_path / 'file'}", *ports())
    assert (told.returncode, told.stderr) == (1, f"✗ --data {tmp_path / 'file'} can't be used: File exists\n")


def test_a_database_that_does_not_answer_is_refused_and_nothing_stays(tmp_path: Path, broker: Broker) -> None:
    [nobody] = port.free()
    url = f"postgresql://fieldline@127.0.0.1:{nobody}/fieldline"
    told = fieldline("up", f"--data={tmp_path}", *ports(), f"--broker-url={broker.url}", f"--database-url={url}")
    assert told.returncode == 1
    assert told.stderr.startswith("✗ migrate ended with code 1: ")
    assert f"Connect call failed ('127.0.0.1', {nobody})" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    told = fieldline("up", f"--data={tmp_path}", *ports())
    assert told.returncode == 1
    assert "was made by PostgreSQL 9, installed here:" in told.stderr
    assert told.stderr.count("\n") == 1


def test_status_of_nothing_is_one_line(tmp_path: Path) -> None:
    told = fieldline("status", f"--data={tmp_path}", "--json")
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr == f"fieldline does not run on {tmp_path}: start it with `fieldline up`, or give its --data\n"


def test_a_broker_and_a_database_of_ones_own_are_used_and_none_is_started(
    tmp_path: Path, broker: Broker, database_url: str
) -> None:
    with running(tmp_path, "--devices=0", f"--broker-url={broker.url}", f"--database-url={database_url}") as house:
        now = house.status()
        assert now["pids"].keys() == {"supervisor", "bridge", "api"}
        assert (now["mqtt"], now["broker"], now["database_url"]) == (broker.url, "external", database_url)
        assert now["mqtt_websocket"] is None
        assert house.get("health")["broker"]["connected"]
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "broker").exists()

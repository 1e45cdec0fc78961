"""`scripts/bench` as its users run it, on a small scale: it measures, and it says in one line why it can't."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fieldline.embedded import mosquitto

PATIENCE = 240  # seconds; it takes ten on a machine that does nothing else


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.skipif(mosquitto.find() is None, reason="mosquitto not found: apt-get install mosquitto")
def test_ingest_measures_all_three_and_keeps_every_round(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = bench("ingest", "--rounds=1", "--messages=660", f"--json={figures}")
    assert done.returncode == 0, done.stderr
    [report] = json.loads(figures.read_text())
    rows = {row["name"]: row["rounds"] for row in report["rows"]}
    assert list(rows) == ["mosquitto_sub", "fieldline", "naive"]
    assert all(figure >= 0 for [figures] in rows.values() for figure in figures.values())
    [ours], [roofline], [naive] = rows["fieldline"], rows["mosquitto_sub"], rows["naive"]
    assert ours["of mosquitto_sub"] == ours["messages/s"] / roofline["messages/s"]
    assert ours["times naive"] == ours["messages/s"] / naive["messages/s"]
    assert f"{ours['messages/s']:,.0f}" in done.stdout


@pytest.mark.timeout(PATIENCE)
@pytest.mark.skipif(mosquitto.find() is None, reason="mosquitto not found: apt-get install mosquitto")
def test_export_measures_every_form_beside_a_naive_one(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = bench("export", "--rounds=1", "--messages=3000", f"--json={figures}")
    assert done.returncode == 0, done.stderr
    [report] = json.loads(figures.read_text())
    rows = {row["name"]: row["rounds"][0] for row in report["rows"]}
    assert {name for name in rows if "times naive" in rows[name]} == {
        f"{form}, {group}" for form in ("csv", "ndjson", "parquet", "arrow") for group in ("many", "one")
    }
    assert rows["csv, one"]["times naive"] == rows["csv, one"]["readings/s"] / rows["naive csv, one"]["readings/s"]


def test_an_unknown_name_is_one_line() -> None:
    done = bench("ingest", "speed")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("bench: expected names among ingest, ")
    assert done.stderr.endswith(", got speed\n")

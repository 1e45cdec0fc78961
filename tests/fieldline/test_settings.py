"""`fieldline settings`: everything that can be set, and no password."""

import subprocess
import sys


def settings(**variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fieldline", "settings"]
    environment = {"COLUMNS": "400", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_values_are_shown_without_their_passwords() -> None:
    told = settings(
        FIELDLINE_BROKER_URL="mqtts://bridge:s3cret@broker.example:8883",
        FIELDLINE_DATABASE_URL="postgresql://fieldline:s3cret@db.example/fieldline",
        FIELDLINE_READER_PASSWORD="s3cret",  # noqa: S106  nobody's
    )
    assert "mqtts://bridge:***@broker.example:8883" in told.stdout
    assert "postgresql://fieldline:***@db.example/fieldline" in told.stdout
    assert "s3cret" not in told.stdout + told.stderr


def test_a_wrong_setting_is_one_line_that_says_expected_and_got() -> None:
    told = settings(FIELDLINE_PORT="eighty")
    assert told.returncode != 0
    assert told.stderr == (
        "fieldline: setting port: Input should be a valid integer, unable to parse string as an integer, got 'eighty'\n"
    )


def test_a_coarser_tier_is_kept_no_shorter_than_a_finer_one() -> None:
    told = settings(FIELDLINE_KEEP_RAW="90d", FIELDLINE_KEEP_MINUTES="30d")
    assert "setting keep_minutes: Value error, expected no less than keep_raw, which is 90 days" in told.stderr
    told = settings(FIELDLINE_KEEP_HOURS="30d")
    assert "setting keep_hours: Value error, expected no less than keep_minutes, which is for ever" in told.stderr
    assert settings(FIELDLINE_KEEP_RAW="30d", FIELDLINE_KEEP_MINUTES="P90D").returncode == 0

"""Whatever a device, the broker or Postgres says, an event stays one line of printable characters."""

import json
import logging
from typing import Literal

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fieldline import logs
from fieldline.settings import Settings

HOSTILE = "devices/x\x1b[2J\x1b]0;owned\x07\r\n2026-01-01 level=error event=faked\x9b31m\u202e\u2028\x7f\udc80\0"


@pytest.fixture(autouse=True)
def _as_before() -> object:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()  # those of pytest, which `configure` would close
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    server = logging.getLogger("uvicorn.error")
    server.handlers, server.propagate = [], True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=())))
@example(text=HOSTILE)
@pytest.mark.parametrize("form", ["console", "json"])
def test_hostile_topics_can_neither_end_a_line_nor_steer_a_terminal(
    form: Literal["console", "json"], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(log_format=form))
    log = structlog.get_logger()
    log.warning("store.refused", topic=text, reason=ValueError(text), payload=text.encode(errors="replace"), n=1)
    said = capsys.readouterr().err
    assert said.endswith("\n")
    assert said[:-1].isprintable(), ascii(said)
    if form == "json":
        assert json.loads(said)["topic"] == text


def test_an_exception_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="console"))
    structlog.get_logger().error("a.mistake", exc_info=ValueError(HOSTILE))
    assert capsys.readouterr().err[:-1].isprintable()


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_a_library_warns_of_is_a_line_like_others(
    form: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(log_format=form))
    logging.getLogger("asyncpg.pool").error("expected %s", HOSTILE, exc_info=ValueError(HOSTILE))
    said = capsys.readouterr().err
    assert said[:-1].isprintable(), ascii(said)
    assert "asyncpg.pool" in said
    assert "ValueError" in said


def test_words_of_any_language_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="console"))
    structlog.get_logger().info("an.event", topic="devices/Gewächshaus-温室/telemetry")
    assert "topic=devices/Gewächshaus-温室/telemetry" in capsys.readouterr().err


def test_what_fails_in_the_web_server_is_an_event_and_what_clients_do_wrong_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(Settings(log_format="json"))
    server = logging.getLogger("uvicorn.error")
    server.warning("Invalid HTTP request received.")
    try:
        b"\xff".decode()
    except UnicodeDecodeError:
        server.exception("Invalid UTF-8 sequence received from client.")
        server.exception("Exception in ASGI application\n")
    [line] = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["reason"]) == ("server.failed", "error", "Exception in ASGI application")
    assert "UnicodeDecodeError" in said["exception"]

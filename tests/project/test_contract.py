"""Settings, commands, routes, log events and reject reasons are documented: all that there are, and none that there is not."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import get_args

import pytest
from websockets.frames import CloseCode

from api import live
from api.app import PREFIX, create_app
from bridge.live import frames
from bridge.record import Reason
from fieldline.commands.up import up
from fieldline.main import COMMANDS, identifier
from fieldline.settings import Settings
from tests.project import sources
from tests.project.documents import ROOT, named, prose, read, rows, section

OPERATIONS = read("docs/operations.md")
PROTOCOL = read("docs/protocol.md")
CLOSED_BY_THE_LIBRARY = {
    CloseCode.PROTOCOL_ERROR,
    CloseCode.INVALID_DATA,
    CloseCode.INTERNAL_ERROR,  # as uvicorn calls a ping without an answer
    CloseCode.SERVICE_RESTART,
}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_the_table_of_settings_is_what_the_settings_are() -> None:
    expected = []
    for name, field in Settings.model_fields.items():
        default = "none" if field.default in (None, ()) else f"`{field.default}`"
        expected.append([f"`FIELDLINE_{name.upper()}`", default, field.description])
    assert rows(section(OPERATIONS, "Settings")) == expected


def test_no_document_speaks_of_a_setting_that_there_is_not() -> None:
    compose = set(re.findall(r"\$\{(FIELDLINE_\w+)", read("docker-compose.yml")))
    scripts = "".join(
        path.read_text(encoding="utf-8") for path in [*(ROOT / "tests").rglob("*.py"), ROOT / "hatch_build.py"]
    )
    known = {f"FIELDLINE_{name.upper()}" for name in Settings.model_fields} | compose
    known |= set(re.findall(r"\"(FIELDLINE_\w+)\"", scripts))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        named_here = set(re.findall(r"FIELDLINE_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
        assert named_here - known == set(), path.name


def log_events() -> Iterator[str]:
    """The names of all events that are logged: every text in the first argument of a call of `log`."""
    for path in sources.python(*sources.PACKAGES):
        for call in ast.walk(sources.tree(path)):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[name, *_]) if (
                    level in LEVELS
                ):
                    texts = (name.body, name.orelse) if isinstance(name, ast.IfExp) else (name,)
                    for text in texts:
                        assert isinstance(text, ast.Constant), f"{path}: expected an event whose name is written there"
                        yield str(text.value)


def test_every_log_event_is_explained() -> None:
    events = sorted(set(log_events()))
    assert "store.waiting" in events, "expected to find the events, found none"
    assert _first_cells("Log events") == events


def _first_cells(heading: str) -> list[str]:
    return sorted(cells[0].strip("`") for cells in rows(section(OPERATIONS, heading)))


def test_every_reject_reason_is_explained() -> None:
    assert _first_cells("Rejects") == sorted(get_args(Reason))
    assert set(get_args(Reason)) <= set(named(read("docs/decisions/0004-what-becomes-a-reject.md")))


def test_every_reason_of_a_gap_and_every_code_of_an_error_is_explained() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in sources.python("bridge/live", "api"))
    codes = set(re.findall(r"Refused\(\"(\w+)\"", code))
    assert set(named(section(PROTOCOL, "The live stream"))) == {*get_args(frames.Reason), *codes}


def test_every_close_code_is_explained() -> None:
    told = named(section(PROTOCOL, "How a connection ends"))
    used = {live.TOO_LARGE, live.POLICY, live.TRY_AGAIN_LATER, *CLOSED_BY_THE_LIBRARY}
    assert set(told) == {"403", *(str(int(code)) for code in used)}


def test_every_command_is_documented_and_no_other() -> None:
    shown = {
        name
        for name in COMMANDS
        if not getattr(importlib.import_module(f"fieldline.commands.{identifier(name)}"), "HIDDEN", False)
    }
    told = set(re.findall(r"^\| `fieldline (\w+)", section(PROTOCOL, "Commands"), re.MULTILINE))
    assert told == shown
    scripts = set(re.findall(r"^\| `(scripts/\w+)", section(PROTOCOL, "Commands"), re.MULTILINE))
    assert all((ROOT / script).is_file() for script in scripts)


def test_every_option_of_up_is_documented_with_its_default() -> None:
    given = {
        cells[0].strip("`"): cells[1] for cells in rows(section(PROTOCOL, "Commands")) if cells[0].startswith("`--")
    }
    names = list(inspect.signature(up).parameters)
    assert list(given) == [f"--{name.replace('_', '-')}" for name in names]
    defaults = [Settings.model_fields[name].default for name in names]
    own = ["none" if name.endswith("_url") else str(default) for name, default in zip(names, defaults, strict=True)]
    assert list(given.values()) == own, "a URL that is not given means: start one"


def routes() -> set[str]:
    """As the table of the protocol has them."""
    app = create_app("postgresql://")
    described = {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    return described | {"WS /live"}


def test_every_route_is_documented_and_no_other() -> None:
    told = [name for name in named(section(PROTOCOL, "HTTP")) if " /" in name]
    assert sorted(told) == sorted(routes())


@pytest.mark.parametrize("noun", ["readings", "statistics"])
def test_every_parameter_is_documented(noun: str) -> None:
    operation = create_app("postgresql://").openapi()["paths"][f"{PREFIX}/{noun}"]["get"]
    said = prose(PROTOCOL)
    assert [given["name"] for given in operation["parameters"] if f"`{given['name']}`" not in said] == []


def test_what_is_announced_as_not_there_is_not_there() -> None:
    planned = named(section(PROTOCOL, "Not there yet"))
    assert planned
    assert set(planned) & routes() == set()
    assert {name.removeprefix("fieldline ") for name in planned} & set(COMMANDS) == set()

"""The `fieldline` command: one subcommand per module of `fieldline.commands`, loaded when it is called."""

import importlib
import keyword
import sys
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

COMMANDS = (
    "up",
    "status",
    "bridge",
    "api",
    "simulate",
    "migrate",
    "doctor",
    "ledger",
    "tail",
    "export",
    "import",
    "settings",
    "openapi",
    "server",
)


def identifier(command: str) -> str:
    """The module of a command, and the function in it."""
    return f"{command}_" if keyword.iskeyword(command) else command


class Commands(TyperGroup):
    """Imports a command's module only when that command is wanted: `fieldline status` needs no web framework."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  Click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        name = identifier(cmd_name)
        module = importlib.import_module(f"fieldline.commands.{name}")
        alone.command(cmd_name, hidden=getattr(module, "HIDDEN", False))(getattr(module, name))
        return typer.main.get_command(alone)


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback(help="Carries what field devices say over MQTT into Postgres, once, and onto the screen, live.")
def fieldline() -> None: ...


def main() -> None:
    """Run the command; trouble that the caller can mend is one line, all else a traceback for us."""
    try:
        app()
    except ValidationError as error:
        for wrong in error.errors():
            name = ".".join(map(str, wrong["loc"]))
            print(f"fieldline: setting {name}: {wrong['msg']}, got {wrong['input']!r}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except (OSError, ValueError) as error:
        print(f"fieldline: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)

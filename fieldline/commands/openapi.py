"""`fieldline openapi`: the API's own description, from which the web app's types are made."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.app import create_app


def openapi(
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of printing.")] = None,
) -> None:
    """Print the OpenAPI document of the API. It needs neither a database nor a broker."""
    text = document()
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def document() -> str:
    """The document as it is kept in `web/openapi.json`."""
    return json.dumps(create_app("postgresql://").openapi(), indent=2, ensure_ascii=False) + "\n"

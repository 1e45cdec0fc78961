"""`fieldline settings`: what can be set, and what is."""

import re

from rich.console import Console
from rich.table import Column, Table

from fieldline.settings import Settings


def settings() -> None:
    """Show every setting with its value, default and description."""
    now = Settings()
    table = Table(
        Column("variable", no_wrap=True),
        "value",
        "default",
        "what it is",
        title="Settings: environment, then fieldline.toml, then the default",
    )
    for name, field in Settings.model_fields.items():
        table.add_row(f"FIELDLINE_{name.upper()}", _shown(getattr(now, name)), str(field.default), field.description)
    Console().print(table)


def _shown(value: object) -> str:
    """Without the password of a URL: this lands on screens and in tickets."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", str(value))

"""`fieldline migrate`: brings the database to the current schema."""

import asyncio

from bridge import migrate as schema
from fieldline.settings import Settings


def migrate() -> None:
    """Bring the database to the current schema. What is current already stays untouched."""
    settings = Settings()
    password = settings.reader_password
    asyncio.run(schema.migrate(settings.database_url, password.get_secret_value() if password else None))

"""A second database, for what goes from one to another."""

from collections.abc import Iterator

import pytest

from tests import services


@pytest.fixture
def other_url(migrated: services.Database) -> Iterator[str]:
    """As `database_url`."""
    with services.fresh_database(migrated) as url:
        yield url

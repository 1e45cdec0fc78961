"""Fixtures that every test may ask for: a broker, a database server, a database with the schema."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import services

settings.register_profile("fieldline", deadline=None)  # a machine that is busy makes no property false
settings.load_profile("fieldline")


def pytest_addoption(parser: pytest.Parser) -> None:
    live = parser.getgroup("fieldline")
    live.addoption(
        "--reconnects", type=int, default=60, help="of live clients, in tests/system/test_live_reconnects.py"
    )
    live.addoption("--seed", type=int, default=7, help="decides their moments")


@pytest.fixture
def broker() -> Iterator[services.Broker]:
    """A real, empty Mosquitto: `.url`, `.host`, `.port`, `.websocket_port`, `.kill()`, `.stop()`, `.start()`."""
    with services.running_broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.Database]:
    """A real Postgres, one for all tests; `.url(name)`, `.restart("immediate")`, `.kill()`, `.stop()`, `.start()`."""
    with services.running_database() as database:
        yield database


@pytest.fixture(scope="session")
def migrated(postgres: services.Database) -> services.Database:
    services.make_template(postgres)
    return postgres


@pytest.fixture
def database_url(migrated: services.Database) -> Iterator[str]:
    """A database of its own, with the current schema and nothing in it."""
    with services.fresh_database(migrated) as url:
        yield url

"""Whether a request comes from a page that we served."""

from starlette.requests import HTTPConnection


def is_same_host(connection: HTTPConnection) -> bool:
    """Whether this is a page that we served, or no page at all: others must not read along with a visitor's rights."""
    origin = connection.headers.get("origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("host")

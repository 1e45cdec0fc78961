"""Whether a request comes from a page that we served."""

from starlette.requests import HTTPConnection

from api.hosts import is_page_of


def is_same_host(connection: HTTPConnection) -> bool:
    """Whether this is a page that we served, or no page at all: others must not read along with a visitor's rights."""
    headers = connection.headers
    return is_page_of(headers.get("host"), headers.get("origin"), connection.app.state.origins)

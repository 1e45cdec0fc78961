"""Whether a request comes from a page that we served: others must not read along with the rights of their visitors."""

from starlette.requests import HTTPConnection


def is_ours(connection: HTTPConnection) -> bool:
    """Whether this is a page of the host that was asked, or of a name that is configured, or no page at all.

    A program that is no browser has no `Origin`, and could say any.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    place = origin.partition("://")[2]
    name = place.rsplit(":", 1)[0].lower()
    return bool(place) and (place == connection.headers.get("host") or name in connection.app.state.origins)

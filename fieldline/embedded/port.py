"""Ports: which are free, which are taken, and whether somebody answers."""

import socket

LOOPBACK = "127.0.0.1"


def free(count: int = 1) -> list[int]:
    """Ports that were free a moment ago, all different. Someone else may be faster: retry when one is taken."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def near(host: str) -> str:
    """Where this machine itself reaches what listens at `host`."""
    return LOOPBACK if host in {"0.0.0.0", "::", ""} else host  # noqa: S104  compared, not bound


def bracketed(host: str) -> str:
    """The host as a URL wants it."""
    return f"[{host}]" if ":" in host else host


def refusal(host: str, port: int) -> str | None:
    """Why nothing can listen there, or None."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        return error.strerror
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the last run may linger
        try:
            probe.bind(address)
        except OSError as error:
            return error.strerror or str(error)
    return None


def answers(host: str, port: int) -> bool:
    """Whether a connection is accepted; on this machine that is known at once."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True

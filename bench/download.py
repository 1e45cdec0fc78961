"""Downloads one answer and drops it, while another request is made again and again to see how long it waits meanwhile."""

import threading
import time
from http.client import HTTPConnection, HTTPResponse
from typing import NamedTuple

from bench.fault import BenchError

EVERY = 0.02
"""Seconds from one of the other requests to the next."""
PIECE = 2**18
PATIENCE = 60


class Download(NamedTuple):
    size: int
    seconds: float
    longest_wait: float
    """Seconds that another request took at most, meanwhile."""


def download(port: int, path: str, other: str) -> Download:
    """All of `path`, without compression."""
    waits: list[float] = [0.0]
    done = threading.Event()
    asking = threading.Thread(target=_ask, args=(port, other, waits, done), name="other requests")
    began = time.perf_counter()
    answer = _get(port, path)
    asking.start()
    try:
        size = 0
        while piece := answer.read(PIECE):
            size += len(piece)
    finally:
        done.set()
        asking.join()
    return Download(size, time.perf_counter() - began, max(waits))


def _ask(port: int, path: str, waits: list[float], done: threading.Event) -> None:
    while not done.wait(EVERY):
        began = time.perf_counter()
        _get(port, path).read()
        waits.append(time.perf_counter() - began)


def _get(port: int, path: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    answer = connection.getresponse()
    if answer.status != 200:
        raise BenchError(f"{path}: expected 200, got {answer.status}: {answer.read(300)!r}")
    return answer


def wait_until_served(port: int, path: str) -> None:
    """Return once there is an answer."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            _get(port, path).read()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise BenchError(f"expected a server within {PATIENCE} s, got none") from None
            time.sleep(EVERY)
        else:
            return

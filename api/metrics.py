"""`/metrics`: what Prometheus gets to know of this process."""

import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import accumulate

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, GCCollector, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from bridge.histogram import Distribution
from bridge.state import BridgeState
from bridge.told import Told

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """In the format that the scraper asks for."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(request.app.state.metrics), headers={"content-type": content_type})


def registry(bridge: Callable[[], BridgeState] | None, live_clients: Callable[[], int] | None) -> CollectorRegistry:
    """The figures of this process, of its bridge and of its live side, as far as it has them."""
    found = CollectorRegistry()
    ProcessCollector(registry=found)
    PlatformCollector(registry=found)
    GCCollector(registry=found)
    found.register(_Fieldline(bridge, live_clients))
    return found


class _Fieldline(Collector):
    """Looks at the bridge once a scrape, so that all its figures are of one moment."""

    def __init__(self, bridge: Callable[[], BridgeState] | None, live_clients: Callable[[], int] | None) -> None:
        self._bridge = bridge
        self._live_clients = live_clients

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("fieldline", "Version of Fieldline.", {"version": version("fieldline")})
        if self._live_clients:
            yield _gauge("live_clients", "Clients of the live stream.", self._live_clients())
        if self._bridge:
            state = self._bridge()
            yield from _messages(state)
            yield from _outside(state)
            if state.broker:
                yield from _broker(state.broker)


def _messages(state: BridgeState) -> Iterator[Metric]:
    fates = {"stored": state.stored, "duplicate": state.duplicate, "rejected": state.rejected}
    oldest = state.oldest_unacknowledged
    age = 0.0 if oldest is None else max(time.time() - oldest / 1_000_000, 0.0)
    yield _counter("messages_received", "Messages taken from the broker, repetitions included.", state.received)
    yield _counters("messages", "Messages by what became of them.", "fate", fates.items())
    yield _gauge("messages_in_flight", "Messages received and not yet acknowledged.", state.in_flight)
    yield _gauge("messages_pending", "Messages that wait to be received.", state.pending)
    yield _gauge("oldest_unacknowledged_seconds", "Age of the oldest message that is in flight or pending.", age)
    yield _counters("rejects", "Rejected messages by reason.", "reason", state.rejects.items())
    yield _counter("readings_stored", "New readings.", state.readings)
    yield _histogram("batch_messages", "Messages in a batch.", state.batch_messages)
    yield _histogram("commit_seconds", "Duration of a transaction that committed.", state.commit_seconds)
    yield _histogram("acknowledge_seconds", "From a message's arrival to its PUBACK.", state.acknowledge_seconds)


def _outside(state: BridgeState) -> Iterator[Metric]:
    healthy = state.reason is None
    yield _gauge("bridge_healthy", "1 while messages can flow from the broker into the database.", healthy)
    yield _gauge("session_connected", "1 while the session has a connection.", state.connected)
    yield _counter("session_connects", "Connections that the session has had.", state.connects)
    yield _counter("store_retries", "Tries to store a batch that failed and were made again.", state.retries)


def _broker(told: Told) -> Iterator[Metric]:
    """What the broker says, as far as it says it."""
    if told.version is not None:
        yield InfoMetricFamily("fieldline_broker", "Version of the broker.", {"version": told.version})
    gauges = {
        "broker_queued_messages": ("Messages that the broker keeps for its clients.", told.queued),
        "broker_stored_bytes": ("Payloads of queued and retained messages.", told.stored_bytes),
        "broker_retained_messages": ("Retained messages.", told.retained),
        "broker_clients": ("Clients connected to the broker.", told.clients),
        "broker_uptime_seconds": ("Since the broker started.", told.uptime),
    }
    for name, (meaning, value) in gauges.items():
        if value is not None:
            yield _gauge(name, meaning, value)
    if told.dropped is not None:
        yield _counter(
            "broker_dropped_messages", "Messages that the broker dropped, its queues being full.", told.dropped
        )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"fieldline_{name}", meaning, value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"fieldline_{name}", meaning, value)


def _counters(name: str, meaning: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = CounterMetricFamily(f"fieldline_{name}", meaning, labels=[label])
    for key, value in values:
        family.add_metric([key], value)
    return family


def _histogram(name: str, meaning: str, found: Distribution) -> Metric:
    bounds = map(floatToGoString, (*found.bounds, float("inf")))
    buckets = [(bound, float(count)) for bound, count in zip(bounds, accumulate(found.counts), strict=True)]
    return HistogramMetricFamily(f"fieldline_{name}", meaning, buckets, found.sum)

"""Runs the fallback broker where there is no Mosquitto: iotcore (rumqttd), which keeps everything in memory only."""

import sys
from dataclasses import dataclass
from pathlib import Path

from fieldline.embedded.part import Part
from fieldline.embedded.port import LOOPBACK, answers, near

COST = (
    "no Mosquitto found: the fallback broker keeps messages in memory only and loses waiting ones when it restarts; "
    "its port speaks MQTT 5 only (apt-get install mosquitto)"
)
RUN = """
import logging, sys
logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error
from iotcore import IotCoreBroker
IotCoreBroker(config_path=sys.argv[1]).run_forever()
"""
CONFIGURATION = """
id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600  # bytes; ten of these a topic filter, then the oldest messages are dropped
max_segment_count = 10

[v5.1]
name = "mqtt"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576  # the default of 20 kB is too small for a backlog
max_inflight_count = 1000  # it ignores the clients' Receive Maximum
dynamic_filters = true

[ws.1]
name = "websocket"
listen = "{host}:{websocket_port}"
next_connection_delay_ms = 1
[ws.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 1000
dynamic_filters = true
"""


@dataclass(frozen=True, slots=True)
class Iotcore:
    """The fallback broker: MQTT 5 at one port, MQTT 3.1.1 over WebSockets at the other."""

    folder: Path
    log: Path
    port: int
    websocket_port: int
    host: str = LOOPBACK

    def prepare(self) -> Part:
        """Write the configuration and say how to run it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder.absolute() / "iotcore.toml"
        path.write_text(CONFIGURATION.format(host=self.host, port=self.port, websocket_port=self.websocket_port))
        close = near(self.host)
        return Part(
            name="broker",
            command=(sys.executable, "-P", "-c", RUN, str(path)),
            log=self.log,
            ready=lambda _: answers(close, self.port) and answers(close, self.websocket_port),
            grace=1,  # it knows no clean end
        )

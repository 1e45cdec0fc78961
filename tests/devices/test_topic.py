"""Topics: what the fleet publishes to is what the bridge understands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import topic

levels = st.text(st.characters(blacklist_characters="/+#\0", blacklist_categories=["Cs"]), min_size=1)


@given(levels, levels)
def test_every_topic_is_taken_apart_as_it_was_put_together(device: str, name: str) -> None:
    assert topic.parse(topic.telemetry(device)) == topic.Topic(device, "telemetry", "")
    assert topic.parse(topic.telemetry(device, name)) == topic.Topic(device, "telemetry", name)
    assert topic.parse(topic.status(device)) == topic.Topic(device, "status", "")
    assert topic.parse(topic.info(device)) == topic.Topic(device, "info", "")
    assert topic.parse(topic.commands(device, name)) == topic.Topic(device, "commands", name)


@pytest.mark.parametrize(
    "foreign",
    ["", "devices", "devices//telemetry", "devices/a/telemetry/", "devices/a/b", "tele/a/SENSOR", "devices/a/status/x"],
)
def test_a_foreign_topic_is_not_understood(foreign: str) -> None:
    assert topic.parse(foreign) is None

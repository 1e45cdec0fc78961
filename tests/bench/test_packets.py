"""The prepared packets say what encoding each of them would, and the publisher believes no wrong acknowledgement."""

import itertools
from collections.abc import Iterator

import mqtt5
import msgspec
import pytest

from bench.packets import FIRST_SEQ, MOST, Block

START = 1_760_000_000_000


def read(data: bytes) -> Iterator[mqtt5.Packet]:
    view = memoryview(data)
    while view:
        packet, length = mqtt5.read(view)
        yield packet
        view = view[length:]


@pytest.mark.parametrize("devices", [1, 7, 125, 8_334])
def test_every_device_counts_up_and_no_time_repeats(devices: int) -> None:
    names = [f"d{number}" for number in range(devices)]
    block = Block(names)
    found = list(read(b"".join(itertools.islice(block.written(START), 2))))
    assert len(found) == 2 * block.messages
    for index, packet in enumerate(found):
        assert isinstance(packet, mqtt5.PublishPacket)
        sweep, number = divmod(index, devices)
        said = msgspec.json.decode(packet.payload)
        assert packet.topic == f"devices/{names[number]}/telemetry"
        assert (said["at"], said["seq"]) == (START + sweep, FIRST_SEQ + sweep)
        assert packet.packet_id == index % block.messages + 1


def test_offsets_tell_where_each_message_begins_in_every_block() -> None:
    block = Block(["a", "longer-name"])
    second = next(itertools.islice(block.written(START), 1, None))
    assert block.offsets[-1] == len(second)
    [packet] = read(second[block.offsets[41] : block.offsets[42]])
    assert isinstance(packet, mqtt5.PublishPacket)
    assert packet.packet_id == 42


def test_the_answers_are_one_success_a_message_in_order() -> None:
    block = Block(["a"])
    answers = list(read(block.answers))
    assert [answer.packet_id for answer in answers if isinstance(answer, mqtt5.PubAckPacket)] == list(
        range(1, block.messages + 1)
    )


def test_more_devices_than_packet_ids_are_refused() -> None:
    with pytest.raises(ValueError, match=f"expected at most {MOST} devices a connection, got {MOST + 1}"):
        Block(["d"] * (MOST + 1))

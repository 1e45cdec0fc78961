"""What the devices of the torture say is what a verdict can be made of."""

import json
from collections import Counter
from itertools import pairwise
from random import Random

from bridge.decode import decode
from bridge.message import Message as Received
from bridge.record import Report
from torture.script import ONE_BAD_IN, Message, Script, values

NOW = 1_790_000_000_000
DEVICES = ["a", "b", "c", "d", "e"]


def received(messages: list[Message]) -> list[Received]:
    return [Received(message.topic, message.payload, 1, NOW * 1_000) for message in messages]


def parts(seed: int = 1, count: int = 2_000) -> list[Message]:
    script = Script(DEVICES, NOW - 86_400_000, Random(seed))
    return script.part(count) + script.part(count, shift=-3_600_001)


def test_the_same_seed_says_the_same() -> None:
    assert parts() == parts()
    assert parts() != parts(2)


def test_each_message_says_what_it_is_said_to_say() -> None:
    messages = parts()
    found = decode(received(messages))
    assert found.refusals == []
    assert len(found.reports) > len(messages), "some are backlogs"
    assert found.reports == [
        Report(message.device, at * 1_000, {"seq": seq, **values(seq)})
        for message in messages
        for seq, at in message.readings
    ]


def test_a_time_belongs_to_one_number_of_a_device_and_repetitions_change_nothing() -> None:
    told = {(message.device, seq, at) for message in parts() for seq, at in message.readings}
    assert len({(device, seq) for device, seq, _ in told}) == len({(device, at) for device, _, at in told}) == len(told)
    assert max(Counter((message.topic, message.payload) for message in parts()).values()) == 2


def test_a_third_comes_out_of_order() -> None:
    numbers = [message.readings[0][0] for message in Script(["a"], NOW, Random(1)).part(3_000)]
    assert sum(after < before for before, after in pairwise(numbers)) > len(numbers) / 10


def test_bad_messages_are_rejected_whole_and_no_two_are_alike() -> None:
    script = Script(DEVICES, NOW - 86_400_000, Random(1))
    messages = script.part(30_000, bad=True)
    found = decode(received(messages))
    assert found.reports == []
    assert {index for index, _ in found.refusals} == set(range(len(messages)))
    assert len({message.payload for message in messages}) == 30_000


def test_one_in_so_many_is_bad_without_being_asked() -> None:
    messages = Script(["a"], NOW, Random(1)).part(ONE_BAD_IN * 2)
    assert len({message.payload for message in messages if not message.readings}) == 2
    assert json.loads(messages[0].payload)["seq"] in range(ONE_BAD_IN)

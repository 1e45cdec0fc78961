"""Whatever the order of batches on their way, every message is counted once and has one fate or is in flight."""

from hypothesis import given
from hypothesis import strategies as st

from bridge import clock
from bridge.committed import Committed
from bridge.message import Message
from bridge.store.insert import Outcome
from bridge.tally import Tally

FATES = st.lists(st.sampled_from(["stored", "duplicate", "json", "conflict"]), min_size=1, max_size=20)
STEPS = st.lists(st.tuples(FATES, st.booleans()))


def outcome(fates: list[str]) -> Outcome:
    committed = Committed(1, [1] * fates.count("stored"), [], [])
    rejects = {reason: fates.count(reason) for reason in ("json", "conflict")}
    return Outcome(committed, fates.count("stored"), fates.count("duplicate"), rejects)  # type: ignore[arg-type]


def holds(tally: Tally) -> bool:
    return tally.received == tally.stored + tally.duplicate + tally.rejects.total() + tally.in_flight


@given(STEPS)
def test_received_is_stored_duplicate_rejected_or_in_flight_at_every_step(steps: list[tuple[list[str], bool]]) -> None:
    tally, begun = Tally(), list[list[str]]()
    for fates, settles in steps:
        tally.receive([Message("t", b"", None, len(begun))] * len(fates))
        begun.append(fates)
        assert holds(tally)
        if settles:
            first = begun.pop(0)
            tally.settle(1, [outcome(first[:1]), outcome(first[1:])])
            assert holds(tally)
    settled = tally.received - tally.in_flight
    assert tally.in_flight == sum(map(len, begun))
    assert sum(tally.acknowledge_seconds.look().counts) == settled
    assert tally.batch_messages.look().sum == settled
    assert sum(tally.batch_messages.look().counts) == len(steps) - len(begun)


def test_the_oldest_message_is_that_of_the_batch_that_began_first() -> None:
    assert Tally().oldest is None
    tally = Tally()
    first, second = clock.now() - 2_000_000, clock.now()
    tally.receive([Message("t", b"", None, first), Message("t", b"", None, first + 1)])
    tally.receive([Message("t", b"", None, second)])
    assert tally.oldest == first
    tally.settle(1, [outcome(["stored", "json"])])
    assert tally.oldest == second
    assert tally.rejects["json"] == 1
    assert tally.rejects["store"] == 0, "a reason that has not happened yet is there too"
    tally.settle(1, [outcome(["stored"])])
    assert tally.oldest is None

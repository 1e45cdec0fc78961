"""The verdict finds what breaks the promise: a test of the promise that can't fail would be worth nothing."""

from torture.script import Message
from torture.verdict import Row, Verdict, judge

GOOD = Message("devices/a/telemetry", b"{}", "a", ((0, 1_000),))
BACKLOG = Message("devices/a/telemetry", b"[]", "a", ((1, 2_000), (2, 3_000)))
BAD = Message("devices/a/telemetry", b"{", "a", ())
SENT = [(GOOD, 10.0), (BACKLOG, 11.0), (BAD, 12.0)]
ROWS = [Row("a", 0, 1_000, whole=True), Row("a", 1, 2_000, whole=True), Row("a", 2, 3_000, whole=True)]
REJECTS = [(BAD.topic, BAD.payload)]


def verdict(**changes: object) -> Verdict:
    """The verdict on a round in which all is well, with changes."""
    given = {"sent": SENT, "rows": ROWS, "rejects": REJECTS} | changes
    return judge(**given)  # type: ignore[arg-type]


def test_a_round_in_which_all_is_well_is_good() -> None:
    assert verdict() == Verdict(3, 3, [], [], [], [], 0, 0, 0)
    assert verdict().good


def test_a_lost_reading_is_found_and_named() -> None:
    found = verdict(rows=[ROWS[0], ROWS[2]])
    assert found.lost == [("a", 1)]
    assert found.faults() == ["1 lost, as a/1"]
    assert not found.good


def test_a_doubled_reading_is_found_at_whatever_time_it_is_stored_again() -> None:
    found = verdict(rows=[*ROWS, Row("a", 2, 3_001, whole=True)])
    assert found.twice == [("a", 2)]
    assert found.strange == [("a", 2)]


def test_a_message_stored_in_part_is_found() -> None:
    assert verdict(rows=[*ROWS[:2], ROWS[2]._replace(whole=False)]).in_part == [("a", 2)]


def test_a_reading_at_another_time_or_one_that_nobody_sent_is_strange() -> None:
    assert verdict(rows=[ROWS[0]._replace(at=999), *ROWS[1:]]).strange == [("a", 0)]
    assert verdict(rows=[*ROWS, Row("b", 0, 1_000, whole=True)]).strange == [("b", 0)]


def test_a_missing_and_a_needless_reject_are_found() -> None:
    assert verdict(rejects=[]).rejects_missing == 1
    assert verdict(rejects=[*REJECTS, (GOOD.topic, GOOD.payload)]).rejects_strange == 1


def test_a_reject_that_is_kept_again_is_one_reject() -> None:
    assert verdict(rejects=REJECTS * 2).good


def test_wrong_rollups_are_no_good() -> None:
    assert verdict()._replace(rollups_wrong=1).faults() == ["1 rollups_wrong"]


def test_what_was_never_acknowledged_may_be_stored_or_not() -> None:
    unsure = [(GOOD, 0.0), *SENT[1:]]
    assert verdict(sent=unsure).good
    assert verdict(sent=unsure, rows=ROWS[1:]).good


def test_only_what_was_acknowledged_since_the_broker_saved_is_its_own_loss() -> None:
    found = verdict(rows=[], unsaved=[(10.0, 11.5)])
    assert found.broker_lost == 2
    assert found.lost == [("a", 0)], "it was acknowledged at the moment of saving"


def test_a_repetition_that_the_broker_had_saved_makes_the_loss_ours() -> None:
    found = verdict(sent=[*SENT, (BACKLOG, 12.5)], rows=ROWS[:1], unsaved=[(10.5, 12.0)])
    assert found.lost == [("a", 1), ("a", 2)]
    assert found.broker_lost == 0

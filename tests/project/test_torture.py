"""Every fault of the torture is described, and none that there is not."""

from tests.project.documents import named, read, section
from torture import table
from torture.catalogue import FAULTS
from torture.run import MESSAGES

PAGE = read("docs/torture.md")


def test_every_fault_is_described_and_no_other() -> None:
    assert sorted(named(section(PAGE, "Faults"))) == sorted(fault.name for fault in FAULTS)


def test_the_long_form_is_as_long_as_it_is_said_to_be() -> None:
    turns = 2
    assert f"--rounds {turns * len(FAULTS)} " in PAGE
    assert turns * sum(fault.times for fault in FAULTS) >= 500
    assert turns * sum(fault.scale for fault in FAULTS) * MESSAGES >= 1_000_000


def test_every_column_is_explained() -> None:
    assert set(named(section(PAGE, "A round"))) == set(table.COLUMNS) - {"round", "fault"}

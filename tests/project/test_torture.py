"""Every fault of the torture is described, and none that there is not."""

from tests.project.documents import named, read, section
from torture import table
from torture.catalogue import FAULTS

PAGE = read("docs/torture.md")


def test_every_fault_is_described_and_no_other() -> None:
    assert sorted(named(section(PAGE, "Faults"))) == sorted(fault.name for fault in FAULTS)


def test_every_column_is_explained() -> None:
    assert set(named(section(PAGE, "A round"))) == set(table.COLUMNS) - {"round", "fault"}

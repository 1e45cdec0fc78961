"""The torture in short: faults that are cheap, a few strikes each, and the promise holds in every round."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from tests import services
from torture import table
from torture.catalogue import FAULTS
from torture.run import run

SEED = 3
MESSAGES = 1_000
SHORT = [replace(fault, times=1 + fault.times // 5) for fault in FAULTS if not fault.slow]


@pytest.mark.skipif(services.CONTAINERS, reason="faults hit processes of this machine")
@pytest.mark.timeout(600)  # about a minute on a machine that is free
async def test_whatever_goes_wrong_each_acknowledged_message_is_stored_once() -> None:
    results = [result async for result in run(SHORT, len(SHORT), MESSAGES, SEED)]
    told = StringIO()
    table.show(results, Console(file=told, width=160))
    assert [result.fault for result in results if result.trouble and not result.skipped] == [], told.getvalue()
    assert len(results) == len(SHORT)

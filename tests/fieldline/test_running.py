"""What a process of Fieldline is like while it runs."""

import gc
import subprocess
import sys

WORK = """
import gc
from fieldline.commands.server import run

async def look():
    print(gc.get_freeze_count(), len(gc.get_objects()))

run(look())
"""


def test_garbage_is_not_looked_for_among_what_the_process_consists_of() -> None:
    said = subprocess.run([sys.executable, "-c", WORK], capture_output=True, check=True, text=True).stdout
    frozen, left = map(int, said.split())
    assert frozen > 50_000, "expected all modules"
    assert left < frozen / 10
    assert gc.get_freeze_count() == 0, "expected this process to be as it was"

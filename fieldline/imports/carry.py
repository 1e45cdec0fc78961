"""The path of a file: read → translate → decode → store; what can't go through is told with its line."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from api.match import Kind
from bridge import clock
from bridge.decode import Decoded, decode
from bridge.message import Message
from bridge.store.store import Store
from fieldline.imports.entry import Bad, Chunk, Entry, Name, Source
from fieldline.imports.message import Translator


@dataclass
class Tally:
    """What became of the lines so far."""

    stored: int = 0
    duplicate: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    """Kept in the table of rejects, by reason."""
    bad: int = 0
    """Kept out."""
    whole: bool = False
    """All files were read to their end."""

    @property
    def lines(self) -> int:
        return self.stored + self.duplicate + self.rejects.total() + self.bad


class Batch(NamedTuple):
    decoded: Decoded
    bad: list[Bad]
    done: int


async def carry(
    source: Source,
    kinds: Mapping[Name, Kind],
    store: Store,
    tally: Tally,
    report: Callable[[Bad], None],
    progress: Callable[[int], None],
) -> None:
    """Store all that can be, a chunk a transaction; while one commits, the next is read. Again it changes nothing."""
    batches = _batches(source.chunks, Translator(kinds))
    batch = await asyncio.to_thread(next, batches, None)
    while batch is not None:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(asyncio.to_thread(next, batches, None), name="read ahead")
            await _settle(batch, store, tally, report)
        progress(batch.done)
        batch = reading.result()


async def _settle(batch: Batch, store: Store, tally: Tally, report: Callable[[Bad], None]) -> None:
    tally.bad += len(batch.bad)
    for bad in batch.bad:
        report(bad)
    if not batch.decoded.messages:
        return
    for outcome in await store.keep(store.sort(batch.decoded)):
        tally.stored += outcome.stored
        tally.duplicate += outcome.duplicate
        tally.rejects.update(outcome.rejects)


def _batches(chunks: Iterator[Chunk], translator: Translator) -> Iterator[Batch]:
    for chunk in chunks:
        yield _batch(chunk, translator)


def _batch(chunk: Chunk, translator: Translator) -> Batch:
    """A message a line, read as the bridge reads them: what it would refuse then is a bad line, and goes no further."""
    now = clock.now()
    bad: list[Bad] = []
    entries: list[Entry] = []
    messages: list[Message] = []
    for line in chunk.lines:
        message = translator.message(line, now) if isinstance(line, Entry) else line
        if isinstance(message, Message) and isinstance(line, Entry):
            entries.append(line)
            messages.append(message)
        elif isinstance(message, Bad):
            bad.append(message)
    decoded = decode(messages)
    if decoded.refusals:
        refused = dict(decoded.refusals)
        bad += [Bad(entries[index].line, f"{refusal.reason}: {refusal.detail}") for index, refusal in refused.items()]
        entries = [entry for index, entry in enumerate(entries) if index not in refused]
        decoded = decode([message for index, message in enumerate(messages) if index not in refused])
    units = {(entry.device, entry.metric): entry.unit for entry in entries if entry.unit is not None}
    return Batch(decoded._replace(units=units), sorted(bad), chunk.done)

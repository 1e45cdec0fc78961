"""What becomes of odd messages: each row of the table in the protocol, and whatever else there may be."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge import clock
from bridge.decode import decode
from bridge.message import Message
from bridge.store.store import Store
from tests.project.documents import read, rows, section
from tests.putting import put

AT = 1_790_000_000_000
TELEMETRY = "devices/odd/telemetry"
STATUS, INFO = "devices/odd/status", "devices/odd/info"


class Said(NamedTuple):
    payload: bytes
    topic: str = TELEMETRY


def timed(fields: str, at: int = AT) -> Said:
    return Said(f'{{"at":{at},{fields}}}'.encode())


FIRST = timed('"level":1,"zero":0.0,"big":1e308,"mode":"on"')
EXAMPLES: tuple[tuple[Said, ...], ...] = (
    (timed('"a":-0.0'), timed('"b":1e-320'), timed('"c":1E5'), timed('"d":1e-400'), Said(b"-1.5e3", f"{TELEMETRY}/e")),
    (timed('"f":"21.4"'), Said(b'"21.4"', f"{TELEMETRY}/g")),
    (Said(b'"' + b"x" * 1_000_000 + b'"', f"{TELEMETRY}/long"),),
    (timed('"twice":1,"twice":2'),),
    (
        timed('" ":1'),
        timed('"a/b/*":1'),
        timed('"\\u0001\\n\\"":1'),
        timed('"Füllstand 水位":1'),
        Said(b"1", "devices/ \x02/telemetry/ü"),
    ),
    (Said(b"[" + b",".join([b'{"at":%d,"many":%d}' % (AT + n, n) for n in range(100_000)]) + b"]"),),
    (Said(b'{"at":"2025-W41-4T08:53:20Z","iso":1}'), Said(b'{"at":"20251009T085321Z","iso":1}')),
    (timed('"level":null'), Said(b"{}"), Said(b"[]"), Said(b"null", f"{TELEMETRY}/n")),
    (FIRST, timed('"level":1.0'), timed('"zero":-0.0')),
    (Said(b""), Said(b"hello"), Said(b'{"n":1}{'), Said(b"", f"{TELEMETRY}/n"), Said(b"open", f"{TELEMETRY}/n")),
    (
        timed('"n":NaN'),
        timed('"n":-Infinity'),
        timed('"n":1e400'),
        timed(f'"n":{"9" * 4_301}'),
        timed(f'"n":{"9" * 999_000}'),
    ),
    (Said(b'{"n":"\xff"}'), Said(b'{"n":"\\ud800"}'), Said(b'\xef\xbb\xbf{"n":1}'), Said('{"n":1}'.encode("utf-16"))),
    (Said(b"[" * 1_000_000), Said(b'{"n":' * 150_000), timed(f'"n":{"[" * 2_000}{"]" * 2_000}')),
    (Said(b'"text"'), Said(b"null"), Said(b"1"), Said(b"[1]"), Said(b'[{"n":1},[]]')),
    (timed('"n":9007199254740993'), timed('"n":-9007199254740993'), timed(f'"n":{"9" * 4_300}')),
    (timed('"n":{"deep":1}'), timed('"n":[]'), Said(b"{}", f"{TELEMETRY}/n")),
    (timed('"n":"a\\u0000"'),),
    (timed('"":1'), timed(f'"{"n" * 256}":1'), timed('"a\\u0000":1')),
    tuple(Said(b'{"at":%s,"n":1}' % at) for at in (b"null", b"true", b"[]", b"{}", b'""', b'"soon"', b'"25:00"')),
    tuple(
        Said(b'{"at":%s,"n":1}' % at)
        for at in (
            b'"2025-10-09T08:53:20"',
            b"0",
            b"-1",
            b"946684799",
            b"9e9",
            b"1e300",
            b"9" * 4_300,
            b'"9999-12-31T23:59:59Z"',
        )
    ),
    (timed('"level":true', AT + 1), timed('"level":"1"', AT + 1), timed('"mode":1', AT + 1)),
    (timed('"level":2'), timed('"mode":"off"')),
    (timed('"big":1.5e308', AT + 1),),
    (Said(b"Online", STATUS), Said(b"", STATUS), Said(b"\xff", STATUS)),
    (Said(b"[]", INFO), Said(b"", INFO), Said(b"\x00", INFO), Said(b'{"a":' + b"[" * 2_000, INFO)),
    (
        Said(b'{"name":"' + b"x" * 65_536 + b'"}', INFO),
        Said(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", INFO),
        Said(b'{"a":["\\u0000"]}', INFO),
        Said(b'{"\\u0000":1}', INFO),
        Said(b'{"location":{"lat":%s}}' % (b"9" * 400), INFO),
    ),
    (Said(b"1", "devices/odd"), Said(b"1", "elsewhere"), Said(b"1", "devices//telemetry")),
    (Said(b"1", "devices/a\0b/telemetry/n"),),
)
"""In the order of the table."""
TABLE = rows(section(read("docs/protocol.md"), "Fates"))


def message(said: Said) -> Message:
    return Message(said.topic, said.payload, 1, clock.now())


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    await put(store, [message(FIRST)])
    yield store
    await store.close()


@pytest.mark.parametrize(
    ("row", "examples"), list(zip(TABLE, EXAMPLES, strict=True)), ids=[row[0][:60] for row in TABLE]
)
async def test_what_is_odd_has_the_fate_that_the_protocol_tells(
    store: Store, sql: asyncpg.Connection, row: list[str], examples: tuple[Said, ...]
) -> None:
    for said in examples:
        await sql.execute("DELETE FROM reject")
        outcomes = await put(store, [message(said)])
        found = await sql.fetch("SELECT topic, payload, reason, detail FROM reject")
        if row[1].startswith("`"):
            assert [(one["payload"], f"`{one['reason']}`") for one in found] == [(said.payload, row[1])]
            assert found[0]["topic"] == said.topic.replace("\0", "\\0")
            assert found[0]["detail"]
        else:
            assert [tuple(one) for one in found] == []
            new = sum(len(outcome.committed.series) for outcome in outcomes)
            assert (new > 0) == row[1].startswith("stored"), said
        await sql.fetch("TABLE devices")  # whatever was stored, readers can read it
        await sql.fetch("TABLE latest")


async def test_the_values_that_odd_messages_leave_behind(store: Store, sql: asyncpg.Connection) -> None:
    for said in itertools.chain(*EXAMPLES[:7]):
        await put(store, [message(said)])
    found = {
        name: text or value
        for name, text, value in await sql.fetch("SELECT metric, text, value::text FROM latest WHERE metric <> 'long'")
    }
    assert {name: found[name] for name in "abcdefg"} == {
        "a": "-0",
        "b": "1e-320",
        "c": "100000",
        "d": "0",
        "e": "-1500",
        "f": "21.4",
        "g": "21.4",
    }
    assert found["twice"] == "2"
    assert await sql.fetchval("SELECT count(*) FROM readings WHERE metric = 'many'") == 100_000


anything = st.tuples(
    st.sampled_from(("telemetry", "telemetry/n", "status", "info", "commands/x", "")),
    st.binary(max_size=40)
    | st.sampled_from([said.payload for said in itertools.chain(*EXAMPLES) if len(said.payload) < 1_000]),
    st.text(st.characters(exclude_characters="/"), max_size=3),
)
numbers = itertools.count(1)
announced: Counter[tuple[str, int, int]] = Counter()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(anything, max_size=30))
@pytest.mark.timeout(180)
async def test_whatever_comes_the_good_is_stored_and_each_bad_message_is_one_reject(
    database_url: str, found: list[tuple[str, bytes, str]]
) -> None:
    store = Store(database_url)
    sql = await asyncpg.connect(database_url)
    last = await sql.fetchval("SELECT coalesce(max(id), 0) FROM reject")
    messages, good = [], []
    for kind, payload, device in found:
        good.append(number := next(numbers))
        messages.append(message(Said(payload, f"devices/{device}/{kind}")))
        messages.append(message(Said(b'{"at":%d,"good":%d}' % (AT + number, number), "devices/good/telemetry")))
    outcomes = await put(store, messages)
    kept = await sql.fetch("SELECT payload FROM reject WHERE id > $1", last)
    stored = await sql.fetch("SELECT value::int FROM readings WHERE metric = 'good' AND value = ANY($1::int[])", good)
    await sql.close()
    await store.close()
    assert sorted(row["value"] for row in stored) == good
    assert sum(outcome.stored + outcome.duplicate + outcome.rejected for outcome in outcomes) == len(messages)
    assert sum(outcome.rejected for outcome in outcomes) == len(kept)
    rejected = Counter(row["payload"] for row in kept)
    sent = Counter(one.payload for one in messages)
    unreadable = Counter(one.payload for one in messages if decode([one]).refusals)
    assert unreadable <= rejected <= sent
    announced.update(
        (database_url, series, at)
        for outcome in outcomes
        for series, at in zip(outcome.committed.series, outcome.committed.at, strict=True)
    )
    assert not [one for one, times in announced.items() if times > 1], "announced twice"

"""Long texts on the live stream: however much of them there is, a frame has a size that a client takes."""

import pytest

from bridge.live import cursor
from tests.bridge.watching import BEGINNING, Live, Writer

LONG = "x" * 100_000
BY_MESSAGE = 1_000_000
"""Bytes of a text that fills a message."""


async def _write(writer: Writer, batches: int, each: int) -> list[str]:
    """Long texts, each a different one; the cursors of their batches."""
    return [
        cursor.encode(
            (
                await writer.write(
                    *[("a", "said", BEGINNING + 100 * batch + n, f"{batch} {n} {LONG}") for n in range(each)]
                )
            ).committed_at
        )
        for batch in range(1, batches + 1)
    ]


async def test_a_resume_brings_long_texts_in_frames_of_about_a_megabyte(live: Live) -> None:
    writer = live.writer()
    first = await writer.write(("a", "said", BEGINNING, "first"))
    places = await _write(writer, batches=8, each=4)
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", after=cursor.encode(first.committed_at))
        await watcher.until(32)
        told = [value[:3] for _, _, value in watcher.readings]
    assert told == [f"{batch} {n}" for batch in range(1, 9) for n in range(4)]
    readings = [frame for frame in watcher.frames if frame["type"] == "readings"]
    assert [len(frame["at"]) for frame in readings] == [12, 12, 8]
    assert [frame["cursor"] for frame in readings] == [places[2], places[5], places[7]]


async def test_a_resume_of_more_text_than_it_may_bring_is_a_gap_for_who_wants_these(live: Live) -> None:
    writer = live.writer()
    first = await writer.write(("a", "said", BEGINNING, "first"), ("b", "x", BEGINNING, 0.0))
    for n in range(1, 12):
        last = await writer.write(
            ("a", "said", BEGINNING + n, f"{n}" + "x" * BY_MESSAGE), ("b", "x", BEGINNING + n, 1.0)
        )
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", after=cursor.encode(first.committed_at))
        gap, subscribed = await watcher.next(), await watcher.next()
        assert (gap["reason"], gap["cursor"]) == ("limit", cursor.encode(last.committed_at))
        assert (subscribed["type"], subscribed["cursor"]) == ("subscribed", gap["cursor"])
    async with live.watcher() as watcher:
        watcher.subscribe("b/*", after=cursor.encode(first.committed_at))
        assert len(await watcher.until(11)) == 11


async def test_the_newest_texts_of_many_series_are_told_in_several_frames(live: Live) -> None:
    await live.writer().write(*[("a", f"said {n}", BEGINNING, LONG) for n in range(25)])
    async with live.watcher() as watcher:
        watcher.subscribe("a/*")
        assert [len((await watcher.next())["series"]) for _ in range(3)] == [10, 10, 5]


@pytest.mark.parametrize(("most", "types"), [(5, ["gap", "subscribed"]), (10_000_000, ["subscribed", "readings"])])
async def test_a_batch_too_large_for_a_live_frame_comes_from_the_store_or_is_a_gap(
    live: Live, monkeypatch: pytest.MonkeyPatch, most: int, types: list[str]
) -> None:
    monkeypatch.setattr("bridge.live.subscription.LARGEST_FRAME", 350_000)
    monkeypatch.setattr("bridge.live.subscription.MOST_TEXT", most)
    writer = live.writer()
    first = await writer.write(("a", "said", BEGINNING, "first"))
    async with live.watcher() as watcher:
        watcher.subscribe("a/*")
        await watcher.next()
        [place] = await _write(writer, batches=1, each=4)
        assert [(await watcher.next())["type"] for _ in types] == types
        assert watcher.frames[1]["cursor"] == (place if "gap" in types else cursor.encode(first.committed_at))
        assert watcher.frames[1].get("reason", "limit") == "limit"
        last = await writer.write(("a", "said", BEGINNING + 1, "last"))
        assert (await watcher.next())["value"] == ["last"]
    assert watcher.frames[-1]["cursor"] == cursor.encode(last.committed_at)

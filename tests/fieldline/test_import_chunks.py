"""What is taken from a file at once is bounded in lines and in bytes, however long its texts are."""

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.form import File
from fieldline.imports import entry, tables
from fieldline.imports.entry import AT_ONCE, Bad, Chunk, Entry, NotReadableError
from fieldline.imports.file import source_of

NOON = datetime(2025, 10, 9, 12, tzinfo=UTC)
LONG = 10_000


@pytest.fixture(autouse=True)
def weight(monkeypatch: pytest.MonkeyPatch) -> int:
    """Of five long texts."""
    for module in (entry, tables):
        monkeypatch.setattr(module, "WEIGHT", 5 * LONG)
    return 5 * LONG


def csv(texts: list[str]) -> bytes:
    return "".join(["at,device,metric,value\n", *(f"{NOON.isoformat()},a,x,{text}\n" for text in texts)]).encode()


def ndjson(texts: list[str]) -> bytes:
    lines = [{"at": 1_760_000_000_000, "device": "a", "metric": "x", "value": text} for text in texts]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def table(text: Any) -> Any:
    many = len(text)
    return pa.table({"at": pa.array([NOON] * many), "device": ["a"] * many, "metric": ["x"] * many, "text": text})


def parquet(texts: list[str]) -> bytes:
    file = io.BytesIO()
    pq.write_table(
        table(texts), file, compression="none", write_batch_size=10
    )  # so often it looks whether a page is full
    return file.getvalue()


def arrow(said: Any, rows: int | None = None) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table(said).schema) as writer:
        writer.write_table(table(said), max_chunksize=rows)
    return file.getvalue()


FORMS: list[tuple[File, Callable[[list[str]], bytes]]] = [
    ("csv", csv),
    ("ndjson", ndjson),
    ("parquet", parquet),
    ("arrow", arrow),
    ("arrow", lambda texts: arrow(pa.array(texts, pa.large_string()))),
    ("arrow", lambda texts: arrow(pa.array(texts, pa.string_view()))),
    ("arrow", lambda texts: arrow(pa.array(texts).dictionary_encode())),
]


def chunks(form: File, data: bytes) -> Iterator[Chunk]:
    return source_of(io.BytesIO(data), form, len(data)).chunks


def values(chunk: Chunk) -> list[Any]:
    return [line.value for line in chunk.lines if isinstance(line, Entry)]


@pytest.mark.parametrize(("form", "written"), FORMS)
def test_a_chunk_of_long_texts_has_fewer_of_them(form: File, written: Callable[[list[str]], bytes]) -> None:
    texts = [f"{n % 7:0{LONG}}" for n in range(43)]
    made = list(chunks(form, written(texts)))
    assert [text for chunk in made for text in values(chunk)] == texts
    assert 2 <= max(len(chunk.lines) for chunk in made) <= 5


@pytest.mark.parametrize(("form", "written"), FORMS)
def test_one_text_may_be_longer_than_a_chunk(form: File, written: Callable[[list[str]], bytes], weight: int) -> None:
    texts = ["short", *(f"{n:0{3 * weight}}" for n in range(3)), "short"]
    assert [text for chunk in chunks(form, written(texts)) for text in values(chunk)] == texts


@pytest.mark.parametrize(("form", "written"), FORMS)
def test_short_lines_are_as_many_as_a_batch_may_have(
    form: File, written: Callable[[list[str]], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "WEIGHT", 2**23)
    made = list(chunks(form, written(["open"] * (AT_ONCE + 700))))
    assert [len(chunk.lines) for chunk in made] == [AT_ONCE, 700]
    if form in {"parquet", "arrow"}:
        assert [chunk.done for chunk in made] == [AT_ONCE, AT_ONCE + 700]


def test_long_names_weigh_as_long_texts_do() -> None:
    """They are refused as bad lines, but later."""
    text = "".join(["at,device,metric,value,unit\n", *(f"{NOON.isoformat()},a,x,1,{'u' * LONG}\n" for _ in range(20))])
    assert [len(chunk.lines) for chunk in chunks("csv", text.encode())] == [5] * 4


@pytest.mark.parametrize("said", [pa.array, lambda texts: pa.array(texts).dictionary_encode()])
def test_of_a_large_batch_of_a_table_a_part_at_a_time_is_made_into_lines(said: Any, weight: int) -> None:
    """Of what repeats a text, too: there are as many of it as lines."""
    [batch] = table(said(["long " * (LONG // 5)] * 400)).to_batches()
    made = tables._chunks([batch])  # noqa: SLF001  the file itself is read in batches
    tracemalloc.start()
    try:
        for chunk in made:
            assert len(chunk.lines) <= 5
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * weight


def test_of_a_large_row_group_of_parquet_some_rows_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "READ", 2**16)
    data = parquet([f"{n:0{LONG}}" for n in range(4_000)])
    assert pq.ParquetFile(io.BytesIO(data)).num_row_groups == 1
    default = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(default)
    pa.set_memory_pool(pool)
    tracemalloc.start()  # what comes from a file is Python's at first
    try:
        assert sum(len(chunk.lines) for chunk in chunks("parquet", data)) == 4_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(default)
    assert pool.max_memory() + peak < 10_000_000


def test_what_comes_before_a_broken_place_is_brought() -> None:
    data = arrow(["open"] * 30, rows=10)
    made = chunks("arrow", data[: len(data) * 9 // 10])
    assert len(next(made).lines) == 20
    with pytest.raises(NotReadableError, match=r"^after row 20: expected more, got: "):
        next(made)


def test_bad_lines_count_as_lines() -> None:
    lines = [Bad(n, "why") for n in range(AT_ONCE + 1)]
    assert [len(chunk) for chunk in entry.together(lines)] == [AT_ONCE, 1]

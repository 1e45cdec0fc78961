"""Files as people have them: what becomes of each line, and that nothing in a file ends the reading of it."""

import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.form import File
from api.match import Kind
from bridge.record import Report
from fieldline.imports import carry, columns, lines
from fieldline.imports.entry import Bad, Name, NotReadableError
from fieldline.imports.file import source_of
from fieldline.imports.message import Translator

HEAD = "at,device,metric,value"
AT = "2025-10-09T08:53:20.000001Z"
MICROS = 1_760_000_000_000_001
NOON = datetime(2025, 10, 9, 12, tzinfo=UTC)


def batches(form: File, data: bytes | str, kinds: dict[Name, Kind] | None = None) -> list[carry.Batch]:
    data = data.encode() if isinstance(data, str) else data
    source = source_of(io.BytesIO(data), form, len(data))
    return list(carry._batches(source.chunks, Translator(kinds or {})))  # noqa: SLF001  all but the store


def found(form: File, data: bytes | str, kinds: dict[Name, Kind] | None = None) -> list[Any]:
    """The values that would be stored, and what is said of the bad lines."""
    made = batches(form, data, kinds)
    values = [value for batch in made for report in batch.decoded.reports for value in report.values.values()]
    return [*values, *(f"{bad.line}: {bad.why}" for batch in made for bad in batch.bad)]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("21.5", 21.5),
        ("-7", -7),
        ("1e3", 1000.0),
        ("true", True),
        ("open", "open"),
        ('"two, with ""quotes"" and\r\na line"', 'two, with "quotes" and\r\na line'),
        ("", ""),
        ("infinity or so", "infinity or so"),
    ],
)
def test_without_a_kind_a_cell_is_what_it_looks_like(cell: str, value: Any) -> None:
    [got] = found("csv", f"{HEAD}\r\n{AT},a,x,{cell}\r\n")
    assert (type(got), got) == (type(value), value)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", "21.5", "21.5"),
        ("text", "true", "true"),
        ("boolean", "1.0", True),
        ("boolean", "0", False),
        ("number", "1", 1),
        ("number", "true", None),
        ("number", "n/a", None),
    ],
)
def test_the_kind_of_the_series_comes_before_the_look_of_the_cell(kind: Kind, cell: str, value: Any) -> None:
    bad = f"2: value: expected a number that a double holds, an integer exactly (up to 2^53), got {cell!r}"
    got = bad if value is None else value
    assert found("csv", f"{HEAD}\n{AT},a,x,{cell}\n", {("a", "x"): kind}) == [got]
    assert found("csv", f"{HEAD},kind\n{AT},a,x,{cell},{kind}\n") == [got]


def test_the_first_cell_of_a_new_series_decides_for_all() -> None:
    assert found("csv", f"{HEAD}\n{AT},a,x,open\n{AT},a,x,5\n") == ["open", "5"]


def test_columns_may_come_in_any_order_with_others_between_and_behind_a_mark() -> None:
    text = f"\ufeffvalue,place,metric,device,unit,at\n21.5,here,x,a,K,{AT}\n"
    [batch] = batches("csv", text)
    assert batch.decoded.reports == [Report("a", MICROS, {"x": 21.5})]
    assert dict(batch.decoded.units) == {("a", "x"): "K"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("yesterday,a,x,1", "clock: expected a time as RFC 3339, got 'yesterday'"),
        ("2025-10-09T08:53:20,a,x,1", "clock: expected a time with a zone, got '2025-10-09T08:53:20'"),
        (f"{AT},,x,1", "topic: expected devices/<device>/telemetry, status or info, got 'devices//telemetry'"),
        (f"{AT},a,,1", "name: metric: expected a name, got an empty one"),
        (f"{AT},a,at,1", "metric: expected another name than `at`, which is a message's time"),
        (f"{AT},a,x", "expected 4 cells, got 3"),
        (f"{AT},a,x,1,2", "expected 4 cells, got 5"),
        (f"{AT},a,{'x' * 256},1", "name: metric: expected a name of at most 255 characters, got 256"),
        (f"{AT},a,x,9007199254740993", "value: expected a number that a double holds, an integer exactly (up to 2^53)"),
        (f"{AT},a,x,{'9' * 5000}", "value: expected a number that a double holds, an integer exactly (up to 2^53)"),
        (f"{AT},a,x,inf", "value: expected a number that a double holds, an integer exactly (up to 2^53)"),
        (f"{AT},a,x,1e999", "value: expected a number that a double holds, an integer exactly (up to 2^53)"),
    ],
)
def test_a_bad_line_of_csv_says_expected_and_got_and_the_others_stay(line: str, why: str) -> None:
    text = f"{HEAD}\n{AT},a,y,1.5\n{line}\n{AT},a,z,2.5\n"
    first, second, bad = found("csv", text)
    assert (first, second) == (1.5, 2.5)
    assert bad.startswith(f"3: {why}")


def test_other_bytes_than_utf_8_are_a_bad_line() -> None:
    got = found("csv", f"{HEAD}\n{AT},a\xe9,x,1\n{AT},a,x,2\n".encode("latin-1"))
    assert got == [2, "2: expected UTF-8, got other bytes"]


def test_a_quote_that_nobody_closes_takes_no_more_than_the_longest_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 300)
    text = f'{HEAD}\n{AT},a,x,"1\n' + f"{AT},a,x,2\n" * 100
    *values, bad = found("csv", text)
    assert bad == "2: expected CSV, got: a row of more than 300 characters"
    assert values == [2] * (100 - 300 // len(f"{AT},a,x,2\n"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("more", [1, 2, 59, 61, 119, 121, 1000, 20_000])
def test_a_row_that_is_too_long_is_a_bad_line_and_the_next_is_read(
    end: str, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST", 60)
    long = "x" * (60 + more)
    text = end.join([HEAD, f"{AT},a,x,open", long, f'{AT},a,x,"two', 'lines"', f'"{long}', f"{AT},a,x,shut", ""])
    assert found("csv", text) == [
        "open",
        f"two{end}lines",
        "shut",
        "3: expected CSV, got: a row of more than 60 characters",
        "6: expected CSV, got: a row of more than 60 characters",
    ]


@pytest.mark.parametrize("text", ["at", "at,device\n", '"', ","])
def test_a_file_without_line_ends_is_read_no_further_than_a_row_may_be_long(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST", 300)
    with pytest.raises(NotReadableError, match=r"^expected a head with the columns at, device, metric, value, got"):
        found("csv", text * 1000)


def test_a_long_row_takes_memory_for_the_longest_that_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 2**16)
    file = io.BytesIO(f"{HEAD}\n".encode() + b"x" * 2**24)
    tracemalloc.start()
    try:
        [chunk] = lines.read_csv(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert chunk.lines == [Bad(2, f"expected CSV, got: a row of more than {2**16} characters")]
    assert peak < 2**20


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ('{"at":1760000000000,"micros":1,"device":"a","metric":"x","value":1.5}', [1.5]),
        ('{"at":"2025-10-09T08:53:20Z","device":"a","metric":"x","value":true,"series":17}', [True]),
        ('{"at":1760000000000,"device":"a","metric":"x","value":1.0,"kind":"boolean","unit":null}', [True]),
        ('{"at":1760000000000,"device":"a","metric":"x","value":"5"}', ["5"]),
        ("  ", []),
    ],
)
def test_a_line_of_ndjson_is_a_reading(line: str, got: list[Any]) -> None:
    assert found("ndjson", f"{line}\n") == got


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"at":1}', '{"at":1,"device":"a","metric":"x","value":[1]}', "x" * 500, "[" * 10_000, "\xff"]
)
def test_a_bad_line_of_ndjson_is_told_and_the_next_is_read(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 400)
    good = '{"at":1760000000000,"device":"a","metric":"x","value":1.5}'
    value, bad = found("ndjson", f"{line}\n{good}\n".encode("latin-1"))
    assert value == 1.5
    assert bad.startswith("1: expected a ")


@given(st.binary(max_size=200))
def test_no_bytes_end_the_reading_of_lines(data: bytes) -> None:
    for form, text in (("csv", f"{HEAD}\n".encode() + data), ("ndjson", data)):
        for batch in batches(form, text):  # type: ignore[arg-type]
            assert all(isinstance(bad, Bad) for bad in batch.bad)


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"device": ["a"], "metric": ["x"], **columns}), file)
    return file.getvalue()


def test_a_table_of_ones_own_needs_no_dictionaries_and_no_kind() -> None:
    at = pa.array([NOON], pa.timestamp("ns", "Europe/Berlin"))
    [batch] = batches("parquet", parquet(at=at, value=[21], other=["?"]))
    assert [(one.at, *one.values.values()) for one in batch.decoded.reports] == [
        (int(NOON.timestamp()) * 1_000_000, 21)
    ]
    assert found("parquet", parquet(at=at, value=[True])) == [True]
    assert found("parquet", parquet(at=at, text=["open"])) == ["open"]
    assert found("parquet", parquet(at=at, value=pa.nulls(1, pa.float64()))) == [
        "1: expected at, device, metric, and a value or a text, got null"
    ]


@pytest.mark.parametrize(
    ("column", "got"),
    [
        (pa.array([Decimal("21.4")], pa.decimal128(3, 1)), 21.4),
        (pa.array([Decimal("0.3")], pa.decimal128(38, 17)), 0.3),
        (pa.array([Decimal("-1234567.891")], pa.decimal256(50, 3)).dictionary_encode(), -1234567.891),
        (pa.array([1.5], pa.float16()), 1.5),
        (pa.array([7], pa.uint8()), 7),
        (pa.array(["open"], pa.large_string()), "open"),
        (pa.array(["open"], pa.string_view()), "open"),
        (pa.array(["open"]).dictionary_encode(), "open"),
    ],
)
def test_numbers_and_texts_may_be_of_any_width(column: Any, got: Any) -> None:
    assert found("parquet", parquet(at=pa.array([NOON]), value=column)) == [got]


def test_a_decimal_without_places_is_an_integer_and_must_be_exact_like_any() -> None:
    [told] = found("parquet", parquet(at=pa.array([NOON]), value=pa.array([Decimal(2**53 + 1)], pa.decimal128(20, 0))))
    assert told.startswith("1: value: expected a number that a double holds, an integer exactly (up to 2^53), got 9007")


@given(st.decimals(places=5, min_value=-(10**12), max_value=10**12))
def test_a_decimal_is_the_double_that_its_digits_would_be_in_csv(value: Decimal) -> None:
    assert columns.values(pa.array([value, None], pa.decimal128(38, 5))) == [float(str(value)), None]


def test_a_column_without_anything_in_it_has_any_type() -> None:
    [got] = found("parquet", parquet(at=pa.array([NOON]), value=pa.nulls(1), text=["open"], unit=pa.nulls(1)))
    assert got == "open"


def test_arrow_may_also_be_a_file() -> None:
    batch = pa.record_batch(
        {"at": pa.array([NOON], pa.timestamp("s", "UTC")), "device": ["a"], "metric": ["x"], "value": [1.5]}
    )
    file = io.BytesIO()
    with pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    assert found("arrow", file.getvalue()) == [1.5]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (parquet(value=[1.5]), "expected the column at, got device, metric, value"),
        (parquet(at=pa.array([NOON.replace(tzinfo=None)])), "expected the column value, got device, metric, at"),
        (
            parquet(at=pa.array([NOON.replace(tzinfo=None)]), value=[1.5]),
            r"at: expected timestamps with a zone, got timestamp\[us\]",
        ),
        *(
            (parquet(at=pa.array([NOON]), value=column), f"value: expected numbers, booleans or texts, got {kind}")
            for column, kind in (
                (pa.array([NOON.date()]), r"date32\[day\]$"),
                (pa.array([[1.0]]), r"list<.+>$"),
                (pa.array([b"x"]), "binary$"),
                (pa.array([timedelta(seconds=1)]), r"duration\[us\]$"),
                (pa.array([NOON]), r"timestamp\[us, tz=UTC\]$"),
                (pa.array([b"x"]).dictionary_encode(), "binary$"),
            )
        ),
        (parquet(at=pa.array([NOON]), text=[1.5]), "text: expected texts, got double$"),
        (parquet(at=pa.array([NOON]), value=[1.5], unit=[7]), "unit: expected texts, got int64$"),
        (parquet(value=[1.5])[:-9], "expected a whole Parquet file, got: "),
    ],
)
def test_a_table_that_lacks_something_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(NotReadableError, match=f"^{why}"):
        found("parquet", data)

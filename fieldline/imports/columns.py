"""The columns of a table that are of use, each of a type that its readings can be of."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fieldline.imports.entry import NotReadableError

COLUMNS = ("at", "device", "metric", "unit", "kind", "value", "text")
TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
NUMBER = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
NOTHING = pa.types.is_null
"""What a column has that is null on every line."""


def wanted(schema: Any) -> list[str]:
    """The names of those there are. Raises `NotReadableError` if one is missing, or of a type that is none of a reading's."""
    missing = [name for name in ("at", "device", "metric") if name not in schema.names]
    if missing or not {"value", "text"} & set(schema.names):
        raise NotReadableError(f"expected the column {(*missing, 'value')[0]}, got {', '.join(schema.names)[:200]}")
    found = [name for name in COLUMNS if name in schema.names]
    for name in found:
        _check(name, _plain(schema.field(name).type))
    return found


def values(column: Any) -> list[Any]:
    """The numbers, booleans and texts in it. A decimal becomes an integer if it has no places, else the nearest double."""
    said: list[Any] = column.to_pylist()
    decimal = _plain(column.type)
    if not pa.types.is_decimal(decimal):
        return said
    number = float if decimal.scale > 0 else int  # Arrow's cast is a digit beside the nearest double for one in four
    return [None if one is None else number(one) for one in said]


def weight(column: Any) -> int:
    """Bytes of the texts in it, each as often as it is said."""
    if not any(holds(_plain(column.type)) for holds in TEXT):
        return 0
    if pa.types.is_dictionary(column.type):
        return _sum(_lengths(column.dictionary).take(column.indices))
    return _sum(_lengths(column))


def _lengths(texts: Any) -> Any:
    return pc.binary_length(texts.cast(pa.large_string()) if pa.types.is_string_view(texts.type) else texts)


def _sum(lengths: Any) -> int:
    return pc.sum(lengths).as_py() or 0


def _plain(kind: Any) -> Any:
    """The type of what is in it, also behind a dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _check(name: str, kind: Any) -> None:
    match name:
        case "at":
            good, expected = pa.types.is_timestamp(kind) and kind.tz is not None, "timestamps with a zone"
        case "value":
            good = any(holds(kind) for holds in (*NUMBER, pa.types.is_boolean, *TEXT, NOTHING))
            expected = "numbers, booleans or texts"
        case _:
            good, expected = any(holds(kind) for holds in (*TEXT, NOTHING)), "texts"
    if not good:
        raise NotReadableError(f"{name}: expected {expected}, got {kind!s:.80}")

"""Readings as an Arrow table, for those who have pyarrow."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fieldline.client.trouble import Unreachable

if TYPE_CHECKING:
    import pyarrow as pa


async def table(pieces: AsyncIterator[bytes]) -> "pa.Table":
    """The table of an Arrow stream. Raises `ImportError` without pyarrow, and `Unreachable` for what is no such stream."""
    try:
        import pyarrow as pa  # noqa: PLC0415  40 MB that only this needs
    except ImportError as error:
        raise ImportError("expected pyarrow, found none: pip install pyarrow") from error
    body = b"".join([piece async for piece in pieces])
    try:
        with pa.ipc.open_stream(body) as reader:
            return reader.read_all()
    except pa.ArrowInvalid as error:
        raise Unreachable(f"expected readings of Fieldline in Arrow, got: {error} in {body[:100]!r}") from error

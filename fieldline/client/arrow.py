"""Readings as an Arrow table, for those who have pyarrow."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


async def table(pieces: AsyncIterator[bytes]) -> "pa.Table":
    """The table of an Arrow stream. Raises `ImportError` without pyarrow."""
    try:
        import pyarrow as pa  # noqa: PLC0415  40 MB that only this needs
    except ImportError as error:
        raise ImportError("expected pyarrow, found none: pip install pyarrow") from error
    body = b"".join([piece async for piece in pieces])
    with pa.ipc.open_stream(body) as reader:
        return reader.read_all()

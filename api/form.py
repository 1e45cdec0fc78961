"""The forms that readings come in, and which of them a client wants: `format=` decides, else `Accept`, else JSON."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from fastapi import Header

from api.problem import ProblemError, shown

File = Literal["csv", "ndjson", "parquet", "arrow"]
"""The forms that come as one stream of any length."""
Format = Literal["json", File]
FILES: Mapping[File, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
SUFFIXES: Mapping[File, str] = {"csv": "csv", "ndjson": "ndjson", "parquet": "parquet", "arrow": "arrows"}
LINES: Mapping[File, str] = {
    "csv": "at,device,metric,unit,value\r\n2025-10-09T08:53:20.123000Z,greenhouse-1,temperature,°C,21.4\r\n",
    "ndjson": '{"series":17,"device":"greenhouse-1","metric":"temperature","unit":"°C","at":1760000000123,"value":21.4}\n',
}
"""What those that are text look like."""
MEDIA_TYPES: dict[str, Format] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.stream": "arrow",
    "application/*": "json",
    "text/*": "csv",
    "*/*": "json",
}
AcceptDep = Annotated[str, Header(include_in_schema=False)]


def choose(asked: Format | None, accept: str) -> Format:
    """The form to answer in. Ends the request with 406 if none that is accepted can be had (RFC 9110, 12.5.1)."""
    if asked is not None:
        return asked
    wanted = sorted(map(_quality, (accept or "*/*").lower().split(",")), key=lambda pair: -pair[1])
    for media_type, quality in wanted:
        if quality > 0 and media_type in MEDIA_TYPES:
            return MEDIA_TYPES[media_type]
    offered = ", ".join(name for name in MEDIA_TYPES if "*" not in name)
    raise ProblemError(406, f"accept: expected {offered} (or format={'|'.join(get_args(Format))}), got {shown(accept)}")


def described(form: File) -> dict[str, Any]:
    """The content of such an answer, for OpenAPI."""
    if form in LINES:
        return {"schema": {"type": "string"}, "example": LINES[form]}
    return {"schema": {"type": "string", "format": "binary"}}


def _quality(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    weight = next((value for name, _, value in (one.partition("=") for one in parameters) if name == "q"), "1")
    try:
        return media_type, float(weight)
    except ValueError:
        return media_type, 0.0

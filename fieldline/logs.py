"""How log lines look: one line an event, on stderr; control characters in what devices said are escaped."""

import logging
import sys
from typing import Any

import structlog

from fieldline.settings import Settings

OF_CLIENTS = "Invalid UTF-8 sequence received from client."
"""The one error of the web server that is not ours: each client could fill the disk with it."""


def configure(settings: Settings) -> None:
    """Set up structlog for this process, and have what libraries warn of by `logging` look the same."""
    form: tuple[structlog.typing.Processor, ...] = (
        (structlog.processors.JSONRenderer(),)
        if settings.log_format == "json"
        else (structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]), _printable)
    )
    told: tuple[structlog.typing.Processor, ...] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    )
    structlog.configure(
        processors=[*told, *form],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *told],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *form],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    server = logging.getLogger("uvicorn.error")
    server.handlers, server.propagate = [_OfServer(logging.ERROR)], False


class _OfServer(logging.Handler):
    """Says what went wrong in the web server as our own events. Its warnings are about what clients sent, and go nowhere."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg != OF_CLIENTS:
            log = structlog.get_logger()
            log.error("server.failed", reason=record.getMessage().strip(), exc_info=record.exc_info)


def _printable(_: object, __: str, line: Any) -> str:
    """What a device, the broker or Postgres said can neither end the line nor steer the terminal that shows it."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line)

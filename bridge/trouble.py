"""Tells trouble that passes from trouble that a record brings with it."""

import asyncpg

PERMANENT: tuple[type[Exception], ...] = (
    asyncpg.DataError,  # 22: a value that Postgres, or the driver's encoder, does not take
    asyncpg.IntegrityConstraintViolationError,  # 23: a rule of the schema
    asyncpg.ProgramLimitExceededError,  # 54: larger than an index or a row holds
    UnicodeEncodeError,  # text that is not UTF-8 once encoded
)
TEMPORARY: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,  # all others: starting, stopping, full, locked, deadlocked, read-only, not migrated yet
    asyncpg.InterfaceError,  # the connection was lost under a running statement
    asyncpg.InternalClientError,  # or amid an answer
    OSError,  # it could not be had at all; TimeoutError is one of these
)
TROUBLE = (*PERMANENT, *TEMPORARY)
"""All that may happen to a statement that is written correctly. What is neither is a mistake of ours."""


def is_permanent(error: Exception) -> bool:
    """Whether trying the same records again can never help: then one of them is to blame, and the others are not."""
    # A CHECK failing means that retention dropped the partition meanwhile: the next try makes it again.
    return isinstance(error, PERMANENT) and not isinstance(error, asyncpg.CheckViolationError)

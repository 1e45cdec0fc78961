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
    return isinstance(error, PERMANENT) and not is_partition_missing(error)


def is_partition_missing(error: Exception) -> bool:
    """Whether there was no partition for a row. Postgres reports it as a CHECK that failed, without a constraint's name."""
    return isinstance(error, asyncpg.CheckViolationError) and error.constraint_name is None


def in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else 'no further word'}"

"""What an operator tried in the shell and could not do stands in the log as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.model.audit import Action, Outcome
from bot.model.errors import NumberdeskError
from bot.usecases import record
from storage.unit_of_work import Database

LONGEST = 500
"""Characters of a reason; the name of a file may be long."""


@contextmanager
def attempt(database: Database, account: str, action: Action, **changes: Any) -> Iterator[None]:
    """Logs the error that ends what is done within, in every workspace; the error goes on."""
    try:
        yield
    except NumberdeskError as problem:
        with database.write() as work:
            record.everywhere(
                work, account, action,
                outcome=Outcome.FAILURE, reason=str(problem)[:LONGEST], changes=changes,
            )  # fmt: skip
        raise

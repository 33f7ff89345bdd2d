"""Homes at rest: who has looked at the app's Home lately, and when it was last drawn."""

from datetime import timedelta

from sqlalchemy import bindparam, select, update

from storage.prepared import Prepared
from storage.schema import home
from storage.unit_of_work import UnitOfWork

OPEN_FOR = timedelta(hours=12)
"""Slack does not say when somebody leaves Home; after this long it is drawn again only when they return."""


def opened(work: UnitOfWork, workspace: str, user: str) -> None:
    """Notes that somebody looks at their Home."""
    new = work.insert(home).values(workspace=workspace, user=user, opened_at=work.now)
    work.execute(
        new.on_conflict_do_update(index_elements=["workspace", "user"], set_={"opened_at": work.now})
    )


def published(work: UnitOfWork, workspace: str, user: str) -> None:
    """Notes that somebody's Home was drawn."""
    mine = (home.c.workspace == workspace) & (home.c.user == user)
    work.execute(update(home).where(mine).values(published_at=work.now))


def ever_opened(work: UnitOfWork, workspace: str) -> bool:
    """Whether anybody has looked at their Home; until then there is none to draw."""
    return work.one(_ANYBODY, whose=workspace) is not None


_ANYBODY = Prepared(select(home.c.user).where(home.c.workspace == bindparam("whose")).limit(1))


def open_ones(work: UnitOfWork, workspace: str) -> dict[str, float]:
    """Who has Home open, and the seconds since it was last drawn for them.

    In the order of their ids: two that arm a job for each of them must not wait for each other.
    """
    lately = (home.c.workspace == workspace) & (home.c.opened_at >= work.now - OPEN_FOR)
    rows = work.rows(select(home).where(lately).order_by(home.c.user))
    return {
        row["user"]: (work.now - row["published_at"]).total_seconds() if row["published_at"] else float("inf")
        for row in rows
    }

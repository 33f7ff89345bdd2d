"""Following the log: what comes in after what was seen, of every workspace, for an operator in the shell."""

from bot.model.audit import LoggedEvent
from bot.model.audit_query import AuditQuery
from storage import audit_chain, audit_search
from storage.audit import Reader
from storage.unit_of_work import Database, UnitOfWork

AT_ONCE = 500
"""Events of one workspace in one look."""


class Follower:
    """Gives each event that matches once, the oldest first; asks the database and waits for nothing."""

    def __init__(self, database: Database, query: AuditQuery) -> None:
        self._database = database
        self._query = query
        self._seen: dict[str, int] = {}

    def begin(self, limit: int) -> list[LoggedEvent]:
        """The newest events there are; `news` goes on from here."""
        with self._database.read() as work:
            self._seen = {head.workspace: head.seq for head in audit_chain.heads(work)}
            return audit_search.page(work, Reader(None), self._query, limit=limit)[::-1]

    def news(self) -> list[LoggedEvent]:
        """What was written since; a workspace that is new begins at its first event."""
        with self._database.read() as work:
            return [
                logged
                for head in audit_chain.heads(work)
                if head.seq > self._seen.get(head.workspace, 0)
                for logged in self._since(work, head.workspace, head.seq)
            ]

    def _since(self, work: UnitOfWork, workspace: str, newest: int) -> list[LoggedEvent]:
        found: list[LoggedEvent] = []
        while True:
            after = found[-1].seq if found else self._seen.get(workspace, 0)
            more = audit_search.page(work, Reader(workspace), self._query, limit=AT_ONCE, after=after)[::-1]
            found += more
            if len(more) < AT_ONCE:
                self._seen[workspace] = max([newest, *(logged.seq for logged in more)])
                return found

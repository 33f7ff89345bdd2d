"""The directory: who people are and who is in a group. Slack is asked outside of transactions only.

What it said is kept in the database, so that a form that comes back to another process, or after a restart,
is judged by what its opening has learned.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import structlog

from bot.model.people import Found, Group, NotListed, Profile
from storage import directory
from storage.directory import Entry
from storage.unit_of_work import Database, UnitOfWork

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=60)
"""For so long an answer of Slack is taken without asking again."""
USABLE = timedelta(minutes=10)
"""After that, what was learned counts for nothing."""

A_GROUP = "a user group"
"""What a group is called whose handle is not known."""


def _called(slack_id: str, name: str) -> str:
    return A_GROUP if name.startswith("S") and name == slack_id else name


class Directory:
    """Asks Slack, and keeps what it said. What cannot be looked up lets nobody in.

    `ask(workspace, id)` asks Slack about a person or group, and raises anything if it cannot. Safe for
    threads.
    """

    def __init__(self, database: Database, ask: Callable[[str, str], Found]) -> None:
        self._database = database
        self._ask = ask

    def refresh(self, workspace: str, ids: Iterable[str]) -> None:
        """Asks Slack about those of `ids` whose answer is not fresh. Never inside of a transaction."""
        with self._database.read() as work:
            stale = Listed(work, workspace).stale(ids)
        answers = {slack_id: self._answer(workspace, slack_id) for slack_id in stale}
        if answers:
            with self._database.write() as work:
                for slack_id, found in answers.items():
                    directory.keep(work, workspace, slack_id, found)

    def _answer(self, workspace: str, slack_id: str) -> Found | None:
        try:
            return self._ask(workspace, slack_id)
        except Exception as problem:  # noqa: BLE001 - whatever it was, nobody is let in by it
            log.warning("Slack could not be asked who this is", slack_id=slack_id, problem=str(problem))
            return None


class Listed:
    """What the directory knows within one transaction; asks nobody."""

    def __init__(self, work: UnitOfWork, workspace: str) -> None:
        self._work = work
        self._workspace = workspace
        self._entries: dict[str, Entry | None] = {}

    def look_up(self, ids: Iterable[str]) -> None:
        """Reads about all of these at once, so that asking about each of them costs nothing."""
        new = [slack_id for slack_id in ids if slack_id not in self._entries]
        if new:
            found = directory.find(self._work, self._workspace, new)
            self._entries |= {slack_id: found.get(slack_id) for slack_id in new}

    def stale(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` about whom Slack has to be asked again, each once."""
        wanted = sorted(set(ids))
        self.look_up(wanted)
        return [slack_id for slack_id in wanted if not self._is_fresh(self._entry(slack_id))]

    def _is_fresh(self, entry: Entry | None) -> bool:
        # a moment in the future is that of a clock that was set back: it says nothing
        now = self._work.now
        return entry is not None and entry.found is not None and now - FRESH <= entry.at <= now

    def members(self, group: str) -> frozenset[str]:
        """The people of a group. Raises NotListed if that is not known."""
        found = self._found(group)
        if not isinstance(found, Group):
            raise NotListed(group)
        return found.members

    def profile(self, user: str) -> Profile:
        """Who somebody is. Raises NotListed if that is not known."""
        found = self._found(user)
        if not isinstance(found, Profile):
            raise NotListed(user)
        return found

    def name(self, slack_id: str) -> str:
        """A name that can be shown without pinging anybody; the id where none is known, however old."""
        entry = self._entry(slack_id)
        return entry.found.name if entry and entry.found else slack_id

    def shown(self, slack_id: str) -> str:
        """The same for people to read, to whom the id of a group says nothing."""
        return _called(slack_id, self.name(slack_id))

    def all_shown(self, ids: Sequence[str]) -> dict[str, str]:
        """`shown` of many, in one look."""
        self.look_up(ids)
        return {one: self.shown(one) for one in ids}

    def untried(self, ids: Iterable[str]) -> bool:
        """Whether Slack has not been asked about one of these lately: asking may still help."""
        wanted = list(ids)
        self.look_up(wanted)
        entries = map(self._entry, wanted)
        return any(entry is None or not self._counts(entry) for entry in entries)

    def _found(self, slack_id: str) -> Found | None:
        entry = self._entry(slack_id)
        return entry.found if entry and self._counts(entry) else None

    def _entry(self, slack_id: str) -> Entry | None:
        self.look_up([slack_id])
        return self._entries[slack_id]

    def _counts(self, entry: Entry) -> bool:
        # Another process may have learned it after this transaction looked at the clock. A moment further in
        # the future is that of a clock that was set back: it says nothing.
        return self._work.now - USABLE <= entry.at <= self._work.now + FRESH

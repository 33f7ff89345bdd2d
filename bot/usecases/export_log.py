"""The log taken away from Slack: asked for now, written and sent by the worker."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, TextIOWrapper
from typing import IO

from bot.model.audit import Action, Outcome
from bot.model.audit_export import Format
from bot.model.audit_query import AuditQuery
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.audit_export import Excerpt, write_events
from bot.usecases.desk import Desk
from bot.usecases.judge import learn
from bot.usecases.read_log import reader, understood
from storage import audit_search, jobs
from storage.audit import Reader
from storage.jobs import Job

A_WHILE = 100_000
"""Events above which people are told that it takes a while."""


@dataclass(frozen=True, slots=True)
class ExportComing:
    """The worker will send the file."""

    events: int  #: as many as there are now
    format: Format
    all_of_it: bool  #: False: only what concerns the reader
    not_known: bool = False  #: the reader may see all of it by a group that could not be looked up

    @property
    def takes_a_while(self) -> bool:
        return self.events > A_WHILE


@dataclass(frozen=True, slots=True)
class Export:
    """What somebody asked for, as the job holds it."""

    person: Person
    query: str
    format: Format


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is whole; it vanishes with its block."""

    file: IO[bytes]
    name: str
    size: int  #: bytes
    events: int
    all_of_it: bool


def request_export(desk: Desk, person: Person, text: str, kind: Format) -> ExportComing:
    """Has the worker write and send what a query finds. Raises NotUnderstood. May ask Slack."""
    learn(desk, person.workspace, person.user)
    with desk.database.read() as work:
        who, not_known = reader(work, desk, person)
        events = audit_search.count(work, who, understood(work, person.workspace, text))
    with desk.database.write() as work:
        jobs.put(
            work,
            f"export:{work.new_id('X')}",
            workspace=person.workspace,
            user=person.user,
            query=text,
            format=kind.value,
        )
        # the answer says how many there are
        record.by_person(work, desk, person, Action.AUDIT_READ, changes={"query": text, "found": events})
    return ExportComing(events, kind, who.user is None, not_known)


def asked_for(job: Job) -> Export:
    """What the job is to send, and to whom."""
    args = job.args
    return Export(Person(args["workspace"], args["user"]), args["query"], Format(args["format"]))


@contextmanager
def written(desk: Desk, wanted: Export, keep: Callable[[], None]) -> Iterator[Written]:
    """The file, in bounded memory; what its reader may see is asked anew. `keep` is called all along."""
    learn(desk, wanted.person.workspace, wanted.person.user)
    who, query = _now(desk, wanted)
    with tempfile.TemporaryFile() as file:
        out = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        excerpt = Excerpt(desk.database, who, query, wanted.format)
        events = write_events(excerpt, out, lambda _: keep())
        out.detach()  # else the file would be closed with it
        size = file.seek(0, SEEK_END)
        file.seek(0)
        yield Written(file, f"numberdesk-log.{wanted.format}", size, events, who.user is None)


def _now(desk: Desk, wanted: Export) -> tuple[Reader, AuditQuery]:
    with desk.database.read() as work:
        who, _ = reader(work, desk, wanted.person)
        return who, understood(work, wanted.person.workspace, wanted.query)


def log_no_export(desk: Desk, wanted: Export, why: str) -> None:
    """Notes in the log that whoever asked gets no file."""
    with desk.database.write() as work:
        record.by_person(
            work, desk, wanted.person, Action.AUDIT_EXPORTED, outcome=Outcome.FAILURE, reason=why,
            changes={"query": wanted.query, "format": wanted.format.value},
        )  # fmt: skip


def log_export(desk: Desk, wanted: Export, events: int) -> None:
    """Notes in the log that the file is about to be handed out: nothing leaves without that line."""
    with desk.database.write() as work:
        changes = {"query": wanted.query, "format": wanted.format.value, "found": events}
        record.by_person(work, desk, wanted.person, Action.AUDIT_EXPORTED, changes=changes)

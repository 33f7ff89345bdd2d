"""Texts that are blank: each was erased by an event that names it, or it is found; on both databases."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot.model.audit import Action, Outcome
from bot.model.audit_fault import Broken, Fault
from bot.model.audit_query import AuditQuery
from bot.usecases.erase import Wish, erase
from bot.usecases.verify import Sound, verify
from storage import audit, audit_chain, audit_search
from storage.audit import Reader
from storage.unit_of_work import Database
from tests.storage.tamper import unguarded
from tests.usecases.logs import ONE, TWO, broken, event, log, one, run, sound


def test_an_erasure_while_the_log_is_checked_is_no_fault(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(database, 10)
    monkeypatch.setattr(audit_chain, "page", partial(audit_chain.page, limit=4))

    def meanwhile(_: int) -> None:
        erase(database, "MAONE", Wish(user="U0BEA", reason="she asked"))

    (found,) = verify(database, progress=meanwhile)
    assert isinstance(found, Sound)
    assert found.erased == 1, "one of the two was looked at before"


def test_an_erasure_that_names_other_texts_is_no_licence(database: Database) -> None:
    """Two of Bea's went; had they been archived, their number would have covered two others."""
    log(database, 10)
    erase(database, "MAONE", Wish(user="U0BEA", reason="she asked"))
    assert sound(database).erased == 2
    with unguarded(database) as work:
        run(work, "UPDATE audit_text SET text = NULL, salt = NULL WHERE seq = 10")
    found = one(verify(database))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (10, Fault.TEXT)
    assert found.says == "the reason of event 10 is blank, and no event says that it was erased."


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": Outcome.FAILURE, "changes": {"which": {"reason": "4"}}},
        {"changes": {"which": {"changes.from": "4"}}},
        {"changes": {"which": {"reason": "40 x -4 4.0 " + "9" * 5000}}},
        {"changes": {"which": ["reason", "4"]}},
        {"changes": {"which": {"reason": None}, "texts": 1}},
        {"action": Action.REQUEST_APPROVAL, "changes": {"approvals": {"reason": "4"}}},
    ],
)
def test_only_an_erasure_that_names_a_text_explains_that_it_is_blank(
    database: Database, fields: dict[str, Any]
) -> None:
    log(database, 10)
    with database.write() as work:
        audit.append(work, replace(event(), **{"action": Action.AUDIT_ERASED, **fields}))
    with unguarded(database) as work:
        run(work, "UPDATE audit_text SET text = NULL, salt = NULL WHERE seq = 4")
    assert broken(database) == (4, Fault.TEXT)
    with database.write() as work:
        audit.append(work, replace(event(), action=Action.AUDIT_ERASED, changes={"which": {"reason": "4"}}))
    assert sound(database).erased == 1


def test_an_erasure_names_only_what_was_there(database: Database) -> None:
    """An event that was written ahead would be a licence for what comes."""
    with database.write() as work:
        audit.append(work, replace(event(), action=Action.AUDIT_ERASED, changes={"which": {"reason": "5"}}))
    log(database, 4)
    with unguarded(database) as work:
        run(work, "UPDATE audit_text SET text = NULL, salt = NULL WHERE seq = 5")
    assert broken(database) == (5, Fault.TEXT)


def test_many_erased_texts_are_named_by_several_events(database: Database) -> None:
    with database.write() as work:
        for number in range(450):
            audit.append(work, event(reason=f"because of {number}"))
    assert erase(database, "MAONE", Wish(user="U0BEA", reason="she asked")) == {ONE: 450}
    with database.read() as work:
        said = audit_chain.since(work, ONE, Action.AUDIT_ERASED, 0)
    assert [line.changes["texts"] for line in said] == [200, 200, 50]
    assert max(len(str(line.changes)) for line in said) < 1000
    assert sound(database).erased == 450


def test_erased_texts_are_counted_and_the_chain_holds(database: Database) -> None:
    log(database, 10)
    log(database, 4, workspace=TWO)
    assert erase(database, "MAONE", Wish(user="U0BEA", reason="she asked for it")) == {ONE: 2, TWO: 1}
    first, second = verify(database)
    assert isinstance(first, Sound) and isinstance(second, Sound)
    assert (first.erased, second.erased, first.last) == (2, 1, 11)
    with database.read() as work:
        newest, *_, oldest = audit_search.page(work, Reader(ONE), AuditQuery(), limit=20)
        left = [t for t in audit_chain.texts(work, ONE, 1, 10) if t.text is not None]
    assert newest.event.action is Action.AUDIT_ERASED
    assert newest.event.changes == {"user": "U0BEA", "texts": 2, "which": {"reason": "1 7"}}
    assert newest.event.reason == "she asked for it"
    assert oldest.event.reason == "(erased)"
    assert [t.text for t in left] == ["because of 3", "because of 9"]


def test_a_text_cannot_be_cut_at_a_colon(database: Database) -> None:
    """What stood before it was called a part of the salt: hashed, both are one."""
    with database.write() as work:
        audit.append(work, event(reason="No: too dear: take 4"))
    with unguarded(database) as work:
        run(work, "UPDATE audit_text SET salt = salt || '\\:No\\: too dear', text = ' take 4'")
    assert broken(database) == (1, Fault.TEXT)

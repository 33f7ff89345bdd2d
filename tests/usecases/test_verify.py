"""The log is checked: what was done to it is found, named, and told apart; on both databases."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.model.audit import Action
from bot.model.audit_anchor import Anchors, Checkpoint, read_anchors
from bot.model.audit_fault import Broken, Fault
from bot.model.audit_seal import Seal, make_key
from bot.model.errors import SettingsError
from bot.usecases.verified import verified
from bot.usecases.verify import Proof, Sound, total, verify
from storage import audit, audit_chain
from storage.unit_of_work import Database, UnitOfWork
from tests.storage.tamper import unguarded
from tests.usecases.logs import ONE, TWO, broken, event, log, one, rehash, run, sound

COLUMNS = (
    "id, at, version, account, actor_type, actor, on_behalf_of, action, outcome, request_id, purchase_id,"
    " number, country, cost, reason_hash, changes, context, previous_hash, hash"
)


def anchor(database: Database, seal: Seal | None = None) -> Checkpoint:
    """Where the log stands."""
    with database.read() as work:
        head = audit_chain.head(work, ONE)
    assert head
    made = Checkpoint(
        workspace=ONE, seq=head.seq, hash=head.hash, count=head.seq, at="2026-03-04T05:06:07.000008Z"
    )
    return made.sealed(seal)


def test_a_log_that_nobody_touched_is_sound(database: Database) -> None:
    log(database, 10)
    log(database, 3, workspace=TWO)
    told: list[int] = []
    first, second = verify(database, progress=told.append)
    assert isinstance(first, Sound) and isinstance(second, Sound)
    assert (first.workspace, first.first, first.last, first.erased) == (ONE, 1, 10, 0)
    assert (second.workspace, second.first, second.last) == (TWO, 1, 3)
    assert sum(told) == total(database) == 13


def test_an_empty_log_is_sound(database: Database) -> None:
    assert verify(database) == []


def test_more_events_than_fit_a_page_are_checked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    log(database, 11)
    real = audit_chain.page
    sizes: list[int] = []

    def small(work: UnitOfWork, workspace: str, after: int, *, limit: int = 4) -> list[audit_chain.Hashed]:
        found = real(work, workspace, after, limit=limit)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(audit_chain, "page", small)
    assert sound(database).last == 11
    assert sizes == [4, 4, 3]


def _change(work: UnitOfWork) -> None:
    run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 5")


def _change_and_hash(work: UnitOfWork) -> None:
    _change(work)
    rehash(work, 5, 5, head=False)


def _change_the_last_and_hash(work: UnitOfWork) -> None:
    run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 10")
    rehash(work, 10, 10, head=False)


def _remove(work: UnitOfWork) -> None:
    run(work, "DELETE FROM audit_event WHERE seq = 5")


def _remove_two(work: UnitOfWork) -> None:
    run(work, "DELETE FROM audit_event WHERE seq IN (5, 6)")


def _move(work: UnitOfWork, old: int, new: int) -> None:
    statement = text("UPDATE audit_event SET seq = :new WHERE seq = :old")
    work.connection.execute(statement, {"old": old, "new": new})


def _remove_and_number_anew(work: UnitOfWork) -> None:
    run(work, "DELETE FROM audit_event WHERE seq = 5")
    for seq in range(6, 11):
        _move(work, seq, seq - 1)


def _swap(a: int, b: int) -> Callable[[UnitOfWork], None]:
    def swap(work: UnitOfWork) -> None:
        for old, new in ((a, 99), (b, a), (99, b)):
            _move(work, old, new)

    return swap


def _make_room(work: UnitOfWork) -> None:
    for seq in range(10, 4, -1):
        _move(work, seq, seq + 1)
    others = COLUMNS.removeprefix("id, ")
    run(work, f"INSERT INTO audit_event (workspace, seq, {COLUMNS}) SELECT workspace, 5, 'E0NEW', {others}"  # noqa: S608
              " FROM audit_event WHERE seq = 4")  # fmt: skip


def _insert(work: UnitOfWork) -> None:
    _make_room(work)
    run(work, "UPDATE audit_head SET seq = 11")


def _insert_and_hash(work: UnitOfWork) -> None:
    _insert(work)
    rehash(work, 5, 5, head=False)


def _insert_behind_the_end(work: UnitOfWork) -> None:
    others = COLUMNS.removeprefix("id, ")
    run(work, f"INSERT INTO audit_event (workspace, seq, {COLUMNS}) SELECT workspace, 11, 'E0NEW', {others}"  # noqa: S608
              " FROM audit_event WHERE seq = 10")  # fmt: skip


def _cut_off(work: UnitOfWork) -> None:
    run(work, "DELETE FROM audit_event WHERE seq > 8")


def _change_text(work: UnitOfWork) -> None:
    run(work, "UPDATE audit_text SET text = 'because I say so' WHERE seq = 4")


def _forge_an_archive(work: UnitOfWork) -> None:
    """The beginning goes, and a record says that it is in a file."""
    run(
        work,
        "INSERT INTO audit_stub (workspace, seq, first_seq, hash, sha256, signature, at)"
        " SELECT workspace, 4, 1, hash, 'ff', NULL, at FROM audit_event WHERE seq = 4",
        "UPDATE audit_head SET archived_seq = 4",
        "DELETE FROM audit_text WHERE seq <= 4",
        "DELETE FROM audit_event WHERE seq <= 4",
    )


def _remove_text(work: UnitOfWork) -> None:
    run(work, "DELETE FROM audit_text WHERE seq = 4")


def _put_a_text_in(work: UnitOfWork) -> None:
    run(work, "INSERT INTO audit_text VALUES ('T0ONE', 5, 'reason', 'salt', 'what nobody said')")


def _blank(work: UnitOfWork) -> None:
    run(work, "UPDATE audit_text SET text = NULL, salt = NULL WHERE seq = 4")


def _insert_at(seq: int) -> Callable[[UnitOfWork], None]:
    others = COLUMNS.removeprefix("id, ")

    def insert(work: UnitOfWork) -> None:
        run(work, f"INSERT INTO audit_event (workspace, seq, {COLUMNS})"  # noqa: S608
                  f" SELECT workspace, {seq}, 'E0NEW', {others} FROM audit_event WHERE seq = 4")  # fmt: skip

    return insert


def _take_the_head(work: UnitOfWork) -> None:
    run(work, "DELETE FROM audit_head")


def _let_go_without_archive(work: UnitOfWork) -> None:
    run(work, "UPDATE audit_head SET archived_seq = 4", "DELETE FROM audit_event WHERE seq <= 4")


@pytest.mark.parametrize(
    ("tamper", "seq", "fault"),
    [
        (_change, 5, Fault.CHANGED),
        (_change_and_hash, 5, Fault.CHANGED),
        (_change_the_last_and_hash, 10, Fault.CHANGED),
        (_remove, 5, Fault.MISSING),
        (_remove_two, 5, Fault.MISSING),
        (_remove_and_number_anew, 5, Fault.MISSING),
        (_swap(5, 6), 5, Fault.SWAPPED),
        (_swap(3, 9), 3, Fault.SWAPPED),
        (_insert, 5, Fault.INSERTED),
        (_insert_and_hash, 5, Fault.INSERTED),
        (_insert_behind_the_end, 11, Fault.INSERTED),
        (_cut_off, 9, Fault.CUT_OFF),
        (_change_text, 4, Fault.TEXT),
        (_forge_an_archive, 1, Fault.MISSING),
        (_remove_text, 4, Fault.TEXT),
        (_put_a_text_in, 5, Fault.TEXT),
        (_blank, 4, Fault.TEXT),
        (_insert_at(0), 0, Fault.INSERTED),
        (_insert_at(-7), -7, Fault.INSERTED),
        (_take_the_head, 1, Fault.MISSING),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_the_first_bad_event_is_named_with_what_is_wrong_with_it(
    database: Database, tamper: Callable[[UnitOfWork], None], seq: int, fault: Fault
) -> None:
    log(database, 10)
    with unguarded(database) as work:
        tamper(work)
    assert broken(database) == (seq, fault)


def test_events_that_went_without_an_archive_are_missing(database: Database) -> None:
    log(database, 10)
    with unguarded(database) as work:
        _let_go_without_archive(work)
    found = one(verify(database))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (1, Fault.MISSING)


@pytest.mark.parametrize(
    "what",
    ["changes = 'x'", "at = 'x'", "at = 9000000000000000000", "cost = 'x'", "actor = x'00ff'",
     "context = '{\"a\"\\:NaN}'", "changes = '{\"a\"\\:\"\\ud800\"}'"],
)  # fmt: skip
def test_a_row_that_cannot_be_read_any_more_was_changed(database: Database, what: str) -> None:
    """SQLite keeps in a column whatever somebody writes there."""
    log(database, 10)
    if database.engine.dialect.name == "postgresql":
        what = "at = 9000000000000000000"
    with unguarded(database) as work:
        run(work, f"UPDATE audit_event SET {what} WHERE seq = 7")  # noqa: S608
    assert broken(database) == (7, Fault.CHANGED)


@pytest.mark.parametrize(
    "changes",
    [
        """'{"to"\\:"eve", ' || substr(changes, 2)""",
        """replace(changes, '{"a"\\:1}', '{"a"\\:2,"a"\\:1}')""",
        "CAST(changes AS BLOB)",
    ],
    ids=["twice", "twice within", "as bytes"],
)
def test_a_key_that_stands_twice_is_found_although_one_of_them_is_right(
    database: Database, changes: str
) -> None:
    """Python reads the last of them, and SQLite's own functions the first; PostgreSQL keeps only one."""
    with database.write() as work:
        settled = {"to": "bought", "from": [{"a": 1}]}
        audit.append(work, replace(event(), action=Action.PURCHASE_SETTLED, changes=settled))
    if database.engine.dialect.name == "sqlite":
        with unguarded(database) as work:
            before = work.connection.scalar(text("SELECT changes FROM audit_event"))
            run(work, f"UPDATE audit_event SET changes = {changes}")  # noqa: S608
            assert work.connection.scalar(text("SELECT changes FROM audit_event")) != before
        assert broken(database) == (1, Fault.CHANGED)
    else:
        with database.read() as work:
            kept = work.connection.scalar(
                text("""SELECT '{"a"\\:2, "a"\\:1}' = CAST('{"a"\\:1}' AS jsonb)""")
            )
        assert kept and sound(database)


def test_an_event_of_a_workspace_without_a_log_is_found(database: Database) -> None:
    log(database, 3)
    with unguarded(database) as work:
        run(work, f"INSERT INTO audit_event (workspace, seq, {COLUMNS}) SELECT 'T0NEW', seq, id || 'X',"  # noqa: S608
                  f" {COLUMNS.removeprefix('id, ')} FROM audit_event WHERE seq = 1")  # fmt: skip
    ours, strange = verify(database)
    assert isinstance(ours, Sound) and isinstance(strange, Broken)
    assert (strange.workspace, strange.fault) == ("T0NEW", Fault.MISSING)
    ours, strange = verified(database, "MAONE", Proof())
    assert isinstance(strange, Broken), "it can be logged nowhere, and is said all the same"


# --- what only an anchor can tell ---


def test_a_log_hashed_anew_to_its_end_is_told_by_the_anchor_alone(database: Database) -> None:
    log(database, 10)
    kept = anchor(database)
    log(database, 2)
    with unguarded(database) as work:
        _change(work)
        rehash(work, 5)
    assert sound(database).last == 12
    assert broken(database, Proof(anchors=[kept])) == (10, Fault.REWRITTEN)


def test_a_log_cut_off_with_its_head_is_told_by_the_anchor_alone(database: Database) -> None:
    log(database, 10)
    kept = anchor(database)
    with unguarded(database) as work:
        run(work, "DELETE FROM audit_text WHERE seq > 8", "DELETE FROM audit_event WHERE seq > 8")
        run(work, "UPDATE audit_head SET seq = 8, hash = (SELECT hash FROM audit_event WHERE seq = 8)")
    assert sound(database).last == 8
    assert broken(database, Proof(anchors=[kept])) == (9, Fault.CUT_OFF)


def test_anchors_are_met_on_the_way_and_counted(database: Database) -> None:
    seal = Seal(make_key()[0])
    kept = []
    for _ in range(3):
        log(database, 4)
        kept.append(anchor(database, seal))
    assert sound(database, Proof(anchors=kept, keys=[seal.public])).anchors == 3
    late = sound(database, Proof(anchors=kept, start=6))
    assert (late.first, late.anchors, late.anchors_before) == (6, 2, 1)


def test_an_anchor_of_another_key_or_none_is_not_believed(database: Database) -> None:
    log(database, 4)
    mine, other = Seal(make_key()[0]), Seal(make_key()[0])
    for wrong in (anchor(database, other), anchor(database)):
        assert broken(database, Proof(anchors=[wrong], keys=[mine.public])) == (4, Fault.ANCHOR)
    assert sound(database, Proof(anchors=[anchor(database, other)])).anchors == 1


def test_two_anchors_that_contradict_each_other_mean_a_log_written_twice(
    database: Database,
) -> None:
    log(database, 4)
    other = Checkpoint(workspace=ONE, seq=4, hash="0" * 64, count=4, at="")
    assert broken(database, Proof(anchors=[anchor(database), other])) == (4, Fault.REWRITTEN)


def test_an_anchor_of_another_workspace_is_refused_in_words(database: Database) -> None:
    log(database, 4)
    foreign = Checkpoint(workspace="T0ELSE", seq=4, hash="0" * 64, count=4, at="")
    with pytest.raises(SettingsError, match="of workspace T0ELSE, and this database holds the log of T0ONE"):
        verify(database, Proof(anchors=[foreign]))


@pytest.mark.parametrize("line", ["x", "[]", "{}", '{"kind": "numberdesk.checkpoint", "seq": "1"}', "1"])
def test_a_line_that_is_no_anchor_is_named(line: str) -> None:
    with pytest.raises(SettingsError, match="line 2 of the anchor file"):
        read_anchors(["", line])


def test_an_anchor_is_read_back_as_it_was_written(database: Database) -> None:
    log(database, 2)
    made = anchor(database, Seal(make_key()[0]))
    assert read_anchors([made.to_json(), "\n"]) == Anchors((made,), ())
    assert made.is_genuine([str(made.key)])


# --- from an event on ---


def test_from_an_event_on_what_is_before_it_is_believed(database: Database) -> None:
    log(database, 10)
    with unguarded(database) as work:
        _change(work)
    assert broken(database) == (5, Fault.CHANGED)
    assert sound(database, Proof(start=7)).first == 7
    for start in (11, 20):
        with pytest.raises(SettingsError, match=f"no event {start} to begin with: name one of 1 to 10"):
            verify(database, Proof(start=start))


def test_an_event_between_check_and_end_does_no_harm(database: Database) -> None:
    """The log grows while it is checked: what comes after the look at its head is for the next check."""
    log(database, 5)

    def grow(_: int) -> None:
        with database.write() as work:
            audit.append(work, event())

    (found,) = verify(database, progress=grow)
    assert isinstance(found, Sound)

"""Requests: one per origin, one outcome each, whoever races whom."""

from datetime import timedelta

from bot.model.request import Answer, Options, Person, RequestStatus
from storage import requests
from storage.requests import Card, KeptRequest, Round, Wanted
from storage.unit_of_work import Database
from tests.storage.rows import a_request, add_request, at_once

S = RequestStatus
ROUND = Round(rule="expensive", approvals_needed=1, channel="C0DEAR")


def _new(database: Database, origin: str = "V1", **values: RequestStatus) -> KeptRequest:
    with database.write() as work:
        return a_request(work, origin, **values)


def _get(database: Database, request_id: str) -> KeptRequest:
    with database.read() as work:
        found = requests.get(work, request_id)
    assert found
    return found


def test_a_request_is_read_back_as_it_was_written(database: Database) -> None:
    written = _new(database)
    assert _get(database, written.id) == written
    assert written.options == Options(alias="Support")
    assert (written.status, written.round, written.approvals_given) == (S.PENDING, 1, 0)
    assert written.decided_at is None


def test_a_request_that_needs_nobody_is_decided_when_it_is_made(database: Database) -> None:
    written = _new(database, status=S.APPROVED)
    assert written.decided_at == written.created_at


def test_another_workspace_does_not_see_it(database: Database) -> None:
    written = _new(database)
    with database.read() as work:
        assert requests.get(work, written.id, "T0OTHER") is None
        assert requests.get(work, written.id, "T0ONE") == written
        assert requests.by_origin(work, "T0OTHER", "V1") is None
        assert requests.by_origin(work, "T0ONE", "V1") == written


def test_twelve_submissions_of_one_modal_are_one_request(database: Database) -> None:
    def submit(_: int) -> KeptRequest | None:
        with database.write() as work:
            return add_request(work, "V1")

    made = [r for r in at_once(12, submit) if r]
    assert len(made) == 1
    with database.read() as work:
        assert requests.newest(work, Wanted(workspace="T0ONE", party="U0BEA"), limit=20) == made


def test_the_same_origin_in_two_workspaces_is_two_requests(database: Database) -> None:
    _new(database)
    with database.write() as work:
        assert add_request(work, "V1", person=Person("T0TWO", "U0BEA"))


def test_the_newest_requests_of_a_person_come_first(database: Database) -> None:
    made = []
    for turn in range(4):
        made.append(_new(database, f"V{turn}").id)
        database.shift += timedelta(seconds=0.1)  # SQLite's clock may stand still for a millisecond
    with database.read() as work:
        assert [
            r.id for r in requests.newest(work, Wanted(workspace="T0ONE", party="U0BEA"), limit=3)
        ] == made[:0:-1]
        assert requests.newest(work, Wanted(workspace="T0ONE", party="U0CAL"), limit=3) == []


def test_approvals_counted_at_once_are_all_counted(database: Database) -> None:
    made = _new(database)

    def approve(_: int) -> int:
        with database.write() as work:
            counted = requests.count_approval(work, made, at_least=0)
        assert counted
        return counted.approvals_given

    assert sorted(at_once(6, approve)) == [1, 2, 3, 4, 5, 6]


def test_of_many_ends_at_once_exactly_one_counts(database: Database) -> None:
    made = _new(database)
    ends = (S.APPROVED, S.DENIED, S.CANCELLED, S.EXPIRED) * 2

    def finish(which: int) -> S | None:
        with database.write() as work:
            return ends[which] if requests.end(work, made.id, ends[which], f"U{which}") else None

    won = [status for status in at_once(8, finish) if status]
    assert len(won) == 1
    after = _get(database, made.id)
    assert after.status is won[0]
    assert after.decided_at is not None


def test_an_approval_after_the_end_is_not_counted(database: Database) -> None:
    made = _new(database)
    with database.write() as work:
        assert requests.end(work, made.id, S.DENIED, "U0ANA")
    with database.write() as work:
        assert requests.count_approval(work, made, at_least=0) is None
    assert _get(database, made.id).approvals_given == 0


def test_a_yes_and_a_no_at_once_never_both_count(database: Database) -> None:
    made = _new(database)

    def decide(which: int) -> bool:
        with database.write() as work:
            if which % 2:
                return bool(requests.end(work, made.id, S.DENIED, "U0ANA"))
            counted = requests.count_approval(work, made, at_least=0)
            return bool(counted and requests.end(work, made.id, S.APPROVED, "U0CAL"))

    assert sum(at_once(8, decide)) == 1


def test_the_approvers_are_asked_again_once_in_a_requests_life(database: Database) -> None:
    made = _new(database, status=S.APPROVED)

    def again(_: int) -> bool:
        with database.write() as work:
            return bool(requests.ask_again(work, made, ROUND, expires_at=None))

    assert sum(at_once(6, again)) == 1
    second = _get(database, made.id)
    assert (second.status, second.round, second.rule, second.approvals_needed) == (
        S.PENDING,
        2,
        "expensive",
        1,
    )
    assert second.approval_channel == "C0DEAR"
    assert (second.approvals_given, second.decided_at, second.decided_by) == (0, None, None)
    with database.write() as work:
        assert requests.end(work, made.id, S.APPROVED, "U0ANA")
        assert not requests.ask_again(work, made, ROUND, expires_at=None)


def test_a_pending_request_is_not_asked_about_again(database: Database) -> None:
    made = _new(database)
    with database.write() as work:
        assert not requests.ask_again(work, made, ROUND, expires_at=None)


def test_a_worker_that_was_held_up_asks_nobody_again_about_an_old_price(database: Database) -> None:
    """It would end, as risen twice, what was approved meanwhile at the new price."""
    first = _new(database, status=S.APPROVED)
    with database.write() as work:
        again = requests.ask_again(work, first, ROUND, expires_at=None)
        assert again and requests.end(work, again.id, S.APPROVED, "U0ANA")
        assert not requests.ask_again(work, first, ROUND, expires_at=None)
    assert _get(database, first.id).status is S.APPROVED


def test_one_person_counts_once_in_a_round(database: Database) -> None:
    first = _new(database, status=S.APPROVED)
    with database.write() as work:
        assert requests.add_decision(work, first, "U0ANA", Answer.APPROVE, None)
    with database.write() as work:
        assert not requests.add_decision(work, first, "U0ANA", Answer.DENY, "on second thought")
        assert requests.ask_again(work, first, ROUND, expires_at=None)
    second = _get(database, first.id)
    with database.write() as work:
        assert requests.add_decision(work, second, "U0ANA", Answer.DENY, "too dear")
        said = requests.decisions(work, first.id)
    assert [(d.approver, d.answer, d.comment, d.round) for d in said] == [
        ("U0ANA", Answer.APPROVE, None, 1),
        ("U0ANA", Answer.DENY, "too dear", 2),
    ]


def test_a_card_is_kept_where_it_is_drawn_last(database: Database) -> None:
    made = _new(database)
    with database.write() as work:
        requests.keep_card(work, Card(made.id, "request", "C0NUMBERS", None, "channel_not_found"))
        requests.keep_card(work, Card(made.id, "approval", "C0APPROVE", "1.1", None))
        requests.keep_card(work, Card(made.id, "request", "D0BEA", "2.2", None))
        kept = requests.cards(work, made.id)
    assert kept == {
        "request": Card(made.id, "request", "D0BEA", "2.2", None),
        "approval": Card(made.id, "approval", "C0APPROVE", "1.1", None),
    }


def test_what_was_said_of_one_round_counts_for_no_other(database: Database) -> None:
    made = _new(database)
    with database.write() as work:
        later = requests.new_round(work, made, Round(rule="dear", approvals_needed=1, channel=None))
        assert later
        assert requests.count_approval(work, made, at_least=1) is None
        assert requests.deny(work, made, "U0ANA") is None
        counted = requests.count_approval(work, later, at_least=1)
    assert counted and (counted.round, counted.approvals_given) == (2, 1)

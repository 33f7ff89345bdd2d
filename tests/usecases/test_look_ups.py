"""Look-ups: one's own for everybody, all of them for approvers; pages that nothing moves."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.model.audit import Action
from bot.model.request import Answer, Person
from bot.usecases.look_up import (
    REQUESTS,
    NotTheirs,
    RequestsPage,
    Timeline,
    Which,
    requests_page,
    timeline,
    view,
)
from bot.usecases.reprice import Dearer, look_again
from storage import schema
from tests.usecases.conftest import APPROVERS, Bench, MakeBench

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]
notify = ["S0LOUD", "U0ANA"]

[[rules]]
name = "all"
approvals = 2
"""


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(POLICY)


def _ids(page: RequestsPage) -> list[str]:
    return [seen.request.id for seen in page.views]


def _page(bench: Bench, user: str, which: Which, older_than: str | None = None) -> RequestsPage:
    return requests_page(bench.desk, bench.person(user), which, older_than=older_than)


def test_who_sees_which(bench: Bench) -> None:
    offers = bench.twelve()
    ritas = bench.asked("U0RITA", offers[0], "V1")
    for_rita = bench.asked("U0BEA", offers[1], "V2", on_behalf_of="U0RITA")
    ended = bench.asked("U0RITA", offers[2], "V3")
    bosss = bench.asked("U0BOSS", offers[3], "V4")
    bench.decide("U0A00", Answer.DENY, request_id=ended)
    everything = [bosss, ended, for_rita, ritas]
    expected = {
        ("U0RITA", Which.MINE): [ended, for_rita, ritas],
        ("U0RITA", Which.OPEN): [for_rita, ritas],
        ("U0RITA", Which.ALL): [ended, for_rita, ritas],
        ("U0BEA", Which.ALL): [for_rita],
        ("U0NOBODY", Which.ALL): [],
        ("U0BOSS", Which.MINE): [bosss],
        ("U0BOSS", Which.OPEN): [bosss, for_rita, ritas],
        ("U0A05", Which.ALL): everything,
    }
    for (user, which), ids in expected.items():
        page = _page(bench, user, which)
        assert (_ids(page), page.which, page.older_than) == (ids, which, None)
        assert page.may_see_all == (user in {"U0BOSS", "U0A05"})
    stranger = requests_page(bench.desk, Person("T0OTHER", "U0BOSS"), Which.ALL)
    assert stranger.views == ()


def test_a_group_that_is_down_shows_approvers_their_own_only(bench: Bench) -> None:
    bench.asked()
    bench.slack.down = True
    bench.shift(61)
    page = _page(bench, "U0A05", Which.ALL)
    assert (page.views, page.may_see_all) == ((), False)


def test_pages_leave_nothing_out_and_repeat_nothing_while_new_ones_come(bench: Bench) -> None:
    offers = bench.twelve()
    made = [bench.asked("U0RITA", offers[i], f"V{i}") for i in range(10)]
    first = _page(bench, "U0BOSS", Which.ALL)
    assert _ids(first) == made[:1:-1] and len(first.views) == REQUESTS
    bench.asked("U0RITA", offers[10], "V10")
    bench.decide("U0BOSS", Answer.DENY, request_id=first.views[-1].request.id)
    for which in (Which.ALL, Which.OPEN):
        second = _page(bench, "U0BOSS", which, first.older_than)
        assert (_ids(second), second.older_than) == (made[1::-1], None)


def test_pages_are_whole_where_many_came_in_the_same_moment(bench: Bench) -> None:
    offers = bench.twelve()
    made = {bench.asked("U0RITA", offers[i], f"V{i}") for i in range(12)}
    with bench.desk.database.write() as work:
        work.execute(update(schema.request).values(created_at=work.now))
    first = _page(bench, "U0RITA", Which.MINE)
    second = _page(bench, "U0RITA", Which.MINE, first.older_than)
    assert sorted(_ids(first) + _ids(second)) == sorted(made)


def test_the_timeline_is_for_the_parties_and_for_approvers(bench: Bench) -> None:
    request = bench.asked(on_behalf_of="U0BEA")
    bench.decide("U0A00")
    bench.decide("U0A01")
    bench.work()
    for user in ("U0RITA", "U0BEA", "U0BOSS", "U0A07"):
        seen = timeline(bench.desk, bench.person(user), request)
        assert isinstance(seen, Timeline)
        assert [e.event.action.value for e in seen.events] == [
            "request.submitted", "request.approval", "request.approval", "request.approved",
            "purchase.started", "purchase.bought",
        ]  # fmt: skip
    assert isinstance(timeline(bench.desk, bench.person("U0CARL"), request), NotTheirs)
    assert isinstance(timeline(bench.desk, Person("T0OTHER", "U0BOSS"), request), NotTheirs)
    assert isinstance(timeline(bench.desk, bench.person("U0BOSS"), "R0NOTHERE"), NotTheirs)
    read = [(e.outcome.value, e.actor.id, e.request_id) for e in bench.logged(Action.AUDIT_READ)]
    assert read == [
        *(("success", user, request) for user in ("U0RITA", "U0BEA", "U0BOSS", "U0A07")),
        ("denied", "U0CARL", request), ("denied", "U0BOSS", None), ("denied", "U0BOSS", None),
    ]  # fmt: skip


def test_a_card_knows_who_may_still_decide_and_their_names(bench: Bench) -> None:
    request = bench.asked("U0A00", on_behalf_of="U0A01")
    bench.decide("U0A02")
    bench.learn("U0BOSS", "U0A03")
    seen = view(bench.desk, request)
    assert seen
    assert set(seen.may_still) == {"U0BOSS", *APPROVERS} - {"U0A00", "U0A01", "U0A02"}
    assert seen.unknown_groups == ()
    assert [d.approver for d in seen.decisions] == ["U0A02"]
    named = {key: seen.names[key] for key in ("U0BOSS", "U0A03", "S0PROCURE", "S0LOUD", "U0ANA")}
    assert named == {
        "U0BOSS": "Boss", "U0A03": "A03", "S0PROCURE": "@procurement", "S0LOUD": "@procurement",
        "U0ANA": "U0ANA",
    }  # fmt: skip
    bench.decide("U0A03")
    done = view(bench.desk, request)
    assert done and (done.may_still, done.unknown_groups) == ((), ())


def test_a_new_round_may_be_decided_by_those_who_spoke_to_the_old_price(bench: Bench) -> None:
    request = bench.asked()
    bench.decide("U0A02")
    seen = view(bench.desk, request)
    assert seen and "U0A02" not in seen.may_still
    bench.price(bench.purchase().number, "2.00000")
    assert isinstance(look_again(bench.desk, bench.request(), bench.purchase()), Dearer)
    again = view(bench.desk, request)
    assert again and "U0A02" in again.may_still
    assert [d.round for d in again.decisions] == [1]


def test_a_card_says_which_groups_could_not_be_looked_up(bench: Bench) -> None:
    request = bench.asked()
    bench.slack.down = True
    bench.shift(61)
    bench.learn("U0BOSS")
    seen = view(bench.desk, request)
    assert seen and (seen.may_still, seen.unknown_groups) == (("U0BOSS",), ("S0PROCURE",))
    bench.desk = replace(bench.desk, policy=None)
    without = view(bench.desk, request)
    assert without and (without.may_still, without.unknown_groups) == ((), ())
    assert view(bench.desk, "R0NOTHERE") is None

<<<<<<< HEAD
"""Home: whose is drawn when something changes, how often, and what it shows."""

from datetime import timedelta

from sqlalchemy import select

from bot.model.request import Answer
from bot.usecases.decide import Say, decide
from bot.usecases.home import drawing, home_sheet, open_home, touch_homes
from bot.usecases.judge import learn
from storage import jobs, schema
from tests.usecases.conftest import Bench, MakeBench

ONE = """
=======
"""Home: one sheet of what waits, what is asked for, what is held and what is left; drawn when it must be."""

from decimal import Decimal

import pytest

from bot.model.request import Answer
from bot.usecases import home as module
from bot.usecases.home import drawn, home_sheet, open_home, touch_homes
from tests.usecases.conftest import Bench, MakeBench, at_once

POLICY = """
>>>>>>> wt-f
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]

[[rules]]
name = "all"
approvals = 1
<<<<<<< HEAD
"""


def homes_to_draw(bench: Bench) -> list[str]:
    """Whose Home a job is about to draw, now or later."""
    with bench.desk.database.read() as work:
        keys = work.connection.scalars(select(schema.job.c.key)).all()
    return sorted(key.rpartition(":")[2] for key in keys if key.startswith("home:"))


def drawn(bench: Bench) -> None:
    """Every Home that is due is drawn."""
    with bench.desk.database.write() as work:
        while job := jobs.claim(work, lease="L1", seconds=60, kinds=["home"]):
            jobs.finish(work, job)


def opened(bench: Bench, *users: str) -> None:
    for user in users:
        open_home(bench.desk, bench.person(user))
        drawing(bench.desk, bench.person(user))
    drawn(bench)


def test_a_change_draws_the_open_homes_of_those_whom_it_touches(make_bench: MakeBench) -> None:
    bench = make_bench(ONE)
    opened(bench, "U0RITA", "U0A01", "U0BOSS", "U0NOSY")
    bench.ask()
    touch_homes(bench.desk, bench.request().id)
    assert homes_to_draw(bench) == ["U0A01", "U0BOSS", "U0RITA"]


def test_a_change_long_after_anybody_asked_slack_reaches_the_approvers_of_a_group(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ONE)
    opened(bench, "U0A01", "U0NOSY")
    bench.ask()
    bench.desk.database.shift += timedelta(hours=1)
    touch_homes(bench.desk, bench.request().id)
    assert homes_to_draw(bench) == ["U0A01"]


def test_while_nobody_knows_who_is_in_a_group_every_open_home_is_drawn(make_bench: MakeBench) -> None:
    bench = make_bench(ONE)
    opened(bench, "U0A01", "U0NOSY")
    bench.ask()
    bench.slack.down = True
    bench.desk.database.shift += timedelta(hours=1)
    touch_homes(bench.desk, bench.request().id)
    assert homes_to_draw(bench) == ["U0A01", "U0NOSY"]
    assert home_sheet(bench.desk, bench.person("U0NOSY")).waiting == ()


def test_a_home_is_drawn_once_in_two_seconds_however_much_changes(make_bench: MakeBench) -> None:
    bench = make_bench(ONE)
    bench.ask()
    opened(bench, "U0A01")
    for _ in range(5):
        touch_homes(bench.desk, bench.request().id)
        drawn(bench)
        assert homes_to_draw(bench) == ["U0A01"], "it was drawn a moment ago"
    bench.desk.database.shift += timedelta(seconds=2)
    drawn(bench)
    assert homes_to_draw(bench) == []


def test_what_waits_is_what_this_person_may_still_decide(make_bench: MakeBench) -> None:
    bench = make_bench(ONE.replace("approvals = 1", "approvals = 2"))
    bench.ask("U0A01", bench.offers().offers[0].id, key="V1")
    bench.ask("U0RITA", bench.offers().offers[1].id, key="V2")
    ana, other = bench.person("U0A01"), bench.person("U0A02")
    learn(bench.desk, ana.workspace, ana.user, other.user)
    assert [v.request.requester for v in home_sheet(bench.desk, ana).waiting] == ["U0RITA"]
    seen = home_sheet(bench.desk, other).waiting
    assert sorted(v.request.requester for v in seen) == ["U0A01", "U0RITA"]
    decide(bench.desk, other, seen[0].request.id, Say(answer=Answer.APPROVE, round_seen=1))
    assert len(home_sheet(bench.desk, other).waiting) == 1
    assert home_sheet(bench.desk, bench.person("U0RITA")).waiting == ()


def test_what_is_not_shown_is_counted(make_bench: MakeBench) -> None:
    bench = make_bench(ONE)
    for turn in range(2):
        page = bench.offers("US local 415" if turn else "US local 212")
        for i, kept in enumerate(page.offers):
            bench.ask(offer=kept.id, key=f"V{turn}.{i}")
    sheet = home_sheet(bench.desk, bench.person("U0RITA"))
    assert (len(sheet.open), sheet.more_open) == (8, 2)
    assert (sheet.more_waiting, sheet.more_numbers) == (0, 0)
    assert home_sheet(bench.desk, bench.person("U0BOSS")).more_waiting == 2
=======

[budgets]
workspace = "20"
per_user = "10"
"""


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(POLICY)


def _homes(bench: Bench) -> dict[str, float]:
    return {key: due for key, due in bench.jobs().items() if key.startswith("home:")}


def _open(bench: Bench, *users: str) -> None:
    for user in users:
        open_home(bench.desk, bench.person(user))
        drawn(bench.desk, bench.person(user))
    bench.work()


def test_the_sheet_of_who_asks(bench: Bench) -> None:
    offers = bench.twelve()
    waits = bench.asked("U0RITA", offers[0], "V1")
    ended = [bench.asked("U0RITA", offers[i], f"V{i}") for i in range(2, 6)]
    for request in ended:
        bench.decide("U0BOSS", Answer.DENY, request_id=request)
    bought = bench.asked("U0RITA", offers[6], "V6")
    bench.decide("U0BOSS", request_id=bought)
    for_bea = bench.asked("U0RITA", offers[7], "V7", on_behalf_of="U0BEA")
    bench.decide("U0BOSS", request_id=for_bea)
    bench.work()
    sheet = home_sheet(bench.desk, bench.person())
    assert (sheet.approver, sheet.waiting, sheet.more_waiting) == (False, (), False)
    assert [seen.request.id for seen in sheet.open] == [waits]
    assert [seen.request.id for seen in sheet.recent] == [for_bea, bought, ended[-1]]
    assert [p.request_id for p in sheet.numbers] == [bought], "what was bought for Bea is Bea's"
    assert not sheet.more_numbers
    assert (sheet.mine.reserved, sheet.mine.committed, sheet.mine.left) == (
        Decimal("0.80"), Decimal("1.60"), Decimal("7.60"),
    )  # fmt: skip
    assert sheet.workspace.left == Decimal("17.60")
    assert len(sheet.events) == 5
    assert {e.event.actor.id for e in sheet.events} <= {"U0RITA", "U0BOSS", "worker"}
    bea = home_sheet(bench.desk, bench.person("U0BEA"))
    assert [p.request_id for p in bea.numbers] == [for_bea]
    assert (bea.open, [seen.request.id for seen in bea.recent]) == ((), [for_bea])


def test_the_sheet_of_who_decides(bench: Bench) -> None:
    offers = bench.twelve()
    made = [bench.asked("U0RITA", offers[i], f"V{i}") for i in range(9)]
    own = bench.asked("U0A00", offers[9], "V9")
    boss = home_sheet(bench.desk, bench.person("U0BOSS"))
    assert (boss.approver, boss.more_waiting) == (True, True)
    assert [seen.request.id for seen in boss.waiting] == [own, *made[:1:-1]]
    asker = home_sheet(bench.desk, bench.person("U0A00"))
    assert [seen.request.id for seen in asker.waiting] == made[:0:-1], "nobody decides their own"
    bench.decide("U0BOSS", Answer.DENY, request_id=made[0])
    assert made[0] not in {s.request.id for s in home_sheet(bench.desk, bench.person("U0A00")).waiting}


def test_an_approver_whose_group_is_down_sees_nothing_to_decide(bench: Bench) -> None:
    bench.asked()
    bench.slack.down = True
    bench.shift(61)
    sheet = home_sheet(bench.desk, bench.person("U0A00"))
    assert (sheet.approver, sheet.waiting) == (False, ())


def test_only_who_is_touched_and_has_home_open_is_drawn_anew(bench: Bench) -> None:
    request = bench.asked("U0RITA", on_behalf_of="U0BEA")
    _open(bench, "U0RITA", "U0BEA", "U0A00", "U0CARL")
    bench.shift(10)
    touch_homes(bench.desk, request)
    assert set(_homes(bench)) == {f"home:T0DEMO:{user}" for user in ("U0RITA", "U0BEA", "U0A00")}
    assert all(due <= 0 for due in _homes(bench).values())
    bench.work()
    bench.shift(13 * 3600)
    bench.learn("U0BOSS")
    touch_homes(bench.desk, request)
    assert _homes(bench) == {}, "who looked at it yesterday is not looking any more"
    touch_homes(bench.desk, "R0NOTHERE")


def test_home_is_drawn_at_most_once_in_so_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.AT_MOST_EVERY == 2
    monkeypatch.setattr(module, "AT_MOST_EVERY", 60.0)  # no machine is slower than that
    request = bench.asked()
    _open(bench, "U0RITA")
    for _ in range(5):
        touch_homes(bench.desk, request)
    (due,) = _homes(bench).values()
    assert 30 < due <= 60
    bench.shift(15)
    touch_homes(bench.desk, request)
    (later,) = _homes(bench).values()
    assert 0 < later <= due - 15, "what comes often does not put it off"
    open_home(bench.desk, bench.person())
    (at_once_,) = _homes(bench).values()
    assert at_once_ <= 0, "who opens it sees it now"


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_was_set_wrong_holds_no_home_back(bench: Bench, days: int) -> None:
    request = bench.asked()
    bench.shift(-days * 86_400)
    _open(bench, "U0RITA")
    bench.shift(days * 86_400)
    bench.learn("U0BOSS")
    open_home(bench.desk, bench.person())
    bench.work()
    touch_homes(bench.desk, request)
    assert all(due <= 2 for due in _homes(bench).values())
    assert _homes(bench)


def test_twelve_changes_at_once_touch_the_same_homes(bench: Bench) -> None:
    offers = bench.twelve()
    made = [bench.asked("U0RITA", offers[i], f"V{i}") for i in range(4)]
    people = ("U0RITA", "U0A03", "U0A01", "U0BOSS", "U0A02")
    _open(bench, *people)
    _open(bench, *reversed(people))
    touches = [lambda r=r: touch_homes(bench.desk, r) for r in made for _ in range(2)]
    draws = [lambda u=u: drawn(bench.desk, bench.person(u)) for u in people[:4]]
    at_once(*touches, *draws)
    assert len(_homes(bench)) == 5
>>>>>>> wt-f

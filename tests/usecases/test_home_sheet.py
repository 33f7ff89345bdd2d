"""Home: one sheet of what waits, what is asked for, what is held and what is left; drawn when it must be."""

from decimal import Decimal

import pytest

from bot.model.people import Profile
from bot.model.request import Answer
from bot.usecases import home as module
from bot.usecases.budget import budget_sheet
from bot.usecases.home import drawing, home_sheet, open_home, touch_homes
from handlers.ui.home import home_view
from tests.usecases.conftest import Bench, MakeBench, at_once

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]

[[rules]]
name = "all"
approvals = 1

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
        drawing(bench.desk, bench.person(user))
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
    assert (sheet.approver, sheet.waiting, sheet.more_waiting) == (False, (), 0)
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
    assert (boss.approver, boss.more_waiting) == (True, 2)
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
    touch_homes(bench.desk, bench.request(request))
    assert set(_homes(bench)) == {f"home:T0DEMO:{user}" for user in ("U0RITA", "U0BEA", "U0A00")}
    assert all(due <= 0 for due in _homes(bench).values())
    bench.work()
    bench.shift(13 * 3600)
    bench.learn("U0BOSS")
    touch_homes(bench.desk, bench.request(request))
    assert _homes(bench) == {}, "who looked at it yesterday is not looking any more"


def test_home_is_drawn_at_most_once_in_so_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.AT_MOST_EVERY == 2
    monkeypatch.setattr(module, "AT_MOST_EVERY", 60.0)  # no machine is slower than that
    request = bench.asked()
    _open(bench, "U0RITA")
    for _ in range(5):
        touch_homes(bench.desk, bench.request(request))
    (due,) = _homes(bench).values()
    assert 30 < due <= 60
    bench.shift(15)
    touch_homes(bench.desk, bench.request(request))
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
    touch_homes(bench.desk, bench.request(request))
    assert all(due <= 2 for due in _homes(bench).values())
    assert _homes(bench)


def test_twelve_changes_at_once_touch_the_same_homes(bench: Bench) -> None:
    offers = bench.twelve()
    made = [bench.asked("U0RITA", offers[i], f"V{i}") for i in range(4)]
    people = ("U0RITA", "U0A03", "U0A01", "U0BOSS", "U0A02")
    _open(bench, *people)
    _open(bench, *reversed(people))
    touches = [lambda r=r: touch_homes(bench.desk, r) for r in map(bench.request, made) for _ in range(2)]
    draws = [lambda u=u: drawing(bench.desk, bench.person(u)) for u in people[:4]]
    at_once(*touches, *draws)
    assert len(_homes(bench)) == 5


def test_all_that_waits_is_counted_however_many(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above two hundred the count stood still."""
    monkeypatch.setattr(module, "WAITING", 2)
    monkeypatch.setattr(module, "OPEN", 1)
    asked = [bench.asked("U0RITA", offer, f"V{i}") for i, offer in enumerate(bench.twelve()[:5])]
    bench.asked("U0BOSS", bench.twelve()[5], "V9")
    boss, rita = (home_sheet(bench.desk, bench.person(user)) for user in ("U0BOSS", "U0RITA"))
    assert ([v.request.id for v in boss.waiting], boss.more_waiting) == (asked[:2:-1], 3), "not one's own"
    assert (len(rita.open), rita.more_open) == (1, 4)


def test_a_group_that_is_down_is_said_and_a_guest_is_told_why_not(bench: Bench) -> None:
    bench.slack.profiles["U0GUS"] = Profile("Gus", guest=True)
    guest = home_sheet(bench.desk, bench.person("U0GUS"))
    assert "guests" in (guest.why_not or "") and not guest.not_known
    bench.slack.down = True
    bench.shift(61)
    for user in ("U0A01", "U0BOSS"):
        assert home_sheet(bench.desk, bench.person(user)).not_known
        assert budget_sheet(bench.desk, bench.person(user)).not_known
    shown = str(home_view(home_sheet(bench.desk, bench.person("U0A01"))))
    assert "Whether you are an approver could not be looked up in Slack, so what waits" in shown
    assert "Find a number" not in str(home_view(guest)) and "*You*" not in str(home_view(guest))

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
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]

[[rules]]
name = "all"
approvals = 1
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
    touch_homes(bench.desk, bench.request())
    assert homes_to_draw(bench) == ["U0A01", "U0BOSS", "U0RITA"]


def test_a_change_long_after_anybody_asked_slack_reaches_the_approvers_of_a_group(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ONE)
    opened(bench, "U0A01", "U0NOSY")
    bench.ask()
    bench.desk.database.shift += timedelta(hours=1)
    touch_homes(bench.desk, bench.request())
    assert homes_to_draw(bench) == ["U0A01"]


def test_while_nobody_knows_who_is_in_a_group_every_open_home_is_drawn(make_bench: MakeBench) -> None:
    bench = make_bench(ONE)
    opened(bench, "U0A01", "U0NOSY")
    bench.ask()
    bench.slack.down = True
    bench.desk.database.shift += timedelta(hours=1)
    touch_homes(bench.desk, bench.request())
    assert homes_to_draw(bench) == ["U0A01", "U0NOSY"]
    assert home_sheet(bench.desk, bench.person("U0NOSY")).waiting == ()


def test_a_home_is_drawn_once_in_two_seconds_however_much_changes(make_bench: MakeBench) -> None:
    bench = make_bench(ONE)
    bench.ask()
    opened(bench, "U0A01")
    for _ in range(5):
        touch_homes(bench.desk, bench.request())
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

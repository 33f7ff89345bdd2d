"""Who is told what: the jobs that each step leaves, and none besides."""

from collections.abc import Callable

import pytest

from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer
from bot.usecases import deadlines
from bot.usecases.cancel import cancel
from bot.usecases.change_reason import change_reason
from bot.usecases.extend import extend
from bot.usecases.look_up import tell_pinged
from bot.usecases.reprice import look_again
from storage import schema
from tests.usecases.conftest import Bench, MakeBench

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]
notify = ["U0BOSS", "S0PROCURE"]
expires_after = "48h"
remind_after = "4h"
escalate_after = "24h"

[[rules]]
name = "all"
approvals = 2
"""
TIMERS = ["escalate", "expire", "remind:1"]
DRAWN = ["render"]


def _yes(bench: Bench, _: str) -> None:
    bench.decide("U0A00")


def _two(bench: Bench, request: str) -> None:
    _yes(bench, request)
    bench.decide("U0A01")


def _no(bench: Bench, _: str) -> None:
    bench.decide("U0A00", Answer.DENY)


def _cancel(bench: Bench, request: str) -> None:
    cancel(bench.desk, bench.person("U0BEA"), request)


def _reason(bench: Bench, request: str) -> None:
    change_reason(bench.desk, bench.person(), request, "because", seen="why")


def _extend(bench: Bench, request: str) -> None:
    extend(bench.desk, bench.person("U0BOSS"), request)


def _remind(bench: Bench, request: str) -> None:
    deadlines.remind(bench.desk, request, 1)


def _escalate(bench: Bench, request: str) -> None:
    deadlines.escalate(bench.desk, request)


def _expire(bench: Bench, request: str) -> None:
    bench.shift(48 * 3600)
    deadlines.expire(bench.desk, request)


def _dearer(bench: Bench, _: str) -> None:
    bench.price(bench.purchase().number, "2.00000")
    look_again(bench.desk, bench.request(), bench.purchase())


def _refused(bench: Bench, request: str) -> None:
    cancel(bench.desk, bench.person("U0CARL"), request)
    extend(bench.desk, bench.person("U0CARL"), request)
    bench.decide("U0CARL")


def both(event: str) -> list[str]:
    return [f"dm:{event}:U0BEA", f"dm:{event}:U0RITA"]


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (_yes, DRAWN + TIMERS),
        (_two, ["buy", *DRAWN, *both("approved")]),
        (_no, [*DRAWN, *both("denied"), "note:denied"]),
        (_cancel, [*DRAWN, *both("cancelled"), "note:cancelled"]),
        (_reason, [*DRAWN, *TIMERS, "note:reason"]),
        (_extend, DRAWN + TIMERS),
        (_remind, [*DRAWN, *TIMERS, "note:reminder-1", "remind:2"]),
        (_escalate, [*DRAWN, *TIMERS, "note:escalated"]),
        (_expire, [*DRAWN, *both("expired"), "note:expired"]),
        (_dearer, [*DRAWN, *TIMERS, *both("repriced"), "note:repriced"]),
        (_refused, TIMERS),
    ],
)
def test_each_step_leaves_its_messages_and_no_others(
    make_bench: MakeBench, step: Callable[[Bench, str], None], left: list[str]
) -> None:
    bench = make_bench(POLICY)
    request = bench.asked("U0RITA", on_behalf_of="U0BEA")
    assert _left(bench, request) == sorted(DRAWN + TIMERS)
    with bench.desk.database.write() as work:
        work.execute(schema.job.delete().where(schema.job.c.key == f"render:{request}"))
    step(bench, request)
    assert _left(bench, request) == sorted(left)


def _left(bench: Bench, request: str) -> list[str]:
    purchase = bench.purchase(request).id
    return sorted(key.replace(f":{request}", "").replace(f":{purchase}", "") for key in bench.jobs())


def test_a_purchase_that_is_unclear_is_told_and_asked_about(make_bench: MakeBench) -> None:
    bench = make_bench(POLICY)
    bench.asked()
    _two(bench, "")
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    bench.work()
    assert bench.purchase().status is PurchaseStatus.UNKNOWN
    assert bench.sent == ["approved U0RITA", "unknown U0RITA"]
    assert [key.partition(":")[0] for key in bench.jobs()] == ["settle"]


def test_who_would_be_pinged_is_told_directly_where_the_channel_is_closed(make_bench: MakeBench) -> None:
    bench = make_bench(POLICY)
    bench.slack.members = frozenset({"U0A00", "U0BOSS"})
    request = bench.asked()
    tell_pinged(bench.desk, bench.request(), "expired")
    told = [key for key in bench.armed(request) if key.startswith("dm:")]
    assert told == ["dm:expired:U0A00", "dm:expired:U0BOSS"], "each once"

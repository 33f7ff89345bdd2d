"""Several machines, people who compete for numbers, trouble everywhere, and an audit at the end.

`make test` plays a short one; `make soak` has 4 doors, 4 workers and 2,000 presses of Buy.
"""

import os
import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from bot.model.numbers import format_number
from sandbox.slack.driver import Message, Person
from tests.conftest import a_database
from tests.faults import truth
from tests.faults.fleet import Fleet, fleet
from tests.faults.stage import SHORT, hurry, jobs_of, open_stage_files
from tests.world import APPROVE, NUMBERS, World, world

SOAK = os.environ.get("SOAK") == "1"
PRESSES = int(os.environ.get("SOAK_PRESSES", "2000" if SOAK else "24"))
MACHINES = 4 if SOAK else 2
STOCK = 500
ASKING = ("U0RITA", "U0CARA", "U0OTTO", "U0ANA")
DECIDING = ("U0ANA", "U0OTTO")
PAUSE = 1.5
"""Seconds between two kills: about the time that a machine needs to be up again."""
BUYING = (
    {"silent": "after"}, {"silent": "before"}, {"reset": "after"}, {"reset": "before"}, {"status": 500},
    {"status": 429}, {"html": "after"}, {"status": 206}, {"effect_then": {"status": 404}},
)  # fmt: skip
LOOKING = ({"status": 500}, {"reset": "before"}, {"lag": 2})
POSTING = (
    {"status": 503}, {"error": "ratelimited", "retry_after": 1}, {"reset": "after"}, {"reset": "before"},
)  # fmt: skip


@pytest.mark.xdist_group("soak")
@pytest.mark.timeout(1200)
def test_what_several_machines_did_adds_up(tmp_path: Path) -> None:
    stock = open_stage_files(tmp_path, count=STOCK)
    extra = {**SHORT, "POLICY_FILE": str(tmp_path / "policy.toml")}
    with (
        a_database("postgresql", tmp_path) as url,
        world(tmp_path, url, stock=stock, **extra) as desk,
        fleet(desk, webs=MACHINES, workers=MACHINES) as machines,
    ):
        _play(desk, machines)
        _settle(desk)
        _audit(desk)
        assert machines.kills > 0


def _play(desk: World, machines: Fleet) -> None:
    """People press Buy and Approve while machines die; ends when all presses are made."""
    over = Event()
    share = PRESSES // len(ASKING)
    asking = [Thread(target=_ask, args=(desk, user, share, n)) for n, user in enumerate(ASKING)]
    others = [Thread(target=_decide, args=(desk, user, over, n)) for n, user in enumerate(DECIDING)]
    others.append(Thread(target=_trouble, args=(desk, machines, over)))
    for thread in (*asking, *others):
        thread.start()
    for thread in asking:
        thread.join()
    over.set()
    for thread in others:
        thread.join()
    desk.plivo.control("DELETE", "sandbox/faults", 204)


def _ask(desk: World, user: str, presses: int, seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - a story, no secret
    with Person(desk.slack_url, user) as person:
        for _ in range(presses):
            with suppress(LookupError, TimeoutError):
                _press(person, source)


def _press(person: Person, source: random.Random) -> None:
    """One number of those that are seen, or of a new search."""
    with suppress(LookupError):
        person.close_modal(everything=True)
    seen = [m for m in person.messages(NUMBERS) if any(b["action_id"] == "offer_buy" for b in m.buttons)]
    if not seen or source.random() < 0.2:
        digits = f"4152000{source.randrange(STOCK // 10):02d}"
        person.command(NUMBERS, f"/number search US local {digits}")
        found = person.wait_message(NUMBERS, format_number(f"1{digits}0")[:12], timeout=5)
    else:
        found = source.choice(seen[-5:])
    values = [b["value"] for b in found.buttons if b["action_id"] == "offer_buy"]
    person.click(found, "offer_buy", value=source.choice(values))
    person.wait_for(lambda p: p.modal(), timeout=3)
    with suppress(StopIteration):  # a notice instead of a form
        person.fill("reason", "For the new hotline")
        person.submit()


def _decide(desk: World, user: str, over: Event, seed: int) -> None:
    source = random.Random(1000 + seed)  # noqa: S311
    with Person(desk.slack_url, user) as person:
        while not over.is_set():
            with suppress(LookupError, TimeoutError, StopIteration):
                _decide_one(person, source)
            over.wait(0.1)


def _decide_one(person: Person, source: random.Random) -> None:
    waiting = [
        m for m in person.messages(APPROVE) if "request_approve" in [b["action_id"] for b in m.buttons]
    ]
    if not waiting:
        return
    with suppress(LookupError):
        person.close_modal(everything=True)
    yes = source.random() < 0.7
    person.click(source.choice(waiting), "request_approve" if yes else "request_deny")
    person.wait_for(lambda p: p.modal(), timeout=3)
    if not yes:
        person.fill("comment", "We have one already")
    person.submit()


def _trouble(desk: World, machines: Fleet, over: Event) -> None:
    source = random.Random(7)  # noqa: S311
    while not over.wait(PAUSE):
        machines.kill_one(source)
        machines.route(source)
        desk.plivo.spoil("buy", source.choice(BUYING), times=1)
        desk.plivo.spoil("rented", source.choice(LOOKING), times=1)
        desk.control.fault(source.choice(("chat.postMessage", "chat.update")), source.choice(POSTING))


def _settle(desk: World) -> None:
    """Lets time pass until nothing waits: what nobody decided expires."""
    end = time.monotonic() + (600 if SOAK else 120)
    while jobs_of(desk):
        assert time.monotonic() < end, f"stuck: {jobs_of(desk)[:5]} {desk.log()[-3000:]}"
        hurry(desk)
        time.sleep(0.1)  # other processes: there is nothing to wait on but their rows


def _audit(desk: World) -> None:
    truth.check_rows(desk)
    _calls_and_holdings(desk)
    _cards(desk)
    verified = desk.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _calls_and_holdings(desk: World) -> None:
    calls = [c for c in desk.plivo.control("GET", "sandbox/log?kind=buy") if c["status"] not in {400, 429}]
    started = desk.rows(
        "SELECT number, count(*) FROM audit_event WHERE action = 'purchase.started' GROUP BY number"
    )
    for number, count in Counter(call["number"] for call in calls).items():
        assert count <= dict(map(tuple, started)).get(number, 0), f"{number} was called for unannounced"
    states = desk.rows("SELECT number, status FROM purchase")
    final = {"bought", "refused", "not_bought", "dropped"}
    assert {status for _, status in states} <= final, Counter(status for _, status in states)
    bought = [number for number, status in states if status == "bought"]
    assert len(bought) == len(set(bought)), "one number, bought twice"
    for number in {number for number, _ in states}:
        assert desk.plivo.ours(number) == (number in bought), number
    assert bought, "and something was bought"
    assert desk.rows("SELECT count(*) FROM request WHERE status = 'pending'") == [(0,)]


def _cards(desk: World) -> None:
    """Every card shows how its request ended."""
    query = (
        "SELECT c.channel, c.ts, p.status FROM card c JOIN purchase p ON p.request_id = c.request_id "
        "WHERE c.kind = 'request' AND c.ts IS NOT NULL"
    )
    with Person(desk.slack_url, "U0RITA") as person:
        seen: dict[str, Message] = {m.ts: m for m in person.messages(NUMBERS)}
    shown = {"bought": "Bought", "refused": "Not bought", "not_bought": "Not bought"}
    for channel, ts, status in desk.rows(query):
        if channel == NUMBERS and status in shown:
            assert shown[status] in seen[ts].words, (ts, status, seen[ts].words[:200])

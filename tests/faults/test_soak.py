"""Several machines, people who compete for numbers, trouble everywhere, and an audit at the end.

`make test` plays a short one; `make soak` has 4 doors, 4 workers, 50 people and 2,000 presses of Buy.
SOAK_SEED plays the same choices again, SOAK_PRESSES another number of them.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from sandbox.slack.driver import Message, Person
from tests.conftest import TOLD, a_database
from tests.faults import adds_up
from tests.faults.crowd import Asking, crowd, residents
from tests.faults.fleet import Fleet, fleet
from tests.faults.stage import CHEAP, DEAR, SHORT, hurry, jobs_of, open_stage_files
from tests.world import APPROVE, World, world

SOAK = os.environ.get("SOAK") == "1"
PRESSES = int(os.environ.get("SOAK_PRESSES", "2000" if SOAK else "24"))
SEED = int(os.environ.get("SOAK_SEED", "7"))
MACHINES = 4 if SOAK else 2
PEOPLE, HANDS, STOCK = 50, 10, 500
"""People who ask, threads that press for them in turn, and numbers for which they compete."""
DECIDING = ("U0ANA", "U0OTTO")
ASKING_SEES, DECIDING_SEES = 20, 100
"""Newest messages of a channel that are looked at: nobody scrolls back through thousands."""
PAUSE = 1.5
"""Seconds between two kills: about the time that a machine needs to be up again."""
AT_ONCE = 600.0
"""Seconds that pass at once when only time is missing: what was asked within them may expire together."""
BUYING = (
    {"silent": "after"}, {"silent": "before"}, {"reset": "after"}, {"reset": "before"}, {"status": 500},
    {"status": 429}, {"html": "after"}, {"status": 206}, {"effect_then": {"status": 404}},
)  # fmt: skip
LOOKING = ({"status": 500}, {"reset": "before"}, {"lag": 2})
POSTING = (
    {"status": 503}, {"error": "ratelimited", "retry_after": 1}, {"reset": "after"}, {"reset": "before"},
)  # fmt: skip


@dataclass
class Story:
    """What was done, for the one who reads of it."""

    pressed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def press(self) -> None:
        with self.lock:
            self.pressed += 1


@pytest.mark.grows
@pytest.mark.xdist_group("soak")
@pytest.mark.timeout(1200)
def test_what_several_machines_did_adds_up(
    tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    began = time.monotonic()
    stock = open_stage_files(tmp_path, count=STOCK)
    extra = {**SHORT, "POLICY_FILE": str(tmp_path / "policy.toml")}
    people = crowd(PEOPLE)
    with (
        a_database("postgresql", tmp_path) as url,
        world(tmp_path, url, stock=stock, residents=residents(people), **extra) as desk,
        fleet(desk, webs=MACHINES, workers=MACHINES) as machines,
    ):
        desk.plivo.control("PUT", "sandbox/account", json={"cash_credits": "50000"})  # enough for all numbers
        held_before = desk.plivo.held()
        story = _play(desk, machines, people)
        played = time.monotonic()
        _settle(desk)
        figures = adds_up.audit(desk, people, held_before)
        assert machines.kills > 0
        assert figures.requests >= min(PRESSES, STOCK) // 4, "most presses came to nothing"
    record_property(TOLD, _told(story, machines, figures, played - began, time.monotonic() - began))


def _told(story: Story, machines: Fleet, figures: adds_up.Figures, played: float, whole: float) -> str:
    faults = ", ".join(f"{name} {times}" for name, times in sorted(story.faults.items()))
    return (
        f"soak, seed {SEED}: {story.pressed} presses by {PEOPLE} people for {STOCK} numbers, "
        f"{MACHINES} doors and {MACHINES} workers, {machines.kills} kills in {played:.0f} s "
        f"({whole:.0f} s with the settling)\n  trouble: {faults}\n  {figures}"
    )


def _play(desk: World, machines: Fleet, people: Sequence[Asking]) -> Story:
    """People press Buy and Approve while machines die; ends when all presses are made."""
    over, story = Event(), Story()
    shares = [PRESSES // HANDS + (n < PRESSES % HANDS) for n in range(HANDS)]
    asking = [
        Thread(target=_ask, args=(desk, people[n::HANDS], shares[n], SEED + n, story)) for n in range(HANDS)
    ]
    others = [Thread(target=_decide, args=(desk, user, over, n)) for n, user in enumerate(DECIDING)]
    others.append(Thread(target=_trouble, args=(desk, machines, over, story)))
    for thread in (*asking, *others):
        thread.start()
    for thread in asking:
        thread.join()
    over.set()
    for thread in others:
        thread.join()
    desk.plivo.control("DELETE", "sandbox/faults", 204)
    desk.control.end_faults()
    return story


def _ask(desk: World, people: Sequence[Asking], presses: int, seed: int, story: Story) -> None:
    """Presses for these people, each in turn."""
    source = random.Random(seed)  # noqa: S311 - a story, no secret
    doors = [(Person(desk.slack_url, one.user, newest=ASKING_SEES), one.channel) for one in people]
    for press in range(presses):
        person, channel = doors[press % len(doors)]
        with suppress(LookupError, TimeoutError):
            _press(person, channel, source)
        story.press()
    for person, _ in doors:
        person.close()


def _press(person: Person, channel: str, source: random.Random) -> None:
    """One number of those that are seen, or of a new search."""
    with suppress(LookupError):
        person.close_modal(everything=True)
    seen = _offers(person, channel)
    if not seen or source.random() < 0.3:
        person.command(channel, f"/number search US local {_somewhere(source)}")
        before = {m.ts for m in seen}
        seen = person.wait_for(
            lambda p: [m for m in _offers(p, channel) if m.ts not in before], timeout=5, own=True
        )
    found = source.choice(seen[-5:])
    values = [b["value"] for b in found.buttons if b["action_id"] == "offer_buy"]
    person.click(found, "offer_buy", value=source.choice(values))
    person.wait_for(lambda p: p.modal(), timeout=3, own=True)
    with suppress(StopIteration):  # a notice instead of a form
        person.fill("reason", "For the new hotline")
        person.submit()


def _somewhere(source: random.Random) -> str:
    """The first digits of ten numbers: cheap ones more often than dear ones."""
    area = CHEAP if source.random() < 0.7 else DEAR
    return f"{area}2000{source.randrange(STOCK // 2 // 10):02d}"


def _offers(person: Person, channel: str) -> list[Message]:
    return [m for m in person.messages(channel) if any(b["action_id"] == "offer_buy" for b in m.buttons)]


def _decide(desk: World, user: str, over: Event, seed: int) -> None:
    source = random.Random(SEED + 1000 + seed)  # noqa: S311
    with Person(desk.slack_url, user, newest=DECIDING_SEES) as person:
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
    person.wait_for(lambda p: p.modal(), timeout=3, own=True)
    if not yes:
        person.fill("comment", "We have one already")
    person.submit()


def _trouble(desk: World, machines: Fleet, over: Event, story: Story) -> None:
    source = random.Random(SEED)  # noqa: S311
    while not over.wait(PAUSE):
        machines.kill_one(source)
        machines.route(source)
        for kind, some in (("buy", BUYING), ("rented", LOOKING)):
            do = source.choice(some)
            desk.plivo.spoil(kind, do, times=1)
            story.faults[f"provider {kind} {_short(do)}"] += 1
        method, do = source.choice(("chat.postMessage", "chat.update")), source.choice(POSTING)
        desk.control.fault(method, do)
        story.faults[f"{method} {_short(do)}"] += 1


def _short(do: object) -> str:
    return " ".join(str(do).translate(str.maketrans("", "", "{}'\",:")).split())


def _settle(desk: World) -> None:
    """Lets time pass until nothing waits: what nobody decided expires."""
    end = time.monotonic() + (600 if SOAK else 120)
    while jobs_of(desk):
        assert time.monotonic() < end, f"stuck: {jobs_of(desk)[:5]} {desk.log()[-3000:]}"
        hurry(desk, further=AT_ONCE)
        time.sleep(0.1)  # other processes: there is nothing to wait on but their rows

"""Replays walks of the model on the real use cases: each run of a worker or of the settler as one.

The model says what happens; the provider and the process are made to do just that, at the same place.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from random import Random

from sqlalchemy import update

from bot.model.audit import Actor, ActorType
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer
from bot.usecases.buy import buy
from bot.usecases.settle import settle
from bot.usecases.settle_by_hand import settle_by_hand
from bot.worker import Worker
from storage import jobs, schema
from storage.jobs import Job
from tests.model.desk import LEASE, Desktop
from tests.model.edge import Killed
from tests.model.protocol import Protocol
from tests.model.rules import Step
from tests.model.state import State

NUMBER = "14155550101"
CALLS = {
    "answer is lost": "lost after",
    "says so": "answers",
    "cannot connect": "not sent",
    "refuses": "refuses",
    "slow down": "slow down",
    "fails before": "lost before",
    "waits no longer": "lost before",
}
"""What the provider is made to do when the model says so."""
RARE = {"the request is denied": 0.05, "somebody else takes the number": 0.05, "the price rises": 0.1}
Steps = Callable[[State], list[Step]]
Place = Callable[[State], str]


class Replay:
    """One walk: the model's state, and the desk that is led along."""

    def __init__(self, protocol: Protocol, desk: Desktop, seed: int) -> None:
        self._protocol, self._desk, self._random = protocol, desk, Random(seed)  # noqa: S311 - repeatable
        self.state = protocol.start()
        self.story: list[str] = []
        desk.edge.lag = inf
        offer = next(o for o in desk.offers().offers if o.offer.number == NUMBER)
        self._request = desk.asked(offer=offer.id)
        self.purchase = desk.purchase().id

    def go(self) -> bool:
        """The next step of the walk, in the model and at the desk; False at its end."""
        steps = list(self._protocol.steps(self.state))
        if not steps:
            return False
        step = self._choose(steps)
        self.story.append(step.words)
        before, self.state = self.state, step.after
        if "takes the buy job" in step.words:
            self._buy(next(i for i, w in enumerate(self.state.workers) if w.at != "idle"))
        elif "the settler takes" in step.words:
            self._settle()
        elif "a person looks" in step.words:
            (step,) = (s for s in self._protocol.steps(self.state) if s.words.startswith("the person says"))
            self.story.append(step.words)
            self.state = step.after
            self._say(PurchaseStatus(step.words.split()[-1]))
        else:
            self._alone(step.words, before)
        return True

    def _choose(self, steps: list[Step]) -> Step:
        """What ends a walk early, or keeps others from being seen, is rare."""
        weights = [RARE.get(step.words, 0.4 if "cannot" in step.words else 1) for step in steps]
        return self._random.choices(steps, weights)[0]

    def both(self) -> tuple[tuple[object, ...], tuple[object, ...]]:
        """What the model and the desk have to agree on: status, tries, jobs of money, effective calls."""
        row, kept, armed = self.state.row, self._desk.purchase(), self._desk.jobs()
        model = (row.status, row.tries, row.buy is not None, row.settle is not None, self.state.sold)
        has = [f"{kind}:{self.purchase}" in armed for kind in ("buy", "settle")]
        return model, (kept.status.value, kept.tries, *has, self._desk.edge.posts[NUMBER])

    # what happens in one step

    def _alone(self, words: str, before: State) -> None:
        edge = self._desk.edge
        if words in {"approvers say yes", "the request is denied"}:
            answer = Answer.APPROVE if "yes" in words else Answer.DENY
            seen = self._desk.request(self._request).round
            self._desk.decide("U0A01", answer, self._request, round_seen=seen)
        elif "catches up" in words:
            edge.lag = 0
        elif "window" in words:
            self._desk.shift(1000)
        elif "somebody else" in words:
            edge.others.add(NUMBER)
        elif "price" in words:
            edge.prices[NUMBER] += 1
        elif "takes effect" in words:
            edge.sold[NUMBER] = edge.clock()
            edge.posts[NUMBER] += 1
        else:
            assert "lease" in words or "is lost" in words, (words, before)

    def _say(self, to: PurchaseStatus) -> None:
        window = self._desk.desk.timing.settle_window
        boss = Actor(ActorType.USER, "U0BOSS")
        settle_by_hand(self._desk.rows, boss, self.purchase, to, reason="seen", window=window)

    # what is one run of a process: the model goes through it first

    def _buy(self, i: int) -> None:
        path = self._walk(lambda s: [*self._protocol._worker(s, i)], lambda s: s.workers[i].at)
        edge, words = self._desk.edge, [step.words for _, step in path]
        said = [how for part, how in CALLS.items() for w in words if part in w]
        edge.next_call = said[0] if said else "answers"
        edge.silent = any("cannot ask" in w for w in words)
        place = path[-1][0] if "is killed" in words[-1] else None
        if place in {"call", "sent"}:
            edge.next_call = "killed before"
        elif place in {"ok", "no", "down", "dearer"}:
            edge.asked = lambda: self._doom(1)
        elif place in {"sold", "refused", "slow", "unclear"}:
            edge.called = lambda: self._doom(1)
        elif place == "done":
            # the call is behind it, or what the questions before it led to
            hook = "called" if said else "asked"
            setattr(edge, hook, lambda: self._doom(2))
        self._run("buy", dies_at_once=place == "taken" or (place == "done" and len(path) == 2))

    def _settle(self) -> None:
        path = self._walk(lambda s: [*self._protocol._settler(s)], lambda s: s.settler)
        edge, words = self._desk.edge, [step.words for _, step in path]
        edge.silent = any("no answer" in w for w in words)
        place = path[-1][0] if "is killed" in words[-1] else None
        asked = any("asks the provider" in w or "no answer" in w for w in words)
        admitted = any("writes unknown" in w for w in words)
        if place is not None and asked:
            edge.asked = lambda: self._doom(2 if place in {"done", "later"} else 1)
        elif place is not None and admitted:
            self._run("settle", commits=1)
            return
        self._run("settle", dies_at_once=place is not None and not asked)

    def _walk(self, steps: Steps, at: Place) -> list[tuple[str, Step]]:
        """Leads the model through one run, to its end or to its death."""
        path: list[tuple[str, Step]] = []
        while at(self.state) != "idle":
            kills = list(self._protocol._crashes(self.state)) if self._random.random() < 0.15 else []
            step = self._choose(kills or steps(self.state))
            path.append((at(self.state), step))
            self.story.append(step.words)
            self.state = step.after
        return path

    def _run(self, kind: str, *, dies_at_once: bool = False, commits: int = 0) -> None:
        job = self._claim(kind)
        way, desk = {"buy": buy, "settle": settle}[kind], self._desk.desk
        if kind == "settle":  # due is due: the model's watchdog comes when no answer can
            desk = replace(desk, timing=replace(desk.timing, buy_watchdog=0))
        worker = Worker(self._desk.rows, {kind: lambda j: way(desk, j.subject)}, lease=LEASE)
        if commits:
            self._desk.rows.doom(commits, keeps_it=True)
        if not dies_at_once:
            try:
                worker._run(job)
            except Killed:
                assert "is killed" in self.story[-1]
            else:
                assert "is killed" not in self.story[-1], self.story
        edge = self._desk.edge
        edge.silent, edge.next_call, edge.asked, edge.called = False, "answers", _nothing, _nothing
        self._desk.rows.commits_left = None

    def _claim(self, kind: str) -> Job:
        """The job is due, and nobody has it any more: when that is so the model has decided."""
        free = {"due_at": schema.job.c.due_at, "lease_until": None}
        with self._desk.rows.write() as work:
            mine = schema.job.c.key == f"{kind}:{self.purchase}"
            work.execute(update(schema.job).where(mine).values(**{**free, "due_at": work.now}))
            job = jobs.claim(work, lease="L", seconds=LEASE, kinds={kind})
        assert job is not None
        return job

    def _doom(self, commits: int) -> None:
        if self._desk.rows.commits_left is None:
            self._desk.rows.doom(commits, keeps_it=False)


def _nothing() -> None:
    """Nothing happens."""

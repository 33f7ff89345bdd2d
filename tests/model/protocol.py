"""The protocol of a purchase as rules over a small state: every step that may come next, with its name.

Time is a step like any other: leases, the watchdog and slow answers come whenever they like, which is worse
than any real clock. What is bounded in the world is bounded here: the window passes only when no call is on
its way and the provider's list has caught up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.model.purchase import MOVES, PurchaseStatus
from tests.model.rules import ASKABLE, LATE_YES, OPEN, PASSED, TRIES, UNMODELLED, Rules, Scope, Step
from tests.model.state import (
    FREE,
    NOBODY,
    OTHERS,
    OURS,
    Drawer,
    Job,
    Row,
    State,
    Worker,
    claimable,
    finish,
    hand_back,
    put,
)

Steps = Iterator[Step]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """All steps from a state, by rules and scope."""

    rules: Rules = field(default_factory=Rules)
    scope: Scope = field(default_factory=Scope)

    def start(self) -> State:
        row = self._moved(Row(), "waiting")
        return State(row, (Worker(),) * self.scope.workers, drawers=(Drawer(),) * self.scope.drawers)

    def steps(self, s: State) -> Steps:
        yield from self._people(s) if self.scope.workers else self._by_itself(s)
        for i in range(len(s.workers)):
            yield from self._worker(s, i)
        yield from self._settler(s)
        for i in range(len(s.drawers)):
            yield from self._drawer(s, i)
        yield from self._time(s)
        if self.scope.crashes:
            yield from self._crashes(s)
        yield from self._world(s)
        if self.scope.restore:
            yield from self._restore(s)

    # a change of state: one conditional update, with its jobs

    def _moved(self, row: Row, to: str, **more: Any) -> Row:
        render = put(row.render, rearm=self.rules.rearm) if self.scope.drawers else None
        return row._replace(status=to, render=render, **more)

    def _ended(self, row: Row, to: str) -> Row:
        return self._moved(row, to, settle=None)

    def _by_itself(self, s: State) -> Steps:
        """Everything that a purchase may do, whoever makes it: more than any worker would."""
        for to in sorted(MOVES[PurchaseStatus(s.row.status)] - UNMODELLED):
            owner, sold = (OURS, 1) if to == "bought" else (s.owner, s.sold)
            after = s._replace(row=self._moved(s.row, to.value), owner=owner, sold=sold, listed=owner == OURS)
            yield Step(f"the row becomes {to}", after)

    # people

    def _people(self, s: State) -> Steps:
        row = s.row
        if row.status == "waiting":
            yield Step("approvers say yes", s._replace(row=self._moved(row, "queued", buy=put(row.buy))))
            yield Step("the request is denied", s._replace(row=self._moved(row, "dropped")))
        if not self.scope.human:
            return
        if s.human == "idle" and row.status in ASKABLE and (s.over or self.scope.hasty_human):
            seen = "yes" if s.listed else "no"
            yield Step(f"a person looks at the provider's console: {seen}", s._replace(human=seen))
        if s.human != "idle":
            to = "bought" if s.human == "yes" else "not_bought"
            after = self._ended(row, to) if row.status in ASKABLE else row
            yield Step(f"the person says {to}", s._replace(row=after, human="idle"))

    # a worker that buys

    def _worker(self, s: State, i: int) -> Steps:
        at = s.workers[i].at
        if at == "idle":
            if claimable(s.row.buy):
                yield Step(
                    f"worker {i + 1} takes the buy job",
                    _at(s, i, "taken")._replace(row=s.row._replace(buy=Job(holder=i))),
                )
            return
        rule: dict[str, Callable[[State, int], Steps]] = {
            "taken": self._look,
            "ok": self._intend,
            "dearer": self._reprice,
            "no": self._refuse_before,
            "down": self._again,
            "call": self._call,
            "sent": self._provider,
            "sold": self._write_yes,
            "refused": self._write_no,
            "slow": self._write_slow,
            "unclear": self._write_unclear,
            "done": self._finish,
        }
        yield from rule[at](s, i)

    def _look(self, s: State, i: int) -> Steps:
        who = f"worker {i + 1}"
        if s.row.status == "buying" and self.rules.job_is_permission:
            yield Step(f"{who} goes on with the call it was given", _at(s, i, "call", s.row.tries))
            return
        if s.row.status != "queued":
            yield Step(f"{who} sees that nothing is queued", _at(s, i, "done"))
            return
        if s.listed and self.rules.look_before:
            yield Step(f"{who} hears that the number is ours already", _at(s, i, "no"))
            return
        if s.owner == OTHERS:
            yield Step(f"{who} hears that the number is gone", _at(s, i, "no"))
        elif s.dear and not s.row.repriced:
            yield Step(f"{who} hears a higher price", _at(s, i, "dearer"))
        else:
            yield Step(f"{who} hears that the number can be bought", _at(s, i, "ok", s.row.tries))
        yield Step(f"{who} cannot ask the provider", _at(s, i, "down"), fault=True)

    def _intend(self, s: State, i: int) -> Steps:
        who, rules = f"worker {i + 1}", self.rules
        if not rules.intent_before_call:
            yield Step(f"{who} calls before it writes down anything", _at(s, i, "sent"))
            return
        if s.row.status != "queued" and not rules.lease_is_permission:
            yield Step(f"{who} comes too late with its intent", _at(s, i, "done"))
            return
        settle = put(s.row.settle) if rules.watchdog else s.row.settle
        buy = None if rules.intent_takes_job else s.row.buy
        row = self._moved(s.row, "buying", buy=buy, settle=settle)
        after = _at(s, i, "call", s.row.tries)._replace(row=row, over=False)
        yield Step(f"{who} commits the intent", after)

    def _reprice(self, s: State, i: int) -> Steps:
        row = s.row
        if row.status == "queued" and not row.repriced:
            row = self._moved(row, "waiting", buy=None, repriced=True)
        yield Step(
            f"worker {i + 1} sends the new price to the approvers", _at(s._replace(row=row), i, "done")
        )

    def _refuse_before(self, s: State, i: int) -> Steps:
        row = self._ended(s.row, "refused") if s.row.status == "queued" else s.row
        yield Step(f"worker {i + 1} writes refused, without a call", _at(s._replace(row=row), i, "done"))

    def _again(self, s: State, i: int) -> Steps:
        row, who = s.row, f"worker {i + 1}"
        if row.status != "queued":
            yield Step(f"{who} has nothing to put off", _at(s, i, "done"))
        elif row.tries >= TRIES:
            yield from self._refuse_before(s, i)
        else:
            row = row._replace(tries=row.tries + 1, buy=hand_back(row.buy, i))
            yield Step(f"{who} puts the purchase off", _at(s, i, "idle")._replace(row=row))

    def _call(self, s: State, i: int) -> Steps:
        yield Step(f"worker {i + 1} sends the call", _at(s, i, "sent"))
        if not s.workers[i].late:
            slept = f"worker {i + 1} cannot connect, or sees that it slept: nothing is sent"
            yield Step(slept, _at(s, i, "slow"), fault=True)

    def _provider(self, s: State, i: int) -> Steps:
        sure = s.workers[i].late and not self.scope.frozen_and_killed
        if s.owner != OTHERS:
            sold = _sell(s)
            yield Step("the provider sells and says so", _at(sold, i, "sold"))
            if not sure:
                yield Step("the provider sells and its answer is lost", _at(sold, i, "unclear"), fault=True)
        yield Step("the provider refuses", _at(s, i, "refused"), fault=s.owner == FREE)
        yield Step("the provider asks to slow down", _at(s, i, "slow"), fault=True)
        yield Step("the provider fails before it sells", _at(s, i, "unclear"), fault=True)
        if not sure and not s.adrift:
            adrift = _at(s, i, "unclear")._replace(adrift=True)
            yield Step(f"worker {i + 1} waits no longer; the call is still on its way", adrift, fault=True)

    def _write_yes(self, s: State, i: int) -> Steps:
        may = LATE_YES if self.rules.late_yes else {"buying"}
        may = may if self.rules.intent_before_call else may | {"queued"}
        yield from self._write(s, i, "bought", frozenset(may))

    def _write_no(self, s: State, i: int) -> Steps:
        yield from self._write(s, i, "refused", frozenset({"buying"}))

    def _write_slow(self, s: State, i: int) -> Steps:
        to = "queued" if s.row.tries < TRIES else "refused"
        yield from self._write(s, i, to, frozenset({"buying"}))

    def _write_unclear(self, s: State, i: int) -> Steps:
        to = self.rules.timeout_is
        to = "unknown" if to == "queued" and s.row.tries >= TRIES else to
        yield from self._write(s, i, to, frozenset({"buying"}))

    def _write(self, s: State, i: int, to: str, origins: frozenset[str]) -> Steps:
        row = s.row
        if row.status in origins and row.tries == s.workers[i].attempt:
            if to == "queued":
                row = self._moved(row, to, tries=row.tries + 1, settle=None, buy=put(row.buy))
            elif to == "unknown":
                row = self._moved(row, to, settle=put(row.settle))
            else:
                row = self._ended(row, to)
            words = f"worker {i + 1} writes {to}"
        else:
            words = f"worker {i + 1} may not write {to} any more"
        yield Step(words, _at(s._replace(row=row), i, "done"))

    def _finish(self, s: State, i: int) -> Steps:
        row = s.row._replace(buy=finish(s.row.buy, i))
        yield Step(f"worker {i + 1} is done", _at(s, i, "idle")._replace(row=row))

    # the settler: the watchdog, and whoever asks afterwards

    def _settler(self, s: State) -> Steps:
        row, at = s.row, s.settler
        if at == "idle":
            if claimable(row.settle):
                yield Step(
                    "the settler takes its job", _settling(s, "taken", row._replace(settle=Job(holder=0)))
                )
        elif at == "taken":
            yield from self._ask(s)
        elif at == "there":
            after = self._ended(row, "bought") if row.status in ASKABLE else row
            yield Step("the settler writes bought", _settling(s, "done", after))
        elif at.startswith("absent"):
            yield from self._absent(s)
        elif at == "silent":
            tell = s.over and row.status == "unknown"
            words = "the settler calls for a person" if tell else "the settler will ask again"
            yield Step(words, _settling(s, "later", self._moved(row, "needs_human") if tell else row))
        else:
            ready = finish if at == "done" else hand_back
            yield Step("the settler is done", _settling(s, "idle", row._replace(settle=ready(row.settle, 0))))

    def _ask(self, s: State) -> Steps:
        if s.row.status == "buying":
            yield Step("the settler writes unknown", _settling(s, "taken", self._moved(s.row, "unknown")))
        elif s.row.status not in ASKABLE:
            yield Step("the settler sees that all is settled", _settling(s, "done", s.row))
        else:
            answer = "there" if s.listed else "absent, window over" if s.over else "absent"
            yield Step(f"the settler asks the provider: {answer}", s._replace(settler=answer))
            yield Step("the settler gets no answer", s._replace(settler="silent"), fault=True)

    def _absent(self, s: State) -> Steps:
        over = s.settler != "absent" if self.rules.clock_before_question else s.over
        if over or not self.rules.window:
            after = self._ended(s.row, "not_bought") if s.row.status in ASKABLE else s.row
            yield Step("the settler writes not_bought", _settling(s, "done", after))
        else:
            yield Step("the settler will ask again", s._replace(settler="later"))

    # a thread that draws the card

    def _drawer(self, s: State, i: int) -> Steps:
        drawer, row, who = s.drawers[i], s.row, f"drawer {i + 1}"
        if drawer.at == "idle":
            if claimable(row.render):
                taken = row._replace(render=Job(holder=i))
                yield Step(f"{who} takes the render job", _drawing(s, i, "taken")._replace(row=taken))
        elif drawer.at == "taken":
            yield Step(f"{who} reads {row.status}", _drawing(s, i, "drawing", row.status))
        elif drawer.at == "drawing":
            yield Step(f"{who} draws {drawer.seen}", _drawing(s, i, "drawn")._replace(card=drawer.seen))
        else:
            job = finish(row.render, i)
            if _lost(row.render, i) and self.rules.redraw_after_lost_lease:
                job = put(row.render)
            yield Step(f"{who} is done", _drawing(s, i, "idle")._replace(row=row._replace(render=job)))

    # time, crashes, the world

    def _time(self, s: State) -> Steps:
        row = s.row
        for name in ("buy", "settle", "render"):
            job: Job | None = getattr(row, name)
            if job and job.holder != NOBODY and not job.ran_out and (name != "settle" or s.settler == "idle"):
                out: dict[str, Any] = {name: job._replace(ran_out=True)}
                after = row._replace(**out)
                yield Step(f"the lease of the {name} job runs out", s._replace(row=after))
        if s.owner == OURS and not s.listed:
            yield Step("the provider's list catches up", s._replace(listed=True))
        if row.status in {"buying", *ASKABLE} and not s.over and self._quiet(s):
            late = tuple(w._replace(late=True) if w.at == "call" else w for w in s.workers)
            asleep = late != s.workers
            yield Step("the window after the call passes", s._replace(over=True, workers=late), fault=asleep)

    def _quiet(self, s: State) -> bool:
        on_its_way = s.adrift or any(w.at == "sent" for w in s.workers)
        asleep = any(w.at == "call" for w in s.workers)
        caught_up = s.owner != OURS or s.listed
        return caught_up and not on_its_way and (self.scope.frozen or not asleep)

    def _crashes(self, s: State) -> Steps:
        for i, worker in enumerate(s.workers):
            if worker.at == "idle" or (worker.late and not self.scope.frozen_and_killed):
                continue
            if worker.at != "sent" or not s.adrift:
                after = _at(s, i, "idle")._replace(adrift=s.adrift or worker.at == "sent")
                yield Step(f"worker {i + 1} is killed", after, fault=True)
        if s.settler != "idle":
            yield Step("the settler is killed", s._replace(settler="idle"), fault=True)
        for i, drawer in enumerate(s.drawers):
            if drawer.at != "idle" and not _lost(s.row.render, i):
                yield Step(f"drawer {i + 1} is killed", _drawing(s, i, "idle"), fault=True)

    def _world(self, s: State) -> Steps:
        if s.adrift:
            gone = s._replace(adrift=False)
            if s.owner != OTHERS:
                yield Step("the call that was on its way takes effect", _sell(gone))
            yield Step("the call that was on its way is lost", gone)
        if self.scope.market and s.owner == FREE and s.row.status in {"queued", "buying"}:
            yield Step("somebody else takes the number", s._replace(owner=OTHERS), fault=True)
            if not s.dear and s.row.status == "queued":
                yield Step("the price rises", s._replace(dear=True), fault=True)

    def _restore(self, s: State) -> Steps:
        """Back to any open row that it may have passed on its way here."""
        if s.restored or not self._quiet(s) or any(w.late for w in s.workers):
            return
        idle = tuple(Worker() for _ in s.workers)
        for row in _before(s.row):
            after = s._replace(row=row, workers=idle, settler="idle", human="idle", restored=True, over=False)
            words = f"all is stopped, and the database of a moment ago is restored: {row.status}"
            yield Step(words, after, fault=True)


def _before(row: Row) -> Iterator[Row]:
    """Rows as a backup may have them; their leases have run out by the time of a restore."""
    for status in PASSED.get(row.status, OPEN):
        for tries in range(row.tries + 1):
            for repriced in {False, row.repriced}:
                buy = Job() if status == "queued" else None
                settle = None if status in {"waiting", "queued"} else Job()
                yield Row(status, tries, repriced, buy, settle)


def _at(s: State, i: int, at: str, attempt: int | None = None) -> State:
    """The state with worker `i` at another place."""
    old = s.workers[i]
    if at in {"idle", "done", "taken", "no", "down", "dearer"}:
        new = Worker(at)
    else:
        new = Worker(at, old.attempt if attempt is None else attempt, old.late)
    if at == "done" and (s.row.buy is None or s.row.buy.holder != i):
        new = Worker()  # it has no job to give back: what is left to do changes nothing
    return s._replace(workers=(*s.workers[:i], new, *s.workers[i + 1 :]))


def _settling(s: State, at: str, row: Row) -> State:
    return s._replace(settler=at, row=row)


def _drawing(s: State, i: int, at: str, seen: str = "") -> State:
    return s._replace(drawers=(*s.drawers[:i], Drawer(at, seen), *s.drawers[i + 1 :]))


def _lost(job: Job | None, holder: int) -> bool:
    return job is None or job.holder != holder


def _sell(s: State) -> State:
    return s._replace(owner=OURS, sold=s.sold + 1, listed=s.listed)

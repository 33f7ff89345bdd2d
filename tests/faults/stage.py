"""A stage for one request at a time: people who press until it took effect, and a program that may die."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sandbox.slack.driver import Message, Person
from storage import schema
from tests.world import APPROVE, NUMBERS, ROOT, World, connected, find_offer, number_of, world

T = TypeVar("T")
RITA, ANA, OTTO = "U0RITA", "U0ANA", "U0OTTO"
LEASE, WATCHDOG, WINDOW = 2, 3, 8
SHORT = {
    "BUY_TIMEOUT": "2",
    "BUY_WATCHDOG": str(WATCHDOG),
    "SETTLE_WINDOW": str(WINDOW),
    "JOB_LEASE": str(LEASE),
}
"""Seconds. What is tested is the order of things, not their length."""
PATIENCE = 60.0
"""Seconds until a person who presses again and again gives up: then something is stuck."""
LOOK_AGAIN = 0.05
"""Seconds between looks at another process, of which there is nothing else to wait on."""
CHEAP, DEAR = "415", "628"
"""Area codes of a stage's numbers: a search finds what is wanted on its first page."""
LONG = 60.0
"""Seconds to the next job, from which on nothing that is under way is waited for."""
BACKGROUND = ("cron:", "home:")
"""Kinds of jobs that belong to no request."""


@dataclass
class Stage:
    """The world, the people in it, and the points of death."""

    desk: World
    folder: Path
    rita: Person
    ana: Person
    otto: Person
    deaths: int = 0
    earlier: set[str] = field(default_factory=set)  #: requests for this number from before the scene

    # -- death -------------------------------------------------------------------------------

    def foretell(self, point: str | None) -> None:
        """From now on points count; the program dies at this one."""
        (self.folder / "passed").write_text("")
        if point is not None:
            (self.folder / "doom").write_text(point)
        (self.folder / "armed").touch()

    def disarm(self) -> list[str]:
        """Points count no longer; those that were passed, in the order of their first time."""
        (self.folder / "armed").unlink(missing_ok=True)
        (self.folder / "doom").unlink(missing_ok=True)
        return list(dict.fromkeys((self.folder / "passed").read_text().splitlines()))

    def revive(self) -> None:
        """Starts the program again if it died; what it was at is free by then."""
        process = self.desk.process
        if process is not None and (code := process.poll()) is not None:
            assert code == -signal.SIGKILL, f"it ended by itself, with {code}: {self.desk.log()[-3000:]}"
            self.deaths += 1
            self.desk.pass_time(max(LEASE, WATCHDOG) + 1)
            self.desk.start()

    def freeze(self, point: str) -> None:
        """The program will be stopped at this point, until `thaw`."""
        (self.folder / "freeze").touch()
        self.foretell(point)

    def frozen(self) -> bool:
        """Whether every process of the program stands still; it does a moment after the signal."""
        return bool(self.pids()) and all(_state(pid) == "T" for pid in self.pids())

    def pids(self) -> list[int]:
        """The program's processes: the one that watches, and the one that works."""
        return _group(self.desk.process.pid) if self.desk.process else []

    def thaw(self, *until: str) -> None:
        """The program goes on where it was; returns once it has passed one of these points."""
        self._wake()
        self.until(lambda: bool(set(until) & set((self.folder / "passed").read_text().splitlines())))
        self.disarm()

    def thaw_only(self) -> None:
        """The program goes on where it was."""
        self._wake()
        self.disarm()

    def _wake(self) -> None:
        (self.folder / "freeze").unlink(missing_ok=True)
        if self.desk.process is not None and self.desk.process.poll() is None:
            os.killpg(self.desk.process.pid, signal.SIGCONT)

    def dead(self) -> bool:
        process = self.desk.process
        return process is not None and process.poll() is not None

    # -- people ------------------------------------------------------------------------------

    def until(
        self, done: Callable[[], T | None], do: Callable[[], Any] = lambda: None, *, wait: float = 2.0
    ) -> T:
        """Does something every `wait` seconds until it took effect; returns what `done` found."""
        end = time.monotonic() + PATIENCE
        while True:
            self.revive()
            if found := done():
                return found
            assert time.monotonic() < end, f"nothing came of it; {self.where()}"
            patience = wait
            try:
                do()
            except (LookupError, TimeoutError):
                patience = LOOK_AGAIN  # there was nothing to press yet
            if found := self._soon(done, patience):
                return found

    def _soon(self, done: Callable[[], T | None], patience: float) -> T | None:
        end = time.monotonic() + patience
        while time.monotonic() < end and not self.dead():
            if found := done():
                return found
            time.sleep(LOOK_AGAIN)
        return None

    def confirm(self, *, dear: bool, alias: str | None = None, skip: int = 0) -> str:
        """Rita has the confirmation of a number in front of her, filled in; the number's digits.

        It is the first that is for sale behind `skip` others, which are spoken for.
        """
        self._tidy()
        message, value = find_offer(self.rita, dear=dear, area=DEAR if dear else CHEAP, skip=skip)
        self.rita.click(message, "offer_buy", value=value)
        self.rita.wait_for(lambda p: p.modal())
        try:
            self.rita.fill("reason", "For the new hotline")
        except StopIteration:
            raise AssertionError(
                f"no form: {shown.words if (shown := self.rita.modal()) else None}"
            ) from None
        if alias:
            self.rita.fill("alias", alias)
        number = number_of(message, value)
        self.earlier = self._requests(number)
        self.desk.plivo.control("DELETE", "sandbox/log", 204)
        return number

    def _tidy(self) -> None:
        """Nothing is left of the scene before."""
        self._wake()
        for name in ("armed", "doom"):
            (self.folder / name).unlink(missing_ok=True)
        self.revive()
        self.desk.plivo.control("DELETE", "sandbox/faults", 204)
        for person in (self.rita, self.ana, self.otto):
            with suppress(LookupError):
                person.close_modal(everything=True)

    def submit(self, number: str) -> str:
        """Rita presses the button until there is a request; its id."""

        def made() -> str | None:
            new = self._requests(number) - self.earlier
            return new.pop() if new else None

        return self.until(made, self.rita.submit)

    def _requests(self, number: str) -> set[str]:
        rows = self.desk.rows("SELECT request_id FROM purchase WHERE number = :number", number=number)
        return {str(row[0]) for row in rows}

    def decide(self, person: Person, request: str, button: str, **fields: str) -> None:
        """A person presses a button of the approvers' card and confirms, until the request shows it."""
        query = "SELECT 1 FROM decision WHERE request_id = :request AND approver = :who"

        def said() -> bool:
            return bool(self.desk.rows(query, request=request, who=person.user))

        self.until(said, lambda: self._fill(person, request, button, fields))

    def press(self, person: Person, request: str, button: str, shown: str) -> None:
        """A person presses a button of the card they see, until `shown` holds for the row of the request."""
        self.until(
            lambda: self.shows(request, shown),
            lambda: person.click(self.card(person, request, self._where(person)), button),
        )

    def change(self, person: Person, request: str, button: str, shown: str, **fields: str) -> None:
        """The same with a form behind the button."""
        self.until(lambda: self.shows(request, shown), lambda: self._fill(person, request, button, fields))

    def shows(self, request: str, what: str) -> bool:
        """Whether `what`, a condition on `r` and its purchase `p`, holds of a request."""
        query = "SELECT 1 FROM request r JOIN purchase p ON p.request_id = r.id WHERE r.id = :request AND "
        return bool(self.desk.rows(query + what, request=request))

    def _where(self, person: Person) -> str:
        return NUMBERS if person is self.rita else APPROVE

    def _fill(self, person: Person, request: str, button: str, fields: dict[str, str]) -> None:
        with suppress(LookupError):
            person.close_modal(everything=True)
        person.click(self.card(person, request, self._where(person)), button)
        person.wait_for(lambda p: p.modal(), timeout=3)
        for block, words in fields.items():
            person.fill(block, words)
        person.submit()

    def card(self, person: Person, request: str, channel: str) -> Message:
        """The newest card of a request that this person sees there. Raises LookupError."""
        cards = self.cards(person, request, channel)
        if not cards:
            raise LookupError(f"no card of {request} in {channel}")
        return cards[-1]

    @staticmethod
    def cards(person: Person, request: str, channel: str) -> list[Message]:
        return [m for m in person.messages(channel) if request in m.words and m.thread_ts is None]

    def forget_people(self) -> None:
        """What is known of people is too old to go by."""
        with connected(self.desk.database_url) as engine, engine.begin() as connection:
            connection.execute(schema.directory.delete())

    # -- time --------------------------------------------------------------------------------

    def until_called(self, number: str) -> None:
        """Until the provider was called for a purchase of it, or nobody will call any more."""
        query = "SELECT 1 FROM purchase WHERE number = :number AND status NOT IN ('queued', 'buying')"

        def seen() -> bool:
            calls = self.desk.plivo.control("GET", f"sandbox/log?kind=buy&number={number}")
            return bool(calls or self.desk.rows(query, number=number))

        self.until(seen)

    def hurry_until_judged(self, request: str) -> None:
        """Lets time pass until the purchase is settled, or a person has to do it."""
        judged = "p.status NOT IN ('queued', 'buying', 'unknown')"
        self.until(lambda: self.shows(request, judged), self._hurry, wait=LOOK_AGAIN)

    def settled(self, *, wait: float = LOOK_AGAIN) -> None:
        """Lets time pass, every `wait` seconds, until no job is left that belongs to a request."""
        self.until(lambda: not jobs_of(self.desk) or None, self._hurry, wait=wait)

    def _hurry(self) -> None:
        hurry(self.desk)

    def where(self) -> str:
        """How everything stands, for the one who reads a failure."""
        states = self.desk.rows(
            "SELECT r.id, r.status, p.status, p.note FROM request r JOIN purchase p ON p.request_id = r.id"
        )
        return f"{states[-3:]}, jobs {jobs_of(self.desk)}\n{self.desk.log()[-2000:]}"


def jobs_of(desk: World) -> list[tuple[str, int, int | None]]:
    """The jobs that belong to requests: key, when it is due and until when it is leased, in microseconds."""
    rows = desk.rows("SELECT key, due_at, lease_until FROM job ORDER BY due_at")
    return [(key, due, lease) for key, due, lease in rows if not key.startswith(BACKGROUND)]


def hurry(desk: World, further: float = 0.0) -> None:
    """Passes the time until the next job is due; over a long pause `further` seconds, for those behind it.

    Not over a short one: those behind it wait for each other, as messages for one channel do.
    """
    now, jobs = time.time(), jobs_of(desk)
    at_work = any(lease and lease / 1e6 > now for _, _, lease in jobs)
    due = [due / 1e6 - now for _, due, _ in jobs]
    # not under the hands of a job that runs: its lease would be over, and another would do it as well
    if due and min(due) > LOOK_AGAIN and not at_work:
        desk.pass_time(min(due) + (further if min(due) > LONG else 0.0))


def _group(leader: int) -> list[int]:
    """The processes of a group, as the system lists them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                found += [int(entry.name)] if int(fields[2]) == leader else []
    return found


def _state(pid: int) -> str:
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    return "X"


@contextmanager
def stage(folder: Path, database_url: str) -> Iterator[Stage]:
    """A stage of one's own, with the program that can die started on it."""
    stock = open_stage_files(folder)
    extra = {**SHORT, "DOOM_FOLDER": str(folder), "POLICY_FILE": str(folder / "policy.toml")}
    with world(folder, database_url, stock=stock, **extra) as desk:
        desk.doomed = True
        desk.start()
        with (
            Person(desk.slack_url, RITA) as rita,
            Person(desk.slack_url, ANA) as ana,
            Person(desk.slack_url, OTTO) as otto,
        ):
            rita.home()  # and it is drawn anew after each change
            yield Stage(desk, folder, rita, ana, otto)


def open_stage_files(folder: Path, count: int = 2_000) -> Path:
    """Writes the policy and the stock of a stage: enough cheap numbers, and dear ones in another area."""
    (folder / "policy.toml").write_text(_policy())
    rows = [
        {"number": f"1{area}{2000000 + place}", "country_iso": "US", "monthly_rental_rate": rate}
        for area, rate in ((CHEAP, "0.80000"), (DEAR, "25.00000"))
        for place in range(count // 2)
    ]
    file = folder / "stock.json"
    file.write_text(json.dumps(rows))
    return file


def _policy() -> str:
    """The demo's, with budgets that no number of rehearsals uses up."""
    demo = (ROOT / "sandbox" / "demo_policy.toml").read_text()
    return demo.replace('workspace = "500.00"', 'workspace = "90000.00"').replace(
        'per_user = "60.00"', 'per_user = "90000.00"'
    )

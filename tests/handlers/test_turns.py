"""Many messages for one channel at once: each comes at its turn, and none in vain. Time is invented."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from sqlalchemy import BigInteger, func, select, type_coerce

from bot.app import _saying
from bot.model.people import Found, Profile
from bot.model.policy import Policy
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from bot.usecases.look_up import keep_card
from bot.worker import Handler, Worker
from handlers.parts import Parts
from handlers.post import Pause, retry_after
from sandbox.slack.errors import Limited
from sandbox.slack.pace import Pace
from storage import clock, jobs, schema
from storage.engine import make_engine
from storage.jobs import Job
from storage.requests import Card
from storage.unit_of_work import Database
from tests.conftest import upgraded
from tests.storage.rows import ACCOUNT, BEA, a_purchase

APPROVE, NUMBERS = "C0APPROVE", "C0NUMBERS"
POLICY: dict[str, Any] = {
    "approvals": {"channel": APPROVE, "approvers": ["U0BOSS"]},
    "rules": [{"name": "all", "approvals": 1}],
}
SECOND = 1_000_000
FIRST = 1_800_000_000


@dataclass
class Time:
    """The only clock there is: it goes on when it is told to."""

    microseconds: int = FIRST * SECOND

    def __call__(self) -> int:
        return self.microseconds

    def passes(self, seconds: float) -> None:
        self.microseconds += round(seconds * SECOND)

    @property
    def now(self) -> Fraction:
        """Seconds, exactly."""
        return Fraction(self.microseconds, SECOND)


@dataclass
class Slack:
    """Takes a message a second in a channel, and remembers when each came."""

    time: Time
    posted: list[tuple[Fraction, str]] = field(default_factory=list)  #: when, and in which channel
    updates: list[Fraction] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)  #: seconds that it asks the next ones to wait
    refused: int = 0
    archived: set[str] = field(default_factory=set)
    in_vain: Counter[str] = field(
        default_factory=Counter
    )  #: how often somebody posted to an archived channel

    def __post_init__(self) -> None:
        self.pace = Pace(
            cast("Any", lambda: self.time.now)
        )  # a float of a second less its last digit is none
        self.pace.order(1)

    def chat_postMessage(self, *, channel: str, **_: Any) -> Any:  # noqa: N802
        self._refuse(self.pauses)
        if channel in self.archived:
            self.in_vain[channel] += 1
            raise _error("is_archived", 200)
        try:
            self.pace.count(channel)
        except Limited as limited:
            self._refuse([limited.retry_after])
        self.posted.append((self.time.now, channel))
        return {"channel": channel, "ts": str(len(self.posted))}

    def chat_update(self, **_: Any) -> None:
        self.updates.append(self.time.now)
        self._refuse(self.pauses)

    def chat_getPermalink(self, **_: Any) -> Any:  # noqa: N802
        return {"permalink": "https://example.com"}

    def _refuse(self, pauses: list[int]) -> None:
        if not pauses:
            return
        self.refused += 1
        raise _error("ratelimited", 429, {"Retry-After": str(pauses.pop())})

    def times(self, channel: str) -> list[float]:
        """When messages came there, in seconds from the start."""
        return [float(round(at - FIRST, 3)) for at, where in self.posted if where == channel]


def _error(word: str, status: int, headers: dict[str, str] | None = None) -> SlackApiError:
    response = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data={"ok": False, "error": word},
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError(word, response)


@dataclass
class Office:
    """A worker that says things to Slack, and what there is to say."""

    parts: Parts
    slack: Slack
    time: Time
    claimed: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)  #: jobs in the order in which they were done

    def __post_init__(self) -> None:
        saying = {kind: self._counted(handler) for kind, handler in _saying(self.parts).items()}
        self.worker = Worker(self.database, saying, lease=60, waits_count=False)

    @property
    def database(self) -> Database:
        return self.parts.desk.database

    def _counted(self, handler: Handler) -> Handler:
        def run(job: Job) -> Any:
            self.claimed[job.key] += 1
            left = handler(job)
            if left is None:
                self.said.append(job.key)
            return left

        return run

    def requests(self, count: int, *, carded: bool = True) -> list[str]:
        """Requests that wait for a decision, with a card in the approvers' channel, or without any yet."""
        made = []
        for which in range(count):
            with self.database.write() as work:
                made.append(a_purchase(work, f"1415555{which:04}", f"V{which}").request_id)
            if carded:
                keep_card(self.parts.desk, Card(made[-1], "approval", APPROVE, f"{which}.0", None))
                with self.database.write() as work:
                    jobs.remove(work, f"render:{made[-1]}")
        return made

    def put(self, *keys: str) -> None:
        for key in keys:
            with self.database.write() as work:
                jobs.put(work, key)
            self.time.microseconds += 1

    def step(self) -> bool:
        """Runs what is due, or lets time pass until the next job is; False if there is none."""
        if self.worker.run_one():
            return True
        with self.database.read() as work:
            due = work.connection.scalar(select(func.min(type_coerce(schema.job.c.due_at, BigInteger))))
        self.time.microseconds = max(self.time.microseconds, due or 0)
        return due is not None

    def work(self) -> None:
        while self.step():
            assert sum(self.claimed.values()) < 2_000, "they come for ever"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """On SQLite, whose clock can be another; the rows of turns are tested on both databases."""
    url = f"sqlite:///{tmp_path / 'numberdesk.db'}"
    upgraded(url)
    time = Time()
    monkeypatch.setattr(clock, "_of_this_machine", time)
    database, slack = Database(make_engine(url)), Slack(time)
    desk = Desk(
        database=database, provider=cast("Any", None), account=ACCOUNT,
        policy=Policy.model_validate(POLICY), policy_sha="abc", timing=Timing(),
        directory=Directory(database, _who), uptime=lambda: float(time.now),
    )  # fmt: skip
    none = cast("Any", None)
    parts = Parts(
        desk=desk, choices=none, slack=cast("Any", slack), people=none, responder=none, errands=none,
        apologies=none, redraws=Pause(lambda: float(time.now)),
    )  # fmt: skip
    yield Office(parts, slack, time)
    database.engine.dispose()


def _who(_workspace: str, slack_id: str) -> Found:
    return Profile(slack_id)


def _reminders(office: Office, count: int = 30) -> list[str]:
    keys = [f"note:{request}:reminder-1" for request in office.requests(count)]
    office.put(*keys)
    return keys


def test_thirty_notes_for_one_channel_come_a_second_apart_and_each_is_taken_up_twice_at_most(
    office: Office,
) -> None:
    """All of them came again each second, and all but one in vain."""
    keys = _reminders(office)
    office.work()
    assert office.slack.times(APPROVE) == [float(second) for second in range(30)]
    assert office.said == keys, "in the order in which they were put"
    assert office.slack.refused == 0
    assert set(office.claimed.values()) == {1, 2}


def test_thirty_cards_come_a_second_apart_and_are_drawn_nowhere_in_vain(office: Office) -> None:
    """Each has two places; the other channel waits for nobody."""
    office.put(*(f"render:{request}" for request in office.requests(30, carded=False)))
    office.work()
    for channel in (APPROVE, NUMBERS):
        times = office.slack.times(channel)
        assert len(times) == 30 and all(later - before >= 1 for before, later in pairwise(times))
    assert office.slack.refused == 0
    assert max(office.claimed.values()) <= 3


def test_two_cards_of_a_request_in_one_channel_take_their_turns_one_after_the_other(office: Office) -> None:
    requests = office.requests(5, carded=False)
    with office.database.write() as work:
        work.execute(schema.request.update().values(channel=APPROVE))
    office.put(*(f"render:{request}" for request in requests))
    office.work()
    assert office.slack.times(APPROVE) == [float(second) for second in range(10)], "no second is lost"
    assert office.slack.refused == 0
    assert max(office.claimed.values()) <= 3


def test_ten_cards_whose_channel_was_archived_come_to_their_requester_and_ask_there_once(
    office: Office,
) -> None:
    """Whoever had to wait for the second place asked in the first again, and lost the second meanwhile."""
    requests = office.requests(11)
    office.slack.archived.add(NUMBERS)
    office.put(f"dm:{requests[0]}:approved:{BEA.user}")
    office.work()
    office.time.passes(0.4)  # its second is not over when the first card comes
    office.put(*(f"render:{request}" for request in requests[1:]))
    office.work()
    times = office.slack.times(BEA.user)
    assert len(times) == 11 and all(later - before >= 1 for before, later in pairwise(times))
    assert times[-1] < 15 and office.slack.in_vain == {NUMBERS: 10}
    assert max(office.claimed.values()) <= 3


def test_words_of_one_thread_come_in_their_order_among_those_of_others(office: Office) -> None:
    events = ("reason", "reminder-1", "escalated", "reminder-2")
    requests = office.requests(8)
    keys = [f"note:{request}:{event}" for event in events for request in requests]
    office.put(*keys)
    office.work()
    times = office.slack.times(APPROVE)
    assert len(times) == len(keys) and all(later - before >= 1 for before, later in pairwise(times))
    for request in requests:
        assert [key for key in office.said if request in key] == [k for k in keys if request in k]
    assert max(office.claimed.values()) <= 2 * len(events), "not once for each that others have to say"
    assert times[-1] < 2 * len(keys), "and no second goes by in vain for each"


def test_thirty_words_to_one_person_come_in_order_and_each_is_taken_up_twice_at_most(office: Office) -> None:
    keys = [f"dm:{request}:approved:{BEA.user}" for request in office.requests(30)]
    office.put(*keys)
    office.work()
    assert office.said == keys
    times = office.slack.times(BEA.user)
    assert len(times) == 30 and all(later - before >= 1 for before, later in pairwise(times))
    assert times[-1] < 31
    assert max(office.claimed.values()) <= 2


def test_after_a_pause_that_slack_asked_for_all_come_later(office: Office) -> None:
    keys = _reminders(office)
    while len(office.slack.posted) < 10:
        office.step()
    office.slack.pauses.append(12)
    office.work()
    times = office.slack.times(APPROVE)
    assert times[:10] == [float(second) for second in range(10)]
    assert min(times[10:]) == 10 + 12, "the first that Slack takes again"
    assert all(later - before >= 1 for before, later in pairwise(times))
    assert sorted(office.said) == sorted(keys) and office.slack.refused == 1
    assert max(office.claimed.values()) <= 3


def test_after_an_outage_of_ten_minutes_they_do_not_all_come_at_once(office: Office) -> None:
    keys = _reminders(office)
    while len(office.slack.posted) < 5:
        office.step()
    office.time.passes(600)
    office.work()
    times = office.slack.times(APPROVE)
    assert len(times) == 30 and times[5] >= 600
    assert all(later - before >= 1 for before, later in pairwise(times))
    assert sorted(office.said) == sorted(keys) and office.slack.refused == 0
    assert max(office.claimed.values()) <= 3


def test_what_is_put_again_while_it_waits_takes_a_slot_of_its_own(office: Office) -> None:
    keys = _reminders(office, 5)
    while len(office.slack.posted) < 2:
        office.step()
    office.put(keys[3])
    office.work()
    assert office.slack.times(APPROVE) == [0, 1, 2, 4, 5], "one second of the channel is lost"
    assert office.slack.refused == 0


@pytest.mark.parametrize(
    ("asked", "seconds"), [("7", 7), ("86400", 1800), ("9" * 400, 1800), ("soon", 30), ("", 30)]
)
def test_no_answer_silences_this_program_for_longer_than_half_an_hour(asked: str, seconds: float) -> None:
    assert retry_after({"Retry-After": asked}) == seconds


def test_a_pause_is_over_when_the_longest_that_was_asked_for_is() -> None:
    now = [50.0]
    pause = Pause(lambda: now[0])
    assert pause.left() == 0
    pause.ask(40)
    pause.ask(2)
    now[0] += 30
    assert pause.left() == 10
    now[0] += 30
    assert pause.left() == 0
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pause.ask, range(1, 500)))
    assert pause.left() == 499


def test_cards_are_not_drawn_anew_before_the_time_that_slack_named(office: Office) -> None:
    """Each further card ran into the same answer."""
    requests = office.requests(10)
    office.slack.pauses.append(40)
    for request in requests:
        keep_card(office.parts.desk, Card(request, "request", NUMBERS, f"{request}.1", None))
    office.put(*(f"render:{request}" for request in requests))
    began = office.time.now
    office.work()
    first, *others = office.slack.updates
    assert first == began
    assert len(others) == 20 and min(others) >= first + 40
    assert office.slack.refused == 1

"""What must add up after everything, over all requests together: at the provider, in the rows, in Slack."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.slack.driver import Message, Person
from tests.faults import truth
from tests.faults.crowd import Asking
from tests.world import APPROVE, World

AN_APPROVER = "U0OTTO"
FINAL = frozenset({"bought", "refused", "not_bought", "dropped"})
NO_EFFECT = frozenset({400, 429})
"""Answers to a call for a purchase by which the provider says that it did nothing."""
SHOWN: Mapping[str, str] = {
    "bought": "Bought",
    "refused": "Not bought",
    "not_bought": "Not bought",
    "denied": "Denied",
    "expired": "Expired",
    "cancelled": "Cancelled",
}
TOLD: Mapping[str, str] = {
    "bought": "was bought",
    "refused": "was not bought",
    "not_bought": "was not bought",
    "denied": "was denied",
    "expired": "it expired",
}


@dataclass(frozen=True)
class Ended:
    """A request, whose it is, and how it and its purchase ended."""

    request: str
    requester: str
    status: str
    number: str
    purchase: str
    approvals: int

    @property
    def end(self) -> str:
        """How it ended, as people read it."""
        return self.status if self.purchase == "dropped" else self.purchase


@dataclass(frozen=True)
class Figures:
    """What was counted."""

    calls: int
    requests: int
    ends: Mapping[str, int]
    numbers: int
    told: int
    events: int

    def __str__(self) -> str:
        ends = ", ".join(f"{name} {count}" for name, count in sorted(self.ends.items()))
        return (
            f"{self.requests} requests ({ends}); {self.calls} calls to buy, {self.numbers} numbers held; "
            f"{self.told} people's last words looked at; {self.events} lines in the log"
        )


def audit(desk: World, people: Sequence[Asking], held_before: set[str]) -> Figures:
    """Raises AssertionError for what does not add up; `held_before` is of before it began."""
    rows = desk.rows(
        "SELECT r.id, r.requester, r.status, p.number, p.status, r.approvals_needed FROM request r"
        " JOIN purchase p ON p.request_id = r.id"
    )
    ended = [Ended(*row) for row in rows]
    calls = [
        call for call in desk.plivo.control("GET", "sandbox/log?kind=buy") if call["status"] not in NO_EFFECT
    ]
    announced = dict(
        map(
            tuple,
            desk.rows(
                "SELECT number, count(*) FROM audit_event WHERE action = 'purchase.started' GROUP BY number"
            ),
        )
    )
    in_final_states(ended)
    calls_announced([str(call["number"]) for call in calls], announced)
    held_once(ended, desk.plivo.held() - held_before)
    truth.check_rows(desk)
    told = sum(_everything_said(desk, one, ended) for one in people)
    with Person(desk.slack_url, AN_APPROVER) as approver:
        approvers_see(ended, approver.messages(APPROVE))
    verified = desk.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    events = desk.rows("SELECT count(*) FROM audit_event")[0][0]
    held = sum(one.purchase == "bought" for one in ended)
    return Figures(len(calls), len(ended), Counter(one.end for one in ended), held, told, events)


def in_final_states(ended: Iterable[Ended]) -> None:
    """No request waits, and no purchase is on its way or unclear."""
    for one in ended:
        assert one.status != "pending" and one.purchase in FINAL, f"{one} is no end"


def calls_announced(called: Iterable[str], announced: Mapping[str, int]) -> None:
    """No number was called for more often than lines in the log announced it."""
    for number, count in Counter(called).items():
        assert count <= announced.get(number, 0), f"{number} was called for unannounced"


def held_once(ended: Sequence[Ended], held: set[str]) -> None:
    """What the provider holds for us is what the rows call bought, each once."""
    bought = [one.number for one in ended if one.purchase == "bought"]
    assert len(bought) == len(set(bought)), f"bought twice: {Counter(bought).most_common(1)}"
    assert set(bought) == held, f"{set(bought) ^ held} is held by one side only"
    assert bought, "something was bought"


def _everything_said(desk: World, whose: Asking, ended: Iterable[Ended]) -> int:
    mine = [one for one in ended if one.requester == whose.user]
    with Person(desk.slack_url, whose.user) as person:
        cards, direct = person.messages(whose.channel), person.messages(person.direct)
    for one in mine:
        said(one, cards, [m.words for m in direct])
    return len(mine)


def approvers_see(ended: Iterable[Ended], cards: Sequence[Message]) -> None:
    """Whoever was asked for a decision sees the end on their card."""
    for one in ended:
        shown = [m.words for m in cards if one.request in m.words and m.thread_ts is None]
        assert not one.approvals or any(SHOWN[one.end] in words for words in shown), (one, shown)


def said(one: Ended, cards: Iterable[Message], direct: Iterable[str]) -> None:
    """The card shows the end, whose request it is has read it, and the last word is the last."""
    shown = [m.words for m in cards if one.request in m.words and not m.ephemeral]
    assert len(shown) >= 1, f"{one}: no card"
    assert any(SHOWN[one.end] in words for words in shown), (one, shown)
    told = [words for words in direct if one.request in words]
    # what was bought at once stands on the card within seconds, and is told only if it took longer
    at_once = one.end == "bought" and one.approvals == 0
    if (words := TOLD.get(one.end)) and (told or not at_once):
        assert told and words in told[-1], (one, told)

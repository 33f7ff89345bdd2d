"""Several people around one bot: who asks, who decides, and what each of them sees of one number."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from bot.model.numbers import format_number
from handlers.forms import LOOKING_UP
from handlers.ui.decide import ASKING
from sandbox.slack.driver import Message, Person, Shown
from storage.schema import audit_event, audit_text, purchase, request
from tests.world import APPROVE, NUMBERS, World, connected, world

RITA, ANA, OTTO, CARA, GUS = "U0RITA", "U0ANA", "U0OTTO", "U0CARA", "U0GUS"
REASON = "For the new hotline"
CHEAP, ONE, TWO, TYPED, NEVER = "1.00000", "5.00000", "25.00000", "50.00000", "100.00000"
"""Monthly prices: each meets a rule of its own."""
ILL_FORMED = {"invalid_blocks", "invalid_arguments", "msg_blocks_too_long", "msg_too_long", "no_text"}
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0CARA"]
notify = ["U0OTTO"]
expires_after = "48h"
deny_reasons = ["Too dear", "We have one already"]

[[rules]]
name = "never"
min_monthly = "100.00"
deny = "Nobody needs that."

[[rules]]
name = "digits"
min_monthly = "50.00"
approvals = 1
confirm_by_typing = true

[[rules]]
name = "two pairs of eyes"
min_monthly = "20.00"
approvals = 2

[[rules]]
name = "one look"
min_monthly = "2.00"
approvals = 1

[[rules]]
name = "cheap"
approvals = 0

[break_glass]
users = ["U0CARA"]
"""


@dataclass(frozen=True)
class Several:
    """The bot, and the people; each number of a test is one that nobody has asked for."""

    desk: World
    rita: Person
    ana: Person
    otto: Person
    cara: Person
    gus: Person
    fresh: Iterator[str]

    def priced(self, monthly: str) -> str:
        """A number that costs so much a month."""
        number = next(self.fresh)
        self.reprice(number, monthly=monthly)
        return number

    def reprice(self, number: str, **change: object) -> None:
        self.desk.plivo.control("PUT", f"sandbox/numbers/{number}", json=change)

    def asked(self, monthly: str, reason: str = REASON, *, by: Person | None = None) -> str:
        """A number that somebody, Rita if not told otherwise, has asked for."""
        number, person = self.priced(monthly), by or self.rita
        confirmation(person, number)
        person.fill("reason", reason)
        assert person.submit() is None
        return number

    def logged(self, number: str, action: str, outcome: str = "success") -> list[str | None]:
        """The reasons in the log's lines about the request for a number, oldest first."""
        query = (
            select(audit_text.c.text)
            .select_from(audit_event)
            .outerjoin(
                audit_text,
                (audit_text.c.workspace == audit_event.c.workspace)
                & (audit_text.c.seq == audit_event.c.seq)
                & (audit_text.c.field == "reason"),
            )
            .join(purchase, purchase.c.request_id == audit_event.c.request_id)
            .where(purchase.c.number == number, audit_event.c.action == action)
            .where(audit_event.c.outcome == outcome)
            .order_by(audit_event.c.seq)
        )
        return [row[0] for row in self._rows(query)]

    def standing(self, number: str) -> list[str]:
        """Where the requests for a number stand, oldest first."""
        query = select(request.c.status).join(purchase).where(purchase.c.number == number)
        return [row[0] for row in self._rows(query.order_by(request.c.created_at))]

    def _rows(self, query: Select[Any]) -> list[Any]:
        with connected(self.desk.database_url) as engine, engine.connect() as connection:
            return list(connection.execute(query))


@contextmanager
def several(folder: Path, database_url: str, policy: str = POLICY) -> Iterator[Several]:
    """The bot with this policy, and everybody at their desks."""
    file = folder / "policy.toml"
    file.write_text(policy)
    with world(folder, database_url, POLICY_FILE=str(file)) as desk, ExitStack() as doors:
        desk.start()
        people = [doors.enter_context(Person(desk.slack_url, one)) for one in (RITA, ANA, OTTO, CARA, GUS)]
        rows = desk.plivo.search(type="local", limit=20).json()["objects"]
        yield Several(desk, *people, fresh=iter([str(row["number"]) for row in rows]))
        calls = [one for one in desk.control.log("api") if not one["ok"]]
        ill_formed = [one for one in calls if one["answer"]["error"] in ILL_FORMED]
        assert ill_formed + desk.control.log("refused") == [], "Slack took all that it was given"
        assert "Traceback" not in desk.log()


def opened(person: Person, press: Callable[[], object]) -> Shown:
    """The modal that a click opens, in the place of one that may be open."""
    before = person.modal()
    press()
    shown = person.wait_for(lambda p: (now := p.modal()) and (not before or now.id != before.id) and now)
    assert shown
    return shown


def confirmation(person: Person, number: str) -> Shown:
    """Names a number and presses Buy, as far as what opens then."""

    def line(p: Person) -> Message | None:
        named = (m for m in reversed(p.messages(NUMBERS)) if m.ephemeral and format_number(number) in m.words)
        return next((m for m in named if any(b["action_id"] == "offer_buy" for b in m.buttons)), None)

    person.command(NUMBERS, f"/number buy +{number}")
    found = person.wait_for(line)
    assert found
    return opened(person, lambda: person.click(found, "offer_buy"))


def seen(person: Person, channel: str, number: str, words: str) -> Message:
    """The newest message there about a number that contains these words, as soon as there is one."""
    shown = format_number(number)

    def newest(p: Person) -> Message | None:
        return next((m for m in reversed(p.messages(channel)) if shown in m.words and words in m.words), None)

    found = person.wait_for(newest)
    assert found
    return found


def waiting(person: Person, number: str, words: str = "Waiting for approval") -> Message:
    """The card in the approvers' channel."""
    return seen(person, APPROVE, number, words)


def approving(person: Person, number: str) -> Shown:
    """Opens the form for a yes, and waits for today's price."""
    opened(person, lambda: _press(person, number, "request_approve"))
    shown = person.wait_for(lambda p: (now := p.modal()) and ASKING not in now.words and now)
    assert shown
    return shown


def denying(person: Person, number: str) -> Shown:
    """Opens the form for a no."""
    return opened(person, lambda: _press(person, number, "request_deny"))


def _press(person: Person, number: str, action_id: str) -> None:
    """A button of the card, once more if the card is drawn anew under the finger."""
    for _ in range(5):
        with suppress(LookupError):
            person.click(waiting(person, number), action_id)
            return
    raise LookupError(action_id)


def told(person: Person) -> str:
    """What a form became that can only be closed; it is closed."""
    shown = person.modal()
    assert shown is not None and shown.submit is None, shown
    person.close_modal()
    return shown.words


def submit_once_known(person: Person) -> dict[str, str] | None:
    """Submits, and again as often as the form asks to because Slack is being asked who somebody is."""
    for _ in range(200):
        errors = person.submit()
        if LOOKING_UP not in (errors or {}).values():
            return errors
    raise TimeoutError(LOOKING_UP)

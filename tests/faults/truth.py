"""What must be true after everything, whatever died meanwhile: at the provider, in the rows, in Slack."""

from bot.model.purchase import HELD, RESERVING
from tests.faults.scenes import Played
from tests.faults.stage import Stage
from tests.world import NUMBERS, World

_NO_EFFECT = (400, 429)
"""Answers to a call for a purchase by which the provider says that it did nothing."""
_FINAL = {"bought", "refused", "not_bought", "dropped"}
_SHOWN = {
    "bought": "Bought",
    "refused": "Not bought",
    "not_bought": "Not bought",
    "denied": "Denied",
    "cancelled": "Cancelled",
    "expired": "Expired",
}
_TOLD = {
    "refused": "was not bought",
    "not_bought": "was not bought",
    "denied": "was denied",
    "expired": "it expired",
}


def check(stage: Stage, played: Played) -> None:
    """Raises AssertionError for the first thing that is not so."""
    request, purchase = _states(stage, played)
    _provider(stage, played, purchase)
    _slack(stage, played, request if purchase == "dropped" else purchase)
    check_rows(stage.desk)


def check_rows(desk: World) -> None:
    """What holds of all rows together."""
    _log(desk)
    _budget(desk)


def _states(stage: Stage, played: Played) -> tuple[str, str]:
    query = "SELECT r.status, p.status FROM request r JOIN purchase p ON p.request_id = r.id WHERE r.id = :id"
    rows = stage.desk.rows(query, id=played.request)
    assert len(rows) == 1, "one request, one purchase"
    request, purchase = rows[0]
    assert request != "pending" and purchase in _FINAL, f"{request} and {purchase} is no end"
    every = stage.desk.rows("SELECT count(*) FROM purchase WHERE number = :number", number=played.number)
    assert every == [(1 + len(stage.earlier),)], "a form that was pressed twice is one request"
    return str(request), str(purchase)


def _provider(stage: Stage, played: Played, status: str) -> None:
    calls = stage.desk.plivo.control("GET", f"sandbox/log?kind=buy&number={played.number}")
    effective = [call for call in calls if call["status"] not in _NO_EFFECT]
    assert len(effective) <= 1, f"called twice: {calls}"
    assert stage.desk.plivo.ours(played.number) == (status == "bought"), f"{status}, and the provider differs"
    query = "SELECT count(*) FROM audit_event WHERE request_id = :id AND action = 'purchase.started'"
    started = stage.desk.rows(query, id=played.request)
    assert started[0][0] >= len(calls), "a call that no log line announced"


def _slack(stage: Stage, played: Played, end: str) -> None:
    """The card shows the end, and whose request it is was told; nothing came more than twice."""
    cards = stage.cards(stage.rita, played.request, NUMBERS)
    assert 1 <= len(cards) <= 2, f"{len(cards)} cards"
    assert any(_SHOWN[end] in card.words for card in cards), [card.words for card in cards]
    told = [m.words for m in stage.rita.messages(stage.rita.direct) if played.request in m.words]
    if words := _TOLD.get(end):
        assert any(words in said for said in told), told
    for said in set(told):
        assert told.count(said) <= 2, f"said {told.count(said)} times: {said}"


def _log(desk: World) -> None:
    numbers = [row[0] for row in desk.rows("SELECT seq FROM audit_event ORDER BY seq")]
    assert numbers == list(range(1, len(numbers) + 1)), "the log has a gap"


def _budget(desk: World) -> None:
    purchases = desk.rows("SELECT status, setup + monthly, spender FROM purchase")
    for spender, reserved, committed in desk.rows("SELECT spender, reserved, committed FROM budget"):
        mine = [(status, amount) for status, amount, whose in purchases if spender in ("", whose)]
        assert reserved == sum(amount for status, amount in mine if status in RESERVING), "reserved"
        assert committed == sum(amount for status, amount in mine if status in HELD), "committed"

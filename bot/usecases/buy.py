"""Buy: the one call that costs money. At most once, whatever breaks.

The order is the protection (docs/adr/0002): ask whether the number is ours already; ask whether it
is still there at the approved price; commit the intent, which takes the job away and arms the
watchdog; call once; write down what the answer means. What is unclear is `unknown`, never repeated.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from bot.model.audit import Action
from bot.model.errors import CredentialsRefused, NotFound, NotSent, ProviderError, RateLimited, Refused
from bot.model.offer import Offer
from bot.model.provider import BuyOptions
from bot.model.purchase import PurchaseStatus
from bot.model.request import Person
from bot.model.rules import Verdict
from bot.usecases import record
from bot.usecases.conclude import ACTIONS, Order, conclude
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import judge, judge_if_known, learn
from bot.usecases.preview import may_break_glass
from bot.usecases.provider import LISTED, held_as, offer_of
from bot.usecases.reprice import is_dearer, reprice
from storage import jobs, purchases, requests
from storage.jobs import Gone
from storage.unit_of_work import Database, UnitOfWork

log = structlog.get_logger(__name__)

_S = PurchaseStatus

WRITE_AGAIN_AFTER = (0.1, 1.0, 3.0)
"""Seconds until an answer is written down again; after the last the watchdog has to find out by asking."""
AGAIN_AFTER = (5.0, 15.0, 60.0, 180.0, 300.0)
"""Seconds until a purchase that surely was not made is tried again; after the last it is refused."""
SLACK_AGAIN = (5.0, 60.0)
"""Seconds until a purchase is taken up again that waits for Slack: a quarter of its wait, within these."""
SLACK_PATIENCE = timedelta(days=1)
"""For so long that costs no try: Slack being away says nothing about the number."""


class _NobodyKnown(NotSent):
    """Slack cannot say who asks, or for whom it is: it is away, rather than one group unknown."""


def buy(desk: Desk, purchase_id: str) -> float | Gone | None:
    """Makes the purchase if it is queued; the seconds until the next try, or None if there is none.

    Gone once the intent was committed: that took the job away.
    """
    with desk.database.read() as work:
        order = _loaded(work, purchase_id)
        if order is None or order.purchase.status is not _S.QUEUED:
            return None
        verdict = _judged(desk, work, order)
    try:
        _check(desk, order, verdict or _learned(desk, order))
        fresh = _look(desk, order)
        if is_dearer(fresh, order.purchase):
            reprice(desk, order, fresh)
            return None
    except Refused as problem:
        _end(desk, order, _no(problem), problem.api_id)
        return None
    except _NobodyKnown as problem:
        return _wait_for_slack(desk, order, problem)
    except ProviderError as problem:
        return _again(desk, order, problem)
    return _call_once(desk, order)


def _call_once(desk: Desk, order: Order) -> Gone | None:
    attempt = _intend(desk, order)
    if attempt is None:
        return None
    _call(desk, order, attempt)
    return Gone.GONE


def load(database: Database, purchase_id: str) -> Order | None:
    """A purchase with its request, as they stand."""
    with database.read() as work:
        return _loaded(work, purchase_id)


def _loaded(work: UnitOfWork, purchase_id: str) -> Order | None:
    purchase = purchases.get(work, purchase_id)
    request = purchase and requests.get(work, purchase.request_id)
    return Order(request, purchase) if purchase and request else None


def _judged(desk: Desk, work: UnitOfWork, order: Order) -> Verdict | None:
    request = order.request
    return judge_if_known(desk, work, request.workspace, request.parties, order.purchase.offer)


def _learned(desk: Desk, order: Order) -> Verdict:
    """What the policy says once Slack was asked who these people are."""
    request = order.request
    learn(desk, request.workspace, *request.parties)
    with desk.database.read() as work:
        return judge(desk, Listed(work, request.workspace), request.parties, order.purchase.offer)


def _look(desk: Desk, order: Order) -> Offer:
    """The number as it is offered now. Raises Refused if it cannot be bought any more."""
    purchase = order.purchase
    subaccount = order.request.options.subaccount
    if desk.provider.rented_number(purchase.number, subaccount=subaccount) is not None:
        raise Refused("The account holds this number already; nothing was bought.")
    fresh = offer_of(desk, purchase.number, purchase.offer.country)
    if fresh is None or fresh.monthly is None:
        raise Refused("The provider does not offer this number any more; nothing was bought.")
    return fresh


def _check(desk: Desk, order: Order, verdict: Verdict) -> None:
    """Raises Refused if it may not be bought any more, or NotSent if that is not known."""
    request = order.request
    if verdict.unknown:
        kind = _NobodyKnown if verdict.unknown_people else NotSent
        raise kind("Who may buy what could not be looked up in Slack.")
    if not verdict.allowed:
        raise Refused(f"The policy does not allow it any more: {verdict.deny_reason}")
    # a broken glass stands for the approvals of the first price only
    glass = request.break_glass and not request.repriced
    spared = glass and may_break_glass(desk, Person(request.workspace, request.requester))
    if verdict.approvals > request.approvals_given and not spared:
        raise Refused("The policy asks for more approvals by now than this request has; ask again.")


def _intend(desk: Desk, order: Order) -> str | None:
    """Commits that the call is about to be made; None if somebody else was first, or time stood still.

    One transaction takes the job away, so that nothing can deliver it again, and arms the watchdog,
    so that nothing can be forgotten.
    """
    began = desk.uptime()
    with desk.database.write() as work:
        attempt = work.new_id("A")
        if not purchases.move(
            work, order.purchase.id, {_S.QUEUED}, _S.BUYING, attempt=attempt, call_at=work.now, note=None
        ):
            return None
        jobs.remove(work, f"buy:{order.purchase.id}")
        jobs.put(work, f"settle:{order.purchase.id}", delay=desk.timing.buy_watchdog)
        changes = {"attempt": attempt, "setup": str(order.purchase.setup)}
        changes |= {"monthly": str(order.purchase.monthly)}
        # most answers come sooner, and the card shows these at once
        record.of_purchase(
            work, order.request, order.purchase, Action.PURCHASE_STARTED, changes=changes, shown_within=1
        )
    if desk.uptime() - began > desk.timing.buy_watchdog / 2:
        # The process slept; by now the watchdog may be settling. The call was not made, and will not be.
        _not_sent(desk, order, attempt, NotSent("The program was stopped before the call."))
        return None
    return attempt


def _call(desk: Desk, order: Order, attempt: str) -> None:
    chosen = order.request.options
    options = BuyOptions(
        app_id=chosen.app_id,
        subaccount=chosen.subaccount,
        cnam_lookup=chosen.cnam_lookup,
        compliance_application_id=chosen.compliance_application_id,
    )
    try:
        answer = desk.provider.buy(order.purchase.number, options)
    except (NotSent, RateLimited) as problem:
        _not_sent(desk, order, attempt, problem)
    except NotFound as problem:
        _ask_whose(desk, order, attempt, problem)
    except Refused as problem:
        _write(desk, order, attempt, _S.REFUSED, _no(problem), problem.api_id)
    except Exception as problem:  # noqa: BLE001 - whatever it was, the money may be spent: ask, never repeat
        _write(desk, order, attempt, _S.UNKNOWN, str(problem), getattr(problem, "api_id", None))
    else:
        _write(desk, order, attempt, PurchaseStatus(answer.status), None, answer.api_id)


def _ask_whose(desk: Desk, order: Order, attempt: str, refusal: NotFound) -> None:
    """A 404 to a buy says "somebody else took it" and "we have it already" in the same words.

    The provider's list may lag: that it is not there yet settles nothing, and it is asked on.
    """
    subaccount = order.request.options.subaccount
    try:
        rented = desk.provider.rented_number(order.purchase.number, subaccount=subaccount)
    except ProviderError:
        rented = None
    if rented is None:
        note = f"The provider says that it does not have it (“{refusal}”): probably somebody else took it."
        _write(desk, order, attempt, _S.UNKNOWN, note, refusal.api_id)
    else:
        _write(desk, order, attempt, held_as(rented), LISTED, refusal.api_id)


def _write(  # noqa: PLR0917 - one short call each, in the order of the sentence
    desk: Desk, order: Order, attempt: str, to: PurchaseStatus, note: str | None, api_id: str | None
) -> None:
    _surely(order, lambda: _write_once(desk, order, attempt, to, note, api_id))


def _surely(order: Order, write: Callable[[], None]) -> None:
    """Writes down what an answer means; again if the database undid it: no deadlock may lose it."""
    for pause in WRITE_AGAIN_AFTER:
        try:
            write()
        except DBAPIError as problem:
            why = str(problem.orig)
            log.warning("an answer could not be written; again", purchase=order.purchase.id, why=why)
            time.sleep(pause)
        else:
            return
    write()


def _write_once(  # noqa: PLR0917
    desk: Desk, order: Order, attempt: str, to: PurchaseStatus, note: str | None, api_id: str | None
) -> None:
    with desk.database.write() as work:
        moved = conclude(work, order, to, of_attempt=attempt, note=note, api_id=api_id)
        if moved and to is _S.UNKNOWN:
            jobs.put(work, f"settle:{order.purchase.id}", delay=1)


def _not_sent(desk: Desk, order: Order, attempt: str, problem: NotSent | RateLimited) -> None:
    delay = _delay(order, problem)
    if delay is None:
        _write(desk, order, attempt, _S.REFUSED, _gave_up(problem), problem.api_id)
        return
    _surely(order, lambda: _postpone_call(desk, order, attempt, str(problem), delay))


def _postpone_call(desk: Desk, order: Order, attempt: str, why: str, delay: float) -> None:
    with desk.database.write() as work:
        if conclude(work, order, _S.QUEUED, of_attempt=attempt, note=why, one_more_try=True):
            jobs.remove(work, f"settle:{order.purchase.id}")
            jobs.put(work, f"buy:{order.purchase.id}", delay=delay)


def _again(desk: Desk, order: Order, problem: ProviderError) -> float | None:
    """Nothing was bought yet: the provider, or Slack about a group, could not be asked beforehand."""
    delay = _delay(order, problem)
    if delay is None:
        _end(desk, order, _gave_up(problem), problem.api_id)
        return None
    # if it is not queued any more, another worker is calling for it, or has
    return delay if _put_off(desk, order, str(problem)) else None


def _wait_for_slack(desk: Desk, order: Order, problem: _NobodyKnown) -> float | None:
    """Nothing was tried: the purchase is taken up again once Slack is back, and logged as late once."""
    with desk.database.read() as work:
        waited = work.now - order.purchase.updated_at
    if waited > SLACK_PATIENCE:
        return _again(desk, order, problem)
    if order.purchase.note != str(problem):
        _put_off(desk, order, str(problem), counted=False)
    least, most = SLACK_AGAIN
    return max(least, min(most, waited.total_seconds() / 4))


def _put_off(desk: Desk, order: Order, why: str, *, counted: bool = True) -> bool:
    with desk.database.write() as work:
        queued = purchases.put_off(work, order.purchase.id, note=why, counted=counted)
        if queued:
            record.of_purchase(work, order.request, order.purchase, *ACTIONS[_S.QUEUED], reason=why)
        return queued


def _delay(order: Order, problem: ProviderError) -> float | None:
    if order.purchase.tries >= len(AGAIN_AFTER):
        return None
    asked = problem.retry_after if isinstance(problem, RateLimited) else None
    return max(asked or 0, AGAIN_AFTER[order.purchase.tries])


def _no(problem: Refused) -> str:
    if isinstance(problem, CredentialsRefused):
        return "The desk's own credentials are refused by the provider; nothing was bought."
    return str(problem)


def _gave_up(problem: ProviderError) -> str:
    return f"Given up after {len(AGAIN_AFTER)} more tries; nothing was bought. The last time: {problem}"


def _end(desk: Desk, order: Order, note: str, api_id: str | None) -> None:
    with desk.database.write() as work:
        conclude(work, order, _S.REFUSED, origins={_S.QUEUED}, note=note, api_id=api_id)

"""Every message and modal, with the worst text people can write: within Slack's limits, and inert."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.audit import SYSTEM, Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from bot.model.audit_export import Format
from bot.model.audit_words import By
from bot.model.budget import Exceeded, Spent
from bot.model.errors import Misread, NotUnderstood, Refused
from bot.model.offer import NumberType, Offer
from bot.model.policy import Approvals, Policy, Rule
from bot.model.provider import RentedNumber, RentedPage
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, Options, Person, RequestStatus
from bot.model.rules import RuleLooked, Verdict
from bot.model.search import Search
from bot.model.sweep import DifferenceState, Kind
from bot.usecases import settle_by_hand
from bot.usecases.adopt import MayNotTouch, Over
from bot.usecases.budget import BudgetSheet
from bot.usecases.cancel import Cancelled
from bot.usecases.conclude import Order
from bot.usecases.decide import AlreadyDecided, AlreadySpoken, MayDecide, MayNot, NoSuchRequest, PriceChanged
from bot.usecases.explain import Explained, ExplainedRequest, NotOffered, Rules
from bot.usecases.export_log import ExportComing
from bot.usecases.extend import Extended, ExtendedBefore
from bot.usecases.home import HomeSheet
from bot.usecases.look_up import NotTheirs, RequestsPage, RequestView, Timeline, Which
from bot.usecases.preview import NotAllowed, OfferGone, Preview, Taken
from bot.usecases.quorum import Unreachable
from bot.usecases.read_log import Cursor, EventView, LogCounts, LogPage
from bot.usecases.report import SHOWN, ReportView
from bot.usecases.reprice import Dearer, DearerThanAllowed, Gone, Moved, Same
from bot.usecases.search import Found, SearchPage
from bot.usecases.submit import NotForThem, OutOfReach, OverBudget
from handlers.forms import inputs_of
from handlers.ui import (
    audit,
    budget,
    cards,
    changing,
    confirm,
    decide,
    direct,
    form,
    glass,
    home,
    lists,
    offers,
    policy,
    refusals,
    reports,
    requests,
    threads,
    timeline,
    trouble,
)
from handlers.ui import help as help_
from handlers.ui.blocks import Block, message, notice, section
from sandbox.slack.checks import check_blocks, check_view, too_much_text
from storage.audit_search import Counted
from storage.differences import Difference, Report
from storage.purchases import KeptPurchase
from storage.requests import Card, KeptDecision, KeptRequest
from storage.searches import KeptOffer, KeptSearch

AT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
BEA = Person("T0ONE", "U0BEA")
PEOPLE = ("U0ANA", "S0PROCURE")
SPENT = Spent("", Decimal(500), Decimal("12.3456"), Decimal("480.5"))
OVER = (replace(SPENT, reserved=Decimal(600)), replace(SPENT, spender="U0BEA", limit=Decimal("1.2345")))
BUDGETS = (SPENT, replace(SPENT, spender="U0BEA", limit=None))
_PIECES = (
    "<!channel>", "<!here|x>", "<@U0VICTIM>", "<https://evil.example|Approve>", "<#C0SECRET>",
    "&lt;!channel&gt;",
    "`", "```", "*", "_", "~", "\n", "\r\n> ", "\u202e", "\u2066", "\u200b", "\x00",
    "&", "<", ">", "|", "“", "日本", "🙂", " ", "a",
)  # fmt: skip
NASTY = st.one_of(
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=12).map("".join),
    st.tuples(st.sampled_from(_PIECES), st.integers(1_000, 10_000)).map(lambda p: (p[0] * p[1])[:10_000]),
)
_LINK = r"<https://demo\.slack\.com/archives/C0NUMBERS/p\d+\|message>"
_OURS = re.compile(
    _LINK
    + r"|<@(U0BEA|U0ANA|U0CAL)>|<#C0APPROVE>|<!subteam\^S0PROCURE>"
    + r"|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[-0-9: ]+UTC>"
)


def an_offer(text: str) -> Offer:
    return Offer(
        number="14155550100", country="US", type=NumberType.LOCAL, monthly=Decimal("0.80"),
        setup=Decimal("1.5"), city=text, region=text, voice=True, sms=True, restriction=text,
        restriction_text=text,
    )  # fmt: skip


def a_request(text: str, status: RequestStatus = RequestStatus.PENDING) -> KeptRequest:
    ended = status is not RequestStatus.PENDING
    return KeptRequest(
        id="R7K3M9QXZ2AB", workspace="T0ONE", account="MAINVENTED", requester="U0BEA", channel="C0NUMBERS",
        reason=text, options=Options(alias=text), status=status, rule=text, approvals_needed=2,
        approvals_given=1, round=1, created_at=AT, decided_at=AT if ended else None,
        decided_by="U0ANA" if ended else None, on_behalf_of="U0CAL", approval_channel="C0APPROVE",
        break_glass=len(text) % 2 == 0, repriced=True, reason_changed_at=AT, expires_at=AT,
        extended_by=None if len(text) % 3 else "U0ANA", reminders=1, escalated_at=AT,
    )  # fmt: skip


def a_purchase(text: str, status: PurchaseStatus = PurchaseStatus.WAITING) -> KeptPurchase:
    return KeptPurchase(
        id="P7K3M9QXZ2AB", request_id="R7K3M9QXZ2AB", workspace="T0ONE",
        account="MAINVENTED",
        number="14155550100", setup=Decimal("1.5"), monthly=Decimal("0.80"), setup_before=Decimal(0),
        monthly_before=Decimal("0.50"),
        offer=an_offer(text), status=status, attempt="A1", call_at=AT, tries=1, looks=3, note=text,
        api_id=text, alias_note=text, updated_at=AT, spender="U0BEA", budget_month="2026-03", answer=text,
    )  # fmt: skip


def a_difference(
    text: str, kind: Kind = Kind.UNRECORDED, state: DifferenceState = DifferenceState.IGNORED
) -> Difference:
    rented = RentedNumber(
        "14155550100", alias=text, monthly=Decimal("0.80"), added_on=date(2025, 2, 14), subaccount=text
    )
    return Difference(
        id="D7K3M9QXZ2AB", report_id="W7K3M9QXZ2AB", workspace="T0ONE", account="MAINVENTED",
        number="14155550100", kind=kind, state=state, purchase_id="P7K3M9QXZ2AB", rented=rented,
        found_at=AT, ended_at=AT, ended_by="U0ANA", reason=text, request_id="R7K3M9QXZ2AB",
    )  # fmt: skip


def a_report(text: str, open_ones: int = SHOWN, more: int = 9_990) -> ReportView:
    kinds = [Kind.GONE, Kind.UNRECORDED] * SHOWN
    shown = tuple(a_difference(text, kind, DifferenceState.OPEN) for kind in kinds[:open_ones])
    ended = tuple(
        a_difference(text, state=state)
        for state in (DifferenceState.ADOPTED, DifferenceState.IGNORED, DifferenceState.RESOLVED)
    )
    counts = {
        (Kind.UNRECORDED, DifferenceState.OPEN): open_ones // 2 + more,
        (Kind.GONE, DifferenceState.OPEN): open_ones - open_ones // 2,
        (Kind.GONE, DifferenceState.RESOLVED): 3,
    }
    report = Report(
        id="W7K3M9QXZ2AB", workspace="T0ONE", account="MAINVENTED", at=AT, held=10_000, channel=None,
        ts=None, problem=None,
    )  # fmt: skip
    order = Order(a_request(text), a_purchase(text, PurchaseStatus.BOUGHT))
    return ReportView(report, counts, shown, ended, {"P7K3M9QXZ2AB": order})


def a_view(
    text: str,
    request: RequestStatus = RequestStatus.APPROVED,
    purchase: PurchaseStatus = PurchaseStatus.BOUGHT,
) -> RequestView:
    said = (
        KeptDecision("U0ANA", Answer.APPROVE, text, AT, 1),
        KeptDecision("U0CAL", Answer.DENY, text, AT, 2),
    )
    link = f"https://demo.slack.com/archives/C0NUMBERS/p1{len(text)}"
    cards_ = {"request": Card("R1", "request", "C0NUMBERS", "1.2", None, link)}
    people = tuple(f"U0P{i:02}" for i in range(30))
    names = dict.fromkeys((*people, *PEOPLE), text)
    kept, bought = a_request(text, request), a_purchase(text, purchase)
    return RequestView(kept, (bought,), said * 12, cards_, people, ("S0PROCURE",), names)


def a_list(text: str, which: Which, *, approver: bool = True, found: int = 8) -> RequestsPage:
    views = tuple(a_view(text, RequestStatus.PENDING, PurchaseStatus.WAITING) for _ in range(found))
    return RequestsPage(which, views, "R7K3M9QXZ2ABC", approver, not_known=not approver)


def a_timeline(text: str, each: int = 5, request: RequestStatus = RequestStatus.PENDING) -> Timeline:
    actors = [Actor(ActorType.USER, "U0BEA"), SYSTEM, Actor(ActorType.OPERATOR, "shell")]
    changes = {"approvals": text, "for": "U0CAL", "from": text, "reminder": text, "to": text, "search": text}
    events = tuple(
        LoggedEvent(
            seq=i, id=f"E{i}", at=AT,
            event=AuditEvent(
                workspace="T0ONE", account="MAINVENTED", actor=actors[i % 3], action=action,
                outcome=outcome, reason=text, changes=changes | {"until": AT.isoformat()},
            ),
        )
        for i, (action, outcome) in enumerate([*product(Action, Outcome)] * each)
    )  # fmt: skip
    return Timeline(a_view(text, request, PurchaseStatus.WAITING), events)


def a_verdict(text: str, *, allowed: bool = True) -> Verdict:
    looked = tuple(RuleLooked(text, matched=i == 29, why_not=text) for i in range(30))
    return Verdict(allowed, text, 2, None if allowed else text, considered=looked)


REACH = Unreachable("rest", 30, ("U0ANA",) * 29, ("U0BEA", "U0CAL"), ("U0ANA",), chosen=True)


def for_them(text: str) -> NotForThem:
    return NotForThem(text, replace(a_verdict(text, allowed=False), outsider="U0CAL"))


def an_explanation(text: str, *, allowed: bool) -> Explained:
    spent = (SPENT, replace(SPENT, spender="U0BEA"))
    taken = Taken(a_request(text), a_purchase(text))
    names = (text,) * 30
    return Explained(an_offer(text), a_verdict(text, allowed=allowed), names, (text,), spent, taken, names)


def deciding(text: str) -> MayDecide:
    return MayDecide(a_view(text, RequestStatus.PENDING, PurchaseStatus.WAITING), 2)


def typed(text: str) -> str:
    """The same as a form brings it: nothing that no keyboard makes, and no more than fits."""
    state = {"reason": {"value": {"type": "plain_text_input", "value": text[:500]}}}
    return inputs_of({"state": {"values": state}})["reason"] or "a"


def a_preview(text: str, budgets: tuple[Spent, Spent] | None = None) -> Preview:
    verdict = Verdict(True, text, 2, channel="C0APPROVE")
    return Preview(KeptOffer("S1.0", an_offer(text)), verdict, budgets or BUDGETS, True)


def a_carried(text: str) -> dict[str, Any]:
    options = {
        "app_id": "a" * 150,
        "subaccount": "a" * 150,
        "cnam_lookup": "enabled",
        "alias": typed(text)[:100],
    }
    about = {"offer": "S7K3M9QXZ2AB.1000", "channel": "C0NUMBERS", "for": "U0CAL"}
    return {**about, "options": {**options, "compliance_application_id": "a" * 150}}


def a_page(text: str, found: int = 5) -> SearchPage:
    kept = KeptSearch("S7K3M9QXZ2AB", BEA, "US local", 40, 20, 20, 20)
    asked = Search(country="US", city=text[:200], region=text[:200])
    return SearchPage(
        kept, asked, 5, tuple(KeptOffer(f"S7K3M9QXZ2AB.{i}", an_offer(text)) for i in range(found))
    )


def a_log(text: str) -> LogPage:
    events = tuple(
        LoggedEvent(
            seq=i, id=f"E{i}", at=AT,
            event=AuditEvent(
                workspace="T0ONE", account="MAINVENTED", actor=Actor(ActorType.USER, "U0BEA"), action=action,
                outcome=list(Outcome)[i % 4], on_behalf_of="U0CAL", request_id="R7K3M9QXZ2AB",
                number="14155550100", reason=text if i % 2 else None, changes={"search": text},
            ),
        )
        for i, action in enumerate([Action.SEARCH_PERFORMED, Action.PURCHASE_REFUSED] * 5)
    )  # fmt: skip
    return LogPage(text[:500], events, Cursor(False, 7), all_of_it=False, newer=Cursor(True, 9))


def an_event(text: str) -> EventView:
    logged = next(one for one in a_log(text).events if one.event.reason)
    erased = replace(logged, erased=("reason",) if len(text) % 2 else ())
    return EventView(erased, "0" * 64)


def some_counts(text: str) -> LogCounts:
    counted = tuple(Counted(f"U0P{i:02}", 10**9, Decimal("999999.9999")) for i in range(40))
    return LogCounts(text[:500], By.PERSON, counted, {c.name or "": text for c in counted}, all_of_it=False)


def a_policy(text: str) -> Policy:
    shown = text.replace("\x00", "").strip() or "a"
    rules = [Rule(name=f"{i} {shown}"[:80], approvals=i) for i in range(3)]
    rules.append(Rule(name="no", deny=shown[:500], max_monthly=Decimal("2.00")))
    return Policy(approvals=Approvals(channel="C0APPROVE", approvers=PEOPLE), rules=tuple(rules))


def a_budget(text: str, limit: Decimal | None = Decimal("999999.9999")) -> BudgetSheet:
    spent = Spent("", limit, Decimal("123456.7891"), Decimal("987654.3219"))
    people = tuple(replace(spent, spender=f"U0P{i:02}") for i in range(30))
    names = {one.spender: text for one in people} | dict.fromkeys(PEOPLE, text)
    return BudgetSheet("2026-03", spent, replace(spent, spender="U0BEA"), people, True, PEOPLE, names)


def a_misread(text: str, proposal: str | None = None) -> NotUnderstood:
    return NotUnderstood(tuple(Misread(text[:40], text, text) for _ in range(5)), proposal)


def _said(text: str) -> Block:
    return message(text, [section(text)])


Build = Callable[[str], Block]

MESSAGES: dict[str, Build] = {
    "offers": lambda t: offers.search_page(a_page(t)),
    "offers, shared": lambda t: offers.search_page(a_page(t), shared_by="U0BEA"),
    "nothing found": lambda t: offers.search_page(a_page(t, 0)),
    "named numbers": lambda t: offers.found_numbers(
        [Found("14155550100", KeptOffer("S1.0", an_offer(t))), Found("14155550101", None)]
    ),
    "audit": lambda t: audit.log_page(a_log(t)),
    "audit, not known": lambda t: audit.log_page(replace(a_log(t), not_known=True)),
    "audit, counted": lambda t: audit.counts(some_counts(t)),
    "audit, coming": lambda _: audit.coming(ExportComing(100_001, Format.CSV, False, True)),
    "audit, not sent": audit.not_sent,
    "audit, empty": lambda t: audit.log_page(LogPage(t[:500], (), None, all_of_it=True)),
    "requests, mine": lambda t: requests.requests_page(a_list(t, Which.MINE)),
    "requests, all": lambda t: requests.requests_page(a_list(t, Which.ALL)),
    "requests, own only": lambda t: requests.requests_page(a_list(t, Which.OPEN, approver=False)),
    "requests, none": lambda t: requests.requests_page(a_list(t, Which.OPEN, approver=False, found=0)),
    "one request": lambda t: timeline.request_page(a_timeline(t), "U0BEA"),
    "one request, decided": lambda t: timeline.request_page(a_timeline(t, 1, RequestStatus.DENIED), "U0P01"),
    "one request, of others": lambda _: _said(timeline.not_theirs(NotTheirs(not_known=True))),
    "rented": lambda t: lists.rented(
        RentedPage(tuple(RentedNumber(f"141555501{i:02}", alias=t) for i in range(20)), 60, 40), offset=20
    ),
    "none rented": lambda _: lists.rented(RentedPage((), 0, None), offset=0),
    "info": lambda t: lists.number_info(
        "14155550100", RentedNumber("14155550100", t, Decimal("0.8"), date(2026, 1, 2))
    ),
    "info, not held": lambda _: lists.number_info("14155550100", None),
    "policy": lambda t: policy.policy(Rules(a_policy(t), {"U0ANA": t})),
    "no policy": lambda _: policy.policy(Rules(None, {})),
    "explained": lambda t: policy.explanation(an_explanation(t, allowed=True)),
    "explained, refused": lambda t: policy.explanation(an_explanation(t, allowed=False)),
    "explained, not offered": lambda _: policy.explanation(NotOffered("14155550100")),
    "explained, a request": lambda t: policy.request_explanation(
        ExplainedRequest(a_view(t, RequestStatus.PENDING, PurchaseStatus.WAITING), a_verdict(t), t)
    ),
    "explained, nobody's business": lambda _: policy.request_explanation(NotTheirs()),
    "budget": lambda t: budget.budget_page(a_budget(t)),
    "budget, without limits": lambda t: budget.budget_page(replace(a_budget(t, None), people=())),
    "help": lambda _: help_.help_text(),
    "help, one topic": lambda _: help_.help_text("search"),
    "help, unknown": help_.help_text,
    "not understood": lambda t: help_.not_understood(a_misread(t), "search"),
    "not understood, with a proposal": lambda t: help_.not_understood(a_misread(t, t), "search"),
    "refused": lambda t: trouble.trouble(Refused(t, api_id=t)),
    "other trouble": lambda t: trouble.trouble(RuntimeError(t)),
    "not allowed": lambda t: _said(refusals.not_offered(NotAllowed(Verdict(False, t, deny_reason=t)))),
    "offer gone": lambda _: _said(refusals.not_offered(OfferGone())),
    "over budget": lambda _: _said(
        refusals.not_offered(OverBudget((Exceeded(SPENT, Decimal("20.1")),) * 2, ("U0ANA", "S0PROCURE")))
    ),
    "not for them": lambda t: _said(refusals.not_offered(for_them(t))),
    "out of reach": lambda _: _said(refusals.not_offered(OutOfReach(REACH))),
    "taken": lambda t: _said(refusals.not_offered(Taken(a_request(t), a_purchase(t)))),
    "report": lambda t: reports.report(a_report(t)),
    "report, one": lambda t: reports.report(a_report(t, 1, 0)),
    "report, over": lambda t: reports.report(a_report(t, 0, 0)),
    "not adopted": lambda t: _said(reports.obstacle(MayNotTouch(t))),
    "not adopted, spoken for": lambda t: _said(reports.obstacle(Taken(a_request(t), a_purchase(t)))),
    "may not settle": lambda t: _said(refusals.not_settled(settle_by_hand.MayNotSettle(t))),
    "not open": lambda t: _said(
        refusals.not_settled(settle_by_hand.NotOpen(Order(a_request(t), a_purchase(t))))
    ),
    "no such purchase": lambda _: _said(refusals.not_settled(settle_by_hand.NoSuchPurchase())),
    "already decided": lambda t: _said(
        decide.obstacle(AlreadyDecided(a_request(t, RequestStatus.DENIED)), Answer.APPROVE)
    ),
    "already spoken": lambda t: _said(decide.obstacle(AlreadySpoken(a_request(t)), Answer.APPROVE)),
    "price changed": lambda t: _said(decide.obstacle(PriceChanged(a_request(t)), Answer.APPROVE)),
    "may not": lambda t: _said(decide.obstacle(MayNot(t), Answer.DENY)),
    "expired": lambda t: _said(
        decide.obstacle(AlreadyDecided(a_request(t, RequestStatus.EXPIRED)), Answer.APPROVE)
    ),
    "may not cancel": lambda t: _said(changing.cancelled(MayNot(t))),
    "cancelled": lambda _: _said(changing.cancelled(Cancelled())),
    "extended": lambda t: _said(changing.extended(Extended(a_request(t)))),
    "extended before": lambda t: _said(changing.extended(ExtendedBefore(a_request(t)))),
    "may not extend": lambda t: _said(changing.extended(MayNot(t))),
    "no such request": lambda _: _said(decide.obstacle(NoSuchRequest(), Answer.DENY)),
}

EVENTS = (
    "approved", "denied", "repriced", "bought", "awaiting_documents", "refused", "unknown", "not_bought",
    "needs_human", "expired", "cancelled",
)  # fmt: skip

NOTES = ("reminder-1", "reminder-12", "escalated", "expired", "cancelled", "repriced", "break_glass")

MODALS: dict[str, Build] = {
    "an event of the log": lambda t: audit.event_modal(an_event(t)),
    "confirm, at once": lambda t: confirm.confirmation(
        Preview(KeptOffer("S1.0", an_offer(t)), Verdict(True, t, 0), BUDGETS, False),
        a_policy(t),
        channel="C0NUMBERS",
    ),
    "confirm, dear": lambda t: confirm.confirmation(
        Preview(
            KeptOffer("S1.0", Offer("14155550100", "US", NumberType.LOCAL, Decimal("12345678.1234"))),
            Verdict(True, t, 0),
            BUDGETS,
            may_break_glass=False,
        ),
        a_policy(t),
        channel="C0NUMBERS",
    ),
    "confirm, by others": lambda t: confirm.confirmation(
        Preview(KeptOffer("S1.0", an_offer(t)), Verdict(True, t, 2), BUDGETS, True),
        a_policy(t),
        channel="C0NUMBERS",
    ),
    "confirm, over budget": lambda t: confirm.confirmation(
        a_preview(t, OVER), a_policy(t), channel="C0NUMBERS"
    ),
    "break glass": lambda t: glass.glass_modal(
        a_preview(t), a_policy(t), a_carried(t), for_user="U0CAL", reason=t
    ),
    "break glass, over budget": lambda t: glass.glass_modal(
        a_preview(t, OVER), a_policy(t), a_carried(t), for_user=None, reason=None
    ),
    "approve": lambda t: decide.approve_modal(deciding(t)),
    "approve, by typing": lambda t: decide.approve_modal(replace(deciding(t), confirm_by_typing=True)),
    "approve, not asked": lambda t: decide.after_look(deciding(t), None),
    "approve, same price": lambda t: decide.after_look(deciding(t), Same()),
    "approve, dearer": lambda t: decide.after_look(
        deciding(t), Dearer(a_view(t, RequestStatus.PENDING, PurchaseStatus.WAITING), True)
    ),
    "approve, gone": lambda t: decide.after_look(deciding(t), Gone()),
    "approve, too dear": lambda t: decide.after_look(deciding(t), DearerThanAllowed(an_offer(t), t)),
    "approve, moved": lambda t: decide.after_look(deciding(t), Moved()),
    "deny": lambda t: decide.deny_modal(deciding(t)),
    "deny, canned": lambda t: decide.deny_modal(
        replace(deciding(t), canned_reasons=tuple(f"{i} {t}"[:75] for i in range(20)))
    ),
    "reason": lambda t: changing.reason_modal(a_request(typed(t))),
    "reason, changed meanwhile": lambda t: changing.reason_modal(a_request(typed(t)), typed=t),
    "settle, bought": lambda t: decide.settle_modal(a_purchase(t), PurchaseStatus.BOUGHT),
    "settle, not bought": lambda t: decide.settle_modal(a_purchase(t), PurchaseStatus.NOT_BOUGHT),
    "ignore": lambda t: reports.ignore_modal(a_difference(t)),
    "ignore all": lambda _: reports.ignore_all_modal("W1"),
    "nothing to ignore": lambda t: notice("Nothing to ignore", reports.obstacle(Over(a_difference(t)))),
    "form": lambda _: form.search_form(channel="C0NUMBERS"),
    "form, filled": lambda t: form.search_form(
        channel="C0NUMBERS", asked=Search(country="US", city=t[:60].replace("\n", " "))
    ),
    "timeline": lambda t: timeline.timeline_modal(a_timeline(t)),
    "timeline, of others": lambda _: timeline.not_theirs_modal(NotTheirs(not_known=True)),
    "notice": lambda t: notice("Not possible", decide.obstacle(MayNot(t), Answer.DENY)),
}


def a_home(text: str) -> HomeSheet:
    waits = a_view(text, RequestStatus.PENDING, PurchaseStatus.WAITING)
    return HomeSheet(
        approver=True, waiting=(waits,) * 8, more_waiting=192, open=(waits,) * 8, more_open=192,
        recent=(a_view(text),) * 3, numbers=(a_purchase(text, PurchaseStatus.BOUGHT),) * 10,
        more_numbers=190, month="2026-03", workspace=BUDGETS[0], mine=BUDGETS[1],
        events=a_log(text).events[:5],
    )  # fmt: skip


def an_empty_home() -> HomeSheet:
    nothing = Spent("", None)
    return HomeSheet(
        approver=True, waiting=(), more_waiting=0, open=(), more_open=0, recent=(), numbers=(),
        more_numbers=0, month="2026-03", workspace=nothing, mine=nothing, events=(),
    )  # fmt: skip


def _parts(thing: Any) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        yield thing
        for value in thing.values():
            yield from _parts(value)
    elif isinstance(thing, list):
        for item in thing:
            yield from _parts(item)


def _acts(text: str) -> list[str]:
    """What Slack would read as a mention, a link or a date and is not ours."""
    return re.findall(r"<[^>]*>?", _OURS.sub("", text))


def assert_inert(thing: Block) -> None:
    for part in _parts(thing):
        if part.get("type") == "mrkdwn":
            assert _acts(part["text"]) == []
            assert part["verbatim"], "Slack makes no links of its own"
            assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", part["text"])


def assert_labelled(blocks: list[Block]) -> None:
    buttons = [part for part in _parts(blocks) if part.get("type") == "button"]
    times = Counter(part["text"]["text"] for part in buttons)
    for part in buttons:
        assert times[part["text"]["text"]] == 1 or part.get("accessibility_label")


def assert_good_message(built: Block) -> None:
    assert built["text"].strip()
    assert len(built["text"]) <= 4000
    assert _acts(built["text"]) == []
    assert check_blocks(built["blocks"]) == []
    assert not too_much_text(built["blocks"])
    assert_inert(built)
    assert_labelled(built["blocks"])


@pytest.mark.parametrize("name", list(MESSAGES))
@settings(max_examples=12, deadline=None)
@given(text=NASTY)
def test_every_message_is_one_that_slack_takes_and_nothing_in_it_acts(name: str, text: str) -> None:
    assert_good_message(MESSAGES[name](text))


@pytest.mark.parametrize("kind", ["request", "approval"])
@pytest.mark.parametrize("request_status", list(RequestStatus))
@pytest.mark.parametrize("status", list(PurchaseStatus))
@settings(max_examples=2, deadline=None)
@given(text=NASTY)
def test_every_card_is_one_that_slack_takes_and_nothing_in_it_acts(
    status: PurchaseStatus, request_status: RequestStatus, kind: str, text: str
) -> None:
    view = a_view(text, request_status, status)
    assert_good_message(cards.card(view, kind=kind, pinged=PEOPLE, problem=text))


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", list(PurchaseStatus))
@settings(max_examples=2, deadline=None)
@given(text=NASTY)
def test_every_direct_message_is_one_that_slack_takes(status: PurchaseStatus, event: str, text: str) -> None:
    assert_good_message(direct.direct(a_view(text, purchase=status), event, "U0BEA"))


@pytest.mark.parametrize("event", NOTES)
@settings(max_examples=12, deadline=None)
@given(text=NASTY)
def test_every_word_to_the_approvers_is_one_that_slack_takes(event: str, text: str) -> None:
    view = a_view(text, RequestStatus.PENDING, PurchaseStatus.WAITING)
    approvals = a_policy(text).approvals
    assert_good_message(threads.thread(view, event, approvals))
    assert_good_message(direct.direct(view, event, "U0ANA"))


@pytest.mark.parametrize("name", list(MODALS))
@settings(max_examples=12, deadline=None)
@given(text=NASTY)
def test_every_modal_is_one_that_slack_takes_and_nothing_in_it_acts(name: str, text: str) -> None:
    built = MODALS[name](text)
    assert check_view(built) == []
    for key in ("title", "submit", "close"):
        assert len(built.get(key, {"text": ""})["text"]) <= 24
    assert_inert(built)
    assert_labelled(built["blocks"])
    for part in _parts(built):
        if "initial_value" in part:
            assert len(part["initial_value"]) <= part["max_length"]


def test_only_ampersands_and_only_blanks_are_taken_too() -> None:
    for text in ("&" * 10_000, "\n" * 1_000, "\u200b"):
        assert_good_message(cards.card(a_view(text), kind="request", problem=text))
        assert_good_message(MESSAGES["not understood"](text))
        assert_good_message(MESSAGES["not understood, with a proposal"](text))


@pytest.mark.parametrize("build", [a_home, lambda _: an_empty_home()])
@settings(max_examples=12, deadline=None)
@given(text=NASTY)
def test_the_home_tab_is_one_that_slack_takes(build: Callable[[str], HomeSheet], text: str) -> None:
    built = home.home_view(build(text))
    assert check_view(built, "home") == []
    assert_inert(built)
    assert_labelled(built["blocks"])


@settings(max_examples=12, deadline=None)
@given(text=NASTY)
def test_what_stands_below_the_choice_of_a_person_fits(text: str) -> None:
    below = refusals.not_for_them(for_them(text))
    assert below is not None and below.startswith("It cannot be for ") and len(below) <= 1000
    assert "1 approver would be left" in (
        refusals.not_for_them(OutOfReach(replace(REACH, able=("U0A",)))) or ""
    )
    assert refusals.not_for_them(OutOfReach(replace(REACH, chosen=False))) is None


def test_what_too_few_can_approve_says_who_and_what_to_do() -> None:
    said = refusals.out_of_reach(Unreachable("two", 2, ("U0OTTO",), ("U0ANA",), ("U0GUS",), chosen=False))
    assert said.startswith("This needs 2 approvals (rule “two”), and only <@U0OTTO> could approve it")
    assert "<@U0ANA> cannot: nobody approves what they ask for" in said
    assert "<@U0GUS> cannot: guests" in said and said.endswith("names more approvers.")
    assert "only nobody" not in refusals.out_of_reach(replace(REACH, able=()))

"""A list of requests: a line each, a button to all that happened, and pages by key."""

from decimal import Decimal

from bot.model.money import format_usd
from bot.usecases.look_up import RequestsPage, RequestView, Which
from handlers.ui.audit import NOT_KNOWN
from handlers.ui.blocks import Block, actions, button, context, message, section
from handlers.ui.cards import headline, numbers, timeline_button
from handlers.ui.text import count, user, when

_TITLES = {Which.MINE: "Your requests", Which.OPEN: "Requests that wait", Which.ALL: "All requests"}
_OWN_TITLES = _TITLES | {Which.OPEN: "Your requests that wait", Which.ALL: "Your requests"}
_SHOW = {Which.MINE: "Mine", Which.OPEN: "Open", Which.ALL: "All"}
_EMPTY = {
    Which.MINE: "You have made no requests yet. Find a number with `/number search US local 415`.",
    Which.OPEN: "Nothing waits for a decision.",
    Which.ALL: "There are no requests yet. Find a number with `/number search US local 415`.",
}
ONLY_OWN = "These are your own: approvers see everybody's."


def requests_page(page: RequestsPage) -> Block:
    """A page of requests, the newest first."""
    title = (_TITLES if page.may_see_all else _OWN_TITLES)[page.which]
    remark = _remark(page)
    if not page.views:
        text = " ".join(filter(None, (_EMPTY[page.which], remark)))
        return message(f"{title}: {text}", [section(f"*{title}*\n{text}"), actions(*_turns(page))])
    blocks = [section(f"*{title}*, the newest first")]
    blocks += [section(request_line(view, page), timeline_button(view)) for view in page.views]
    if remark:
        blocks.append(context(remark))
    blocks.append(actions(*_turns(page)))
    spoken = "; ".join(f"{headline(view)}: {numbers(view)}" for view in page.views)
    return message(f"{title}, {count(len(page.views), 'line')}. {spoken}", blocks)


def request_line(view: RequestView, page: RequestsPage) -> str:
    """How it stands, the number, for whom, when, what it costs, and how many approvals there are."""
    request = view.request
    end = [request.id, *_link(view, approver=page.may_see_all)]
    return "\n".join([f"*{headline(view)}* · {numbers(view)}", " · ".join([*summary(view), *end])])


def summary(view: RequestView) -> list[str]:
    """For whom, when, what it costs, and how many approvals there are."""
    request = view.request
    asker = f", asked by {user(request.requester)}" if request.on_behalf_of else ""
    parts = [f"for {user(request.parties[-1])}{asker}", when(request.created_at), _amount(view)]
    if request.approvals_needed:
        given = request.approvals_given
        parts.append(f"{given} of {count(request.approvals_needed, 'approval')}")
    return parts


def _amount(view: RequestView) -> str:
    monthly = sum((p.monthly for p in view.purchases), Decimal(0))
    setup = sum((p.setup for p in view.purchases), Decimal(0))
    return f"{format_usd(monthly)}/month + {format_usd(setup)} set-up"


def _link(view: RequestView, *, approver: bool) -> list[str]:
    """The message about it, if Slack gave a link: for those who decide, the one where it is decided."""
    kinds = ("approval", "request") if approver else ("request",)
    links = (view.cards[kind].permalink for kind in kinds if kind in view.cards)
    return [f"<{link}|message>" for link in links if link][:1]


def _remark(page: RequestsPage) -> str:
    if page.may_see_all or page.which is Which.MINE:
        return ""
    return NOT_KNOWN if page.not_known else ONLY_OWN


def _turns(page: RequestsPage) -> list[Block]:
    older = []
    if page.older_than:
        older = [button("Older", "requests_older", f"{page.which} {page.older_than}", label="Older requests")]
    return older + [
        button(text, f"requests_show:{which}", which, label=_TITLES[which]) for which, text in _SHOW.items()
    ]

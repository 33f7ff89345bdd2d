"""The Home tab: what waits for a person, what they asked for, what they have, what is left of the month."""

from collections.abc import Iterable

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.usecases.home import HomeSheet
from bot.usecases.look_up import RequestView
from handlers.ui.blocks import Block, actions, button, context, divider, section
from handlers.ui.budget import NOT_KNOWN, bar_line, month_name
from handlers.ui.cards import asking, deciding, headline, numbers, timeline_button
from handlers.ui.requests import summary
from handlers.ui.text import count, escape, when
from handlers.ui.timeline import own_step
from storage.purchases import KeptPurchase

_OPEN = "Nothing of yours waits. Press *Find a number* to begin."
_DECIDED = "Nothing waits for you: all is decided."
_NUMBERS = "No number was bought for you yet."
_EVENTS = "Nothing yet. What you do with Numberdesk, and what becomes of it, stands here."


def home_view(sheet: HomeSheet) -> Block:
    """Home for one person; at most 70 of the 100 blocks that Slack takes."""
    parts = (_begin(sheet), _waiting(sheet), _own(sheet), _numbers(sheet), _budget(sheet), _events(sheet))
    blocks = [block for part in parts if part for block in (*part, divider())]
    more = "All requests: `/number requests all` · the log: `/number audit` · more: `/number help`"
    return {"type": "home", "blocks": [*blocks, context(more)]}


def _begin(sheet: HomeSheet) -> list[Block]:
    if sheet.why_not:
        return [section(f"*Numberdesk*\n{escape(sheet.why_not)}")]
    text = "*Numberdesk*\nFind, request and buy phone numbers, here or by `/number` in any channel."
    return [section(text, button("Find a number", "home_search", "home", style="primary"))]


def _waiting(sheet: HomeSheet) -> list[Block]:
    if sheet.not_known:
        later = "so what waits for your decision is not shown. Open Home again later."
        return [_title("Waits for your decision"), section(f"{NOT_KNOWN}, {later}")]
    if not sheet.approver:
        return []
    blocks = [_title("Waits for your decision")]
    for view in sheet.waiting:
        blocks += [section(_line(view)), actions(*deciding(view), timeline_button(view))]
    if not sheet.waiting:
        blocks.append(section(_DECIDED))
    return blocks + _more(sheet.more_waiting, "`/number requests open`")


def _own(sheet: HomeSheet) -> list[Block]:
    blocks = [_title("Your open requests")]
    for view in sheet.open:
        blocks += [section(_line(view)), actions(*asking(view), timeline_button(view))]
    if not sheet.open:
        blocks.append(section("Nothing of yours waits." if sheet.why_not else _OPEN))
    blocks += _more(sheet.more_open, "`/number requests`")
    if sheet.recent:
        blocks.append(_title("Lately"))
        blocks += [section(_line(view), timeline_button(view)) for view in sheet.recent]
    return blocks


def _line(view: RequestView) -> str:
    first = f"*{headline(view)}* · {numbers(view)}"
    return "\n".join([first, " · ".join(summary(view)), *_reason(view)])


def _reason(view: RequestView) -> Iterable[str]:
    said = escape(view.request.reason, 150)
    return [f"“{said}”"] if said else []


def _numbers(sheet: HomeSheet) -> list[Block]:
    lines = [_number(purchase) for purchase in sheet.numbers] or [_NUMBERS]
    return [_title("Your numbers"), *map(section, lines), *_more(sheet.more_numbers, "`/number list`")]


def _number(purchase: KeptPurchase) -> str:
    parts = [f"*{format_number(purchase.number)}*", f"{format_usd(purchase.monthly)}/month"]
    parts.append(f"since {when(purchase.updated_at)}")
    if named := escape(purchase.alias_note or "", 150):
        parts.append(named)
    return " · ".join(parts)


def _budget(sheet: HomeSheet) -> list[Block]:
    mine = [] if sheet.why_not else [f"*You*\n{bar_line(sheet.mine)}"]
    lines = [*mine, f"*The workspace*\n{bar_line(sheet.workspace)}"]
    return [_title(f"Budget for {month_name(sheet.month)} (UTC)"), *map(section, lines)]


def _events(sheet: HomeSheet) -> list[Block]:
    lines = [own_step(logged) for logged in sheet.events] or [_EVENTS]
    whole = button("Open the log", "home_log", "home")
    return [section("*What happened last*", whole), *map(context, lines)]


def _title(text: str) -> Block:
    return section(f"*{text}*")


def _more(number: int, where: str) -> list[Block]:
    return [context(f"and {count(number, 'more', 'more')}: {where}")] if number else []

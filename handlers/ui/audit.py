"""The log in Slack: one line an event, newest first."""

from bot.model.audit import Action, AuditEvent, LoggedEvent, Outcome
from bot.model.numbers import format_number
from bot.usecases.look_up import LogPage
from handlers.ui.blocks import Block, actions, button, context, message, section
from handlers.ui.text import code, count, escape, user, when

MARKS = {
    Outcome.SUCCESS: "done",
    Outcome.DENIED: "*denied*",
    Outcome.FAILURE: "*failed*",
    Outcome.UNKNOWN: "*not known yet*",
}
NOT_KNOWN = "Whether you may see all of it could not be looked up; this is what concerns you."


def log_page(page: LogPage) -> Block:
    """A page of the log; each line reads by itself."""
    asked = f" for {code(page.text)}" if page.text.strip() else ""
    whose = "" if page.all_of_it else " that concern you"
    remark = f" {NOT_KNOWN}" if page.not_known else ""
    if not page.events:
        return message(f"No events found.{remark}", [section(f"No events{whose} found{asked}.{remark}")])
    title = f"The newest events{whose}{asked}"
    blocks = [section(f"*{title}*")]
    if page.not_known:
        blocks.append(section(NOT_KNOWN))
    blocks += [section(_line(event)) for event in page.events]
    if page.older is not None:
        blocks.append(actions(button("Older", "audit_older", f"{page.older} {page.text}"[:2000])))
    blocks.append(context(f"{count(len(page.events), 'event')} · the newest first · reading is logged too"))
    return message(f"{title}: {count(len(page.events), 'event')}.{remark}", blocks)


def _line(logged: LoggedEvent) -> str:
    event = logged.event
    parts = [f"{when(logged.at)} {user(event.actor.id)} `{event.action}` {MARKS[event.outcome]}"]
    if event.number:
        parts.append(format_number(event.number))
    if event.on_behalf_of:
        parts.append(f"for {user(event.on_behalf_of)}")
    if event.request_id:
        parts.append(event.request_id)
    if event.reason:
        parts.append(f"“{escape(event.reason, 200)}”")
    elif searched := _search(event):
        parts.append(code(searched, 200))
    return " · ".join(parts)


def _search(event: AuditEvent) -> str:
    """What was searched for, as it may be typed again."""
    if event.action in (Action.SEARCH_PERFORMED, Action.SEARCH_SHARED):
        return str(event.changes.get("search", ""))
    return ""

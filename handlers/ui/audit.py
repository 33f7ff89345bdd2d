"""The log in Slack: one line an event, newest first; one event with everything; counts with bars."""

import json
from collections.abc import Iterator

from bot.model.audit import Action, AuditEvent, LoggedEvent, Outcome
from bot.model.audit_words import By
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.usecases.export_log import ExportComing
from bot.usecases.read_log import Cursor, EventView, LogCounts, LogPage, NoSuchEvent
from handlers.ui.blocks import Block, actions, button, context, facts, message, modal, section, words
from handlers.ui.budget import bar, month_name
from handlers.ui.text import clean, code, count, escape, user, when
from storage.audit_search import Counted

MARKS = {
    Outcome.SUCCESS: "done",
    Outcome.DENIED: "*denied*",
    Outcome.FAILURE: "*failed*",
    Outcome.UNKNOWN: "*not known yet*",
}
NOT_KNOWN = "Whether you may see all of it could not be looked up; this is what concerns you."
MOST_LINES = 20
"""Lines of counts; the rest is summed up in words."""
BLOCK_TEXT = 2900


def log_page(page: LogPage) -> Block:
    """A page of the log; each line reads by itself."""
    asked = f" for {code(page.text)}" if page.text.strip() else ""
    whose = "" if page.all_of_it else " that concern you"
    remark = f" {NOT_KNOWN}" if page.not_known else ""
    if not page.events:
        none = section(f"No events{whose} found{asked}.{remark}")
        return message(f"No events found.{remark}", [none, *_turns(page)])
    title = f"{'Events' if page.newer else 'The newest events'}{whose}{asked}"
    blocks = [section(f"*{title}*")]
    if page.not_known:
        blocks.append(section(NOT_KNOWN))
    blocks += [section(_line(event), _details(event)) for event in page.events]
    blocks += _turns(page)
    blocks.append(context(f"{count(len(page.events), 'event')} · the newest first · reading is logged too"))
    return message(f"{title}: {count(len(page.events), 'event')}.{remark}", blocks)


def _details(logged: LoggedEvent) -> Block:
    label = f"Details of event {logged.seq}, {logged.event.action}"
    return button("Details", "audit_event", logged.id, label=label)


def _turns(page: LogPage) -> list[Block]:
    def to(at: Cursor) -> str:
        return f"{at.token()} {page.text}"[:2000]

    turns = [button("Newer", "audit_newer", to(page.newer))] if page.newer else []
    turns += [button("Older", "audit_older", to(page.older))] if page.older else []
    return [actions(*turns)] if turns else []


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


def event_modal(view: EventView) -> Block:
    """All that the log holds of one event, and what of it was erased."""
    logged = view.logged
    event = logged.event
    blocks = [
        section(f"*Event {logged.seq:,}* · `{event.action}` {MARKS[event.outcome]}"),
        facts(_facts(logged)),
        *_texts(logged),
        *_json("Changes", event.changes),
        *_json("Context", event.context),
        section(f"*Id*\n{code(logged.id)}\n*Hash*\n{code(logged.hash)}"),
        section(f"*Previous hash*\n{code(view.previous_hash)}"),
        context("`audit prove` in the shell proves one event by its id · reading is logged too"),
    ]  # fmt: skip
    return modal("Event", blocks, callback_id="audit_event", close="Close")


def _facts(logged: LoggedEvent) -> Iterator[tuple[str, str]]:
    event = logged.event
    yield "When", f"{when(logged.at)}\n{logged.at:%Y-%m-%d %H:%M:%S.%f} UTC"
    yield "Who", f"{user(event.actor.id)} ({event.actor.type})"
    yield "Account", escape(event.account) or "none"
    optional = (
        ("For", event.on_behalf_of and user(event.on_behalf_of)),
        ("Request", event.request_id and escape(event.request_id)),
        ("Purchase", event.purchase_id and escape(event.purchase_id)),
        ("Number", event.number and format_number(event.number)),
        ("Country", event.country and escape(event.country)),
        ("Cost", None if event.cost is None else format_usd(event.cost)),
    )
    yield from ((name, shown) for name, shown in optional if shown)


def _texts(logged: LoggedEvent) -> Iterator[Block]:
    """The reason as it was written; what was erased says so."""
    if logged.event.reason and "reason" not in logged.erased:
        yield section("*Reason*")
        yield words(clean(logged.event.reason, BLOCK_TEXT) or "(blank)")
    if logged.erased:
        names = ", ".join(code(name) for name in logged.erased)
        yield section(f"Erased on request: {names}. The log still proves that something stood there.")


def _json(title: str, values: dict[str, object]) -> Iterator[Block]:
    if values:
        shown = json.dumps(values, ensure_ascii=False, sort_keys=True, indent=1, default=str)
        yield section(f"*{title}*")
        yield words(clean(shown, BLOCK_TEXT))


def no_event(outcome: NoSuchEvent) -> str:
    """Why an event is not shown."""
    remark = " Whether you may see all of the log could not be looked up." if outcome.not_known else ""
    return f"There is no such event, or it does not concern you: auditors see all of them.{remark}"


def counts(found: LogCounts) -> Block:
    """How many events and what was bought, by one thing: a bar and the same in words, a line each."""
    asked = f" for {code(found.text)}" if found.text.strip() else ""
    whose = "" if found.all_of_it else " that concern you"
    remark = [context(NOT_KNOWN)] if found.not_known else []
    total = sum(one.events for one in found.counted)
    if not total:
        return message("No events found.", [section(f"No events{whose} found{asked}."), *remark])
    spent = format_usd(sum((one.spent for one in found.counted), start=found.counted[0].spent * 0))
    summary = f"{count(total, 'event')}{whose} by {found.by}, {spent} bought"
    lines = [_counted(found, one, total) for one in found.counted[-MOST_LINES:]]
    if found.by is not By.MONTH:
        lines = [_counted(found, one, total) for one in found.counted[:MOST_LINES]]
    more = len(found.counted) - len(lines)
    blocks = [
        section(f"*{summary}*{asked}"),
        *(section("\n".join(lines[i : i + 10])) for i in range(0, len(lines), 10)),
    ]
    blocks += [context(f"and {count(more, 'more', 'more')}")] if more else []
    what = (
        "Bought: set-up fee and first month of each purchase, once · months are UTC · reading is logged too"
    )
    return message(f"{summary}.", [*blocks, *remark, context(what)])


def _counted(found: LogCounts, one: Counted, total: int) -> str:
    percent = one.events * 100 // total
    bought = f", {format_usd(one.spent)} bought" if one.spent else ""
    words_ = f"{_name(found, one.name)}: {one.events:,} of {count(total, 'event')}, {percent}%{bought}"
    return f"{bar(percent, some=True)} {words_}"


def _name(found: LogCounts, name: str | None) -> str:
    if name is None:
        return "none"
    return month_name(name) if found.by is By.MONTH else escape(found.names.get(name, name), 60)


def coming(outcome: ExportComing) -> Block:
    """That the file is on its way, and where to."""
    whose = "" if outcome.all_of_it else " that concern you"
    remark = f" {NOT_KNOWN}" if outcome.not_known else ""
    late = " That takes a while; you need not wait here." if outcome.takes_a_while else ""
    text = (
        f"{count(outcome.events, 'event')}{whose} will come to you as a direct message,"
        f" in a {outcome.format} file."
        f"{late}{remark} The export is logged."
    )
    return message(text, [section(text)])


def file_comment(events: int, query: str, *, all_of_it: bool) -> str:
    """What stands above the file."""
    asked = f" for {code(query)}" if query.strip() else ""
    whose = "" if all_of_it else " that concern you"
    return f"The log you asked for: {count(events, 'event')}{whose}{asked}."


def not_sent(why: str) -> Block:
    """That no file comes, why, and what to do."""
    if why == "missing_scope":
        text = (
            "The file cannot be sent: the app may not send files in Slack. Ask who keeps Numberdesk to add"
            " the scope `files:write`."
        )
    elif why == "query_not_understood":
        text = (
            "The file cannot be made: what you asked for is not understood any more, perhaps because a name"
            " in it has changed. Ask for it again."
        )
    elif why == "file_not_written":
        text = (
            "The file cannot be made: Numberdesk's machine could not write it, perhaps because its disk is"
            " full. Tell who keeps Numberdesk, and ask for it again later."
        )
    elif why == "log_not_readable":
        text = (
            "The file cannot be made: an event of the log cannot be read any more, so somebody may have"
            " changed it. Tell who keeps Numberdesk: `python -m bot audit verify` names it."
        )
    else:
        text = f"The file could not be sent: Slack said {code(why, 60)}. Ask for it again later."
    return message(text, [section(text)])

"""The log in Slack: its pages, one event in a modal, counts, and the file that comes as a direct message."""

from slack_bolt import App

from bot.model.audit_words import AuditWords, CountLog, ReadLog, TakeLog
from bot.model.errors import NotUnderstood
from bot.model.request import Person
from bot.usecases.export_log import request_export
from bot.usecases.read_log import EventView, count_log, cursor, read_event, read_log
from handlers import clicks
from handlers.clicks import Clicks, open_view, value
from handlers.errand import Reply
from handlers.parts import Body, Parts, who_acts
from handlers.ui import audit
from handlers.ui import help as helps
from handlers.ui.blocks import Block, notice


def register(app: App, parts: Parts) -> None:
    clicks.listen(app, parts, CLICKS)


def ask(parts: Parts, person: Person, words: AuditWords, reply: Reply) -> None:
    """Answers what was typed behind `/number audit`."""
    try:
        reply.say(_answer(parts, person, words))
    except NotUnderstood as problem:
        reply.say(helps.not_understood(problem, "audit"))


def _answer(parts: Parts, person: Person, words: AuditWords) -> Block:
    match words:
        case ReadLog(query):
            return audit.log_page(read_log(parts.desk, person, query))
        case CountLog(query, by):
            return audit.counts(count_log(parts.desk, person, query, by))
        case TakeLog(query, kind):
            return audit.coming(request_export(parts.desk, person, query, kind))


def turn(parts: Parts, body: Body, reply: Reply) -> None:
    """Another page of the log, in the same message."""
    token, _, query = value(body).partition(" ")
    reply.say(audit.log_page(read_log(parts.desk, who_acts(body), query, at=cursor(token))), replace=True)


def details(parts: Parts, body: Body, _: Reply) -> None:
    """Opens one event with everything."""
    found = read_event(parts.desk, who_acts(body), value(body))
    if isinstance(found, EventView):
        open_view(parts, body, audit.event_modal(found))
    else:
        open_view(parts, body, notice("No such event", audit.no_event(found)))


def begin(parts: Parts, body: Body, reply: Reply) -> None:
    """The log's first page, from Home: as a direct message, since Home has no channel."""
    ask(parts, who_acts(body), ReadLog(""), reply)


CLICKS: Clicks = {
    "audit_older": turn,
    "audit_newer": turn,
    "audit_event": details,
    "home_log": begin,
}

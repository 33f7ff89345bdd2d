"""The job that tells of what the daily sweep has found, and the buttons on its message."""

import json
from functools import partial

import structlog
from slack_bolt import Ack, App

from bot.usecases.adopt import (
    Adopted,
    Ignored,
    IgnoredAll,
    MayIgnore,
    adopt,
    adopt_all,
    consider_ignoring,
    ignore,
    ignore_all,
)
from bot.usecases.judge import NotLookedUp
from bot.usecases.report import ReportView, keep_place, places, view_report
from handlers import clicks, forms
from handlers.clicks import Clicks, open_view, value
from handlers.errand import Reply, start
from handlers.forms import Submissions, come_again, complain, inputs_of, tell, unsaid
from handlers.parts import Body, Parts, Recipient, who_acts
from handlers.post import Impossible, Posted, SlowDown, redraw
from handlers.turns import Turns
from handlers.ui import reports as ui
from handlers.ui.blocks import notice
from storage.jobs import Job, Later

log = structlog.get_logger(__name__)

DELETED = frozenset({"message_not_found"})
NO_PLACE = "The policy names no channel for approvals, and nobody who is pinged."


def register(app: App, parts: Parts) -> None:
    clicks.listen(app, parts, CLICKS)
    forms.listen(app, parts, SUBMISSIONS)


def draw(parts: Parts, job: Job) -> Later | None:
    """Posts a report, or draws it anew; when to try again, or None when all is said.

    Posted once: where it cannot be, that is noted, and the next sweep tries again. Slack down: raises, and
    the worker tries again.
    """
    seen = view_report(parts.desk, job.subject)
    if seen is None or (seen.report.ts is None and not seen.open):
        return None
    turns = Turns(parts, job)
    try:
        if seen.report.ts is None or not _again(parts, seen, seen.report.ts):
            _first(parts, turns, seen)
    except SlowDown as problem:
        return turns.later(problem.seconds)
    return None


def _again(parts: Parts, seen: ReportView, ts: str) -> bool:
    """Draws a report that is there; False if it was deleted and has to be posted again."""
    try:
        redraw(parts.slack, parts.redraws, Posted(str(seen.report.channel), ts), ui.report(seen))
    except Impossible as problem:
        log.warning("a report could not be redrawn", report=seen.report.id, why=problem.why)
        return problem.why not in DELETED or not seen.open
    return True


def _first(parts: Parts, turns: Turns, seen: ReportView) -> None:
    """Posts a report in the first place that takes it."""
    why = NO_PLACE
    for place in places(parts.desk, seen.report):
        try:
            posted = turns.post(place, ui.report(seen))
        except Impossible as problem:
            why = problem.why
        else:
            keep_place(parts.desk, seen.report.id, channel=posted.channel, ts=posted.ts, problem=None)
            return
    log.warning("a report could not be posted", report=seen.report.id, why=why)
    keep_place(parts.desk, seen.report.id, channel=None, ts=None, problem=why)


def take_over(parts: Parts, body: Body, reply: Reply) -> None:
    """Adopts one number; the message itself says that it is done."""
    outcome = adopt(parts.desk, who_acts(body), value(body))
    reply.say_text(ui.adopted(outcome) if isinstance(outcome, Adopted) else ui.obstacle(outcome))


def take_all_over(parts: Parts, body: Body, reply: Reply) -> None:
    outcome = adopt_all(parts.desk, who_acts(body), value(body))
    reply.say_text(ui.adopted(outcome) if isinstance(outcome, Adopted) else ui.obstacle(outcome))


def ask_why(parts: Parts, body: Body, _: Reply) -> None:
    """Opens what somebody gives a reason with, or says why they cannot."""
    seen = consider_ignoring(parts.desk, who_acts(body), value(body))
    if isinstance(seen, MayIgnore):
        open_view(parts, body, ui.ignore_modal(seen.difference))
    else:
        open_view(parts, body, notice("Nothing to ignore", ui.obstacle(seen)))


def ask_why_all(parts: Parts, body: Body, _: Reply) -> None:
    open_view(parts, body, ui.ignore_all_modal(value(body)))


def reason(parts: Parts, ack: Ack, body: Body) -> None:
    """Why a difference is none: of one at once, of a whole report outside of the ack."""
    asked, inputs = json.loads(body["view"]["private_metadata"]), inputs_of(body["view"])
    if unsaid(ack, inputs, "reason"):
        return
    why = inputs.get("reason") or ""
    if "report" in asked:
        _ignore_all(parts, ack, body, asked["report"], why)
    else:
        _ignore(parts, ack, body, asked["difference"], why)


def _ignore(parts: Parts, ack: Ack, body: Body, difference_id: str, why: str) -> None:
    person = who_acts(body)
    outcome = ignore(parts.desk, person, difference_id, reason=why)
    if isinstance(outcome, Ignored):
        ack()
    elif isinstance(outcome, NotLookedUp):
        come_again(parts, ack, person, outcome, "reason")
    else:
        tell(ack, "Nothing was ignored", ui.obstacle(outcome))


def _ignore_all(parts: Parts, ack: Ack, body: Body, report_id: str, why: str) -> None:
    user = who_acts(body).user
    if start(parts, Reply(parts, Recipient(user, user)), partial(_all, parts, body, report_id, why)):
        ack()
    else:
        complain(ack, "reason", "Numberdesk is busy. Please try again in a minute.")


def _all(parts: Parts, body: Body, report_id: str, why: str, reply: Reply) -> None:
    outcome = ignore_all(parts.desk, who_acts(body), report_id, reason=why)
    reply.say_text(ui.ignored(outcome) if isinstance(outcome, IgnoredAll) else ui.obstacle(outcome))


CLICKS: Clicks = {
    "sweep_adopt": take_over,
    "sweep_adopt_all": take_all_over,
    "sweep_ignore": ask_why,
    "sweep_ignore_all": ask_why_all,
}
SUBMISSIONS: Submissions = {ui.IGNORE: reason}

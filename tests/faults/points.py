"""Every point at which the program can die, by name, and the scenes in which it is made to.

A commit is named by the function that makes it and a call by what is called; around each lie two points,
before and after. `doomed.py` meets these names at run time, `test_points.py` finds them in the code: a commit
or a call that has no line here fails the tests. docs/crash-points.md shows the same tables to readers.
"""

import sys
from collections.abc import Iterator, Mapping

COMMITS: Mapping[str, str] = {
    # people
    "usecases.submit._once": "a request with its purchase, budget, log line and jobs",
    "usecases.decide.consider": "an approver looks at a request; who may not is logged",
    "usecases.decide._once": "a yes or a no, and what follows from it",
    "usecases.change_reason.consider_changing": "somebody looks at a reason to change it",
    "usecases.change_reason.change_reason": "a better reason",
    "usecases.extend.extend": "more time",
    "usecases.cancel._once": "a request is taken back",
    "usecases.settle_by_hand._obstacle": "somebody looks at a purchase to settle it",
    "usecases.settle_by_hand.settle_by_hand": "a person's word on an unclear purchase",
    # money
    "usecases.buy._intend": "the intent: from here on the call may be made, once",
    "usecases.buy._write_once": "what the answer to the call means",
    "usecases.buy._postpone_call": "the call surely did not leave: queued again",
    "usecases.buy._put_off": "the provider, or Slack, could not be asked before the call: later",
    "usecases.buy._end": "a clear no before the call",
    "usecases.settle._admit": "the watchdog: nobody wrote down an answer",
    "usecases.settle._there": "the provider lists the number",
    "usecases.settle._not_there": "the provider does not list it",
    "usecases.settle._no_answer": "the provider could not be asked",
    "usecases.reprice._ask_again": "the price rose: back to the approvers",
    "usecases.reprice._raise_price": "the price rose before an approver looked: a new round",
    "usecases.reprice.reprice": "the new price is not allowed: a clear no",
    "usecases.name._note": "what became of the number's name",
    # time
    "usecases.deadlines.remind": "a reminder",
    "usecases.deadlines.escalate": "an escalation",
    "usecases.deadlines.expire": "the end of a request's time",
    # Slack
    "usecases.directory.Directory.refresh": "who somebody is, as Slack said",
    "usecases.home.touch_homes": "Homes that a change concerns are drawn again",
    "usecases.turns.take_turn": "a channel's turn is taken",
    "usecases.look_up.keep_card": "where a card was posted",
    "usecases.look_up.keep_unposted": "the approvers' card cannot be posted: each is told directly",
    "usecases.look_up.tell_pinged": "the same later, of what happened to the request",
    # the worker
    "worker.Worker._claim": "a job is taken",
    "worker.Worker._run": "a job is done, or due again",
}
"""Commits on the way from a confirmation to the last message about it, and what each of them writes."""

ELSEWHERE: Mapping[str, str] = {
    "usecases.search.search_for": "a search is logged",
    "usecases.search._keep": "its offers are kept",
    "usecases.search._keep_more": "more of them",
    "usecases.search._page": "a page of them is looked up",
    "usecases.search.share": "a search is shared",
    "usecases.preview.preview": "who may not buy is logged",
    "usecases.preview.preview_break_glass": "who may not buy without approval is logged",
    "usecases.submit._over_budget": "a request that was too dear is logged",
    "usecases.settle_by_hand._log_denied": "that somebody could not settle a purchase is logged",
    "usecases.read_log.read_log": "who read the log",
    "usecases.read_log.read_event": "who read one event of the log",
    "usecases.read_log.count_log": "who counted the log's events",
    "usecases.export_log.request_export": "a file with the log is asked for",
    "usecases.export_log.log_export": "the file is about to be handed out",
    "usecases.read_log.log_reading": "an operator read the log",
    "usecases.budget.budget_sheet": "who read the budget",
    "usecases.home.open_home": "who opened their Home",
    "usecases.home.drawing": "a Home is about to be drawn",
    "usecases.sweep.seed": "the daily sweep is armed",
    "usecases.sweep.sweep": "what the sweep found; the next one finds it again",
    "usecases.sweep._settle": "the sweep found that a purchase was bought; the next one does as well",
    "usecases.sweep._log_no_result": "the provider could not be asked for its list",
    "usecases.sweep.holding.keep": "the sweep is still at work",
    "usecases.report.keep_place": "where the report of a sweep was posted",
    "usecases.adopt._adopt": "a number that nobody asked for is taken in",
    "usecases.adopt._adopt_these": "several of them",
    "usecases.adopt._all_open": "who may not take them in is logged",
    "usecases.adopt.consider_ignoring": "somebody looks at a difference to leave it",
    "usecases.adopt.ignore": "a difference is left as it is, with a reason",
    "usecases.adopt.reopen": "an operator takes that back",
    "usecases.archive._let_go": "old events may go: a file with them was verified, and is recorded",
    "usecases.archive._remove": "some of them are deleted; a second run finds the rest",
    "usecases.archive._log_failure": "old events could not be archived; the next day tries again",
    "usecases.verified._log": "an operator verified the log",
    "usecases.attempt.attempt": "an operator tried something with the log, and could not",
    "usecases.prove._log": "an operator took away the proof of an event, or there was none",
    "usecases.erase._erase": "what somebody wrote is taken out of the log",
    "usecases.erase._log_files": "it is taken out of the files beside archives as well",
    "usecases.erase._log_nothing": "nothing was found to take out",
    "usecases.erase._log_failure": "nothing could be taken out",
    "usecases.export_log.log_no_export": "who asked for a file gets none",
    "usecases.look_up.timeline": "who read what happened to a request",
    "usecases.settle_by_hand._not_there": "that there is no such purchase is logged",
    "usecases.settle_by_hand._not_known": "that nobody knows whether they may settle it is logged",
    "usecases.audit_export._log": "the log was taken away",
    "usecases.checkpoint._record": "a checkpoint was told; without this line it is told again",
    "usecases.lifecycle.arm": "what is done again and again is armed",
    "usecases.lifecycle.Lifecycle.started": "the program started",
    "usecases.lifecycle.Lifecycle.stopped": "the program stopped",
    "usecases.turns.hold": "Slack asks for a pause in a channel",
}
"""Commits beside the way: nothing is bought, promised or told after them that they could lose."""

CALLS: Mapping[str, str] = {
    "the provider's GET Number/N": "is the number ours?",
    "the provider's GET PhoneNumber": "is it still there, at this price?",
    "the provider's POST PhoneNumber/N": "the one call that costs money",
    "the provider's POST Number/N": "the number gets its name",
    "Slack's chat.postMessage": "a card, a reply or a direct message",
    "Slack's chat.update": "a card is drawn anew",
    "Slack's chat.getPermalink": "a link to a card",
    "Slack's views.open": "a form opens",
    "Slack's views.update": "a form shows the price of today",
    "Slack's users.info": "who is this?",
    "Slack's usergroups.users.list": "who is in this group?",
    "a response_url": "an answer where somebody clicked",
}
"""Calls over the network on that way."""

CALLS_ELSEWHERE: Mapping[str, str] = {
    "Slack's auth.test": "whose workspace is this? Asked at every start",
    "Slack's chat.postEphemeral": "an answer where a response_url failed",
    "Slack's usergroups.list": "what a group is called",
    "the provider's GET Number": "what the account holds, for the daily sweep",
    "the provider's GET Application": "the list of applications for a form",
    "the provider's GET Subaccount": "the list of subaccounts for a form",
    "Slack's views.publish": "a Home is drawn",
}
"""Calls beside it."""

_BUY = (
    "the commit of worker.Worker._claim (buy)",
    "the provider's GET Number/N (buy)",
    "the provider's GET PhoneNumber (buy)",
    "the commit of usecases.buy._intend",
    "the provider's POST PhoneNumber/N (buy)",
)
_ANSWER = ("the commit of usecases.buy._write_once",)
_SETTLE = (
    "the commit of worker.Worker._claim (settle)",
    "the provider's GET Number/N (settle)",
    "the commit of worker.Worker._run (settle)",
)
_CARD = (
    "the commit of worker.Worker._claim (render)",
    "the commit of usecases.home.touch_homes",
    "the commit of usecases.turns.take_turn",
    "Slack's chat.postMessage (render)",
    "Slack's chat.getPermalink (render)",
    "the commit of usecases.look_up.keep_card",
    "the commit of worker.Worker._run (render)",
)
_TOLD = (
    "the commit of worker.Worker._claim (dm)",
    "Slack's chat.postMessage (dm)",
    "the commit of worker.Worker._run (dm)",
)
_SUBMIT = ("the commit of usecases.submit._once",)

PLAYS: Mapping[str, tuple[str, ...]] = {
    "bought_at_once": (
        *_SUBMIT, *_BUY, *_ANSWER, *_CARD,
        "the commit of worker.Worker._claim (alias)",
        "the provider's POST Number/N (alias)",
        "the commit of usecases.name._note",
        "the commit of worker.Worker._run (alias)",
    ),
    "approved": (
        *_SUBMIT,
        "the commit of usecases.decide.consider",
        "Slack's views.open",
        "the provider's GET PhoneNumber",
        "Slack's views.update",
        "the commit of usecases.decide._once",
        *_BUY, *_ANSWER, *_CARD,
        "Slack's chat.update (render)",
        *_TOLD,
    ),
    "denied": ("the commit of usecases.decide._once", *_TOLD),
    "answer_lost": (*_BUY[-2:], "the commit of usecases.settle._there", *_SETTLE, *_ANSWER, *_TOLD),
    "call_lost": (*_BUY[-2:], "the commit of usecases.settle._not_there", *_SETTLE, *_ANSWER, *_TOLD),
    "told_to_wait": (*_BUY[-2:], "the commit of usecases.buy._postpone_call", *_ANSWER),
    "refused": (*_BUY[-2:], *_ANSWER, *_TOLD),
    "gone": ("the commit of usecases.buy._end", *_TOLD),
    "asked_later": ("the commit of usecases.buy._put_off", *_BUY[-2:], *_ANSWER),
    "dearer": (
        "the commit of usecases.reprice._ask_again",
        "the commit of usecases.decide._once",
        *_BUY[-2:], *_ANSWER,
    ),
    "dearer_at_the_look": (
        "the commit of usecases.reprice._raise_price",
        "Slack's views.update",
        "the commit of worker.Worker._claim (note)",
        "Slack's chat.postMessage (note)",
        "the commit of worker.Worker._run (note)",
    ),
    "too_dear": ("the commit of usecases.reprice.reprice", *_TOLD),
    "taken_back": (
        "the commit of usecases.change_reason.consider_changing",
        "the commit of usecases.change_reason.change_reason",
        "the commit of usecases.extend.extend",
        "a response_url",
        "the commit of usecases.cancel._once",
    ),
    "unposted": (
        "the commit of usecases.look_up.keep_unposted",
        "the commit of usecases.look_up.tell_pinged",
    ),
    "nobody_decided": (
        "the commit of worker.Worker._claim (remind)",
        "the commit of usecases.deadlines.remind",
        "the commit of worker.Worker._run (remind)",
        "the commit of worker.Worker._claim (escalate)",
        "the commit of usecases.deadlines.escalate",
        "the commit of worker.Worker._run (escalate)",
        "the commit of worker.Worker._claim (expire)",
        "the commit of usecases.deadlines.expire",
        "the commit of worker.Worker._run (expire)",
        *_TOLD,
    ),
    "settled_by_hand": (
        "the commit of usecases.settle._admit",
        "the commit of usecases.settle._no_answer",
        "the commit of usecases.settle_by_hand._obstacle",
        "the commit of usecases.settle_by_hand.settle_by_hand",
    ),
    "strangers": (
        "Slack's users.info",
        "Slack's usergroups.users.list (render)",  # whoever draws first has to know who may decide
        "the commit of usecases.directory.Directory.refresh",
    ),
}  # fmt: skip
"""What is passed in each scene, and at which the program is made to die there."""

NO_ANSWER = {
    ("answer_lost", "the provider's POST PhoneNumber/N (buy)"),
    ("call_lost", "the provider's POST PhoneNumber/N (buy)"),
}
"""Calls to which no answer comes: there is no point after them."""


NAMES = {
    *(f"the commit of {name}" for name in (*COMMITS, *ELSEWHERE)),
    *CALLS,
    *CALLS_ELSEWHERE,
}
"""Whatever a point may lie around."""


def deaths() -> Iterator[tuple[str, str]]:
    """Every scene with every point of its own."""
    for scene, passed in PLAYS.items():
        for what in passed:
            yield scene, f"before {what}"
            if (scene, what) not in NO_ANSWER:
                yield scene, f"after {what}"


def plain(point: str) -> str:
    """What a point lies around, without its job's kind."""
    return point.partition(" ")[2].partition(" (")[0]


def table(rows: Mapping[str, str]) -> str:
    """As docs/crash-points.md has it."""
    lines = (f"| `{name}` | {meaning} |" for name, meaning in rows.items())
    return "\n".join(["| Name | What it writes or asks |", "|---|---|", *lines])


if __name__ == "__main__":
    sys.stdout.write("\n\n".join(map(table, (COMMITS, CALLS, ELSEWHERE, CALLS_ELSEWHERE))) + "\n")

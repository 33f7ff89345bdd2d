"""The policy in Slack: its rules, and which of them decides about something, and why not the others."""

from collections.abc import Mapping
from datetime import timedelta

from bot.model.budget import Spent
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.policy import Policy, Rule
from bot.model.rules import Verdict
from bot.usecases.explain import Explained, ExplainedRequest, NotOffered, Rules
from bot.usecases.look_up import NotTheirs
from bot.usecases.preview import Taken
from handlers.ui.blocks import Block, context, message, section
from handlers.ui.budget import NOT_KNOWN, left_line
from handlers.ui.cards import MOST_NAMES, headline, may_still, numbers
from handlers.ui.offers import place, price
from handlers.ui.refusals import over_budget
from handlers.ui.text import count, escape

NOT_THEIRS = "There is no such request that is any of your business. `/number requests` lists yours."
WHY = "`/number policy US local 5.00`, `/number policy +1 415-555-0100`, or a request's id"
MOST_RULES = 30
Names = Mapping[str, str]
"""What people and groups are called, by their ids."""


def policy(shown: Rules) -> Block:
    """The rules in the order in which they decide, and what else holds; nobody in it is pinged."""
    policy, names = shown.policy, shown.names
    if policy is None:
        text = "There is no policy file, so nothing can be bought. Whoever runs this app sets POLICY_FILE."
        return message(text, [section(text)])
    lines = [f"{i}. *{escape(rule.name)}*: {_rule(rule, names)}" for i, rule in enumerate(policy.rules, 1)]
    blocks = [section("*The rules; the first that matches decides*")]
    blocks += [section(line) for line in lines[:MOST_RULES]]
    if len(lines) > MOST_RULES:
        blocks.append(context(f"… and {count(len(lines) - MOST_RULES, 'further rule')}"))
    blocks += [context(line) for line in _besides(policy, names)]
    blocks.append(
        context("Why? `/number policy US local 5.00`, `/number policy +1 415-555-0100`, or a request's id")
    )
    return message("The rules for buying numbers", blocks)


def _rule(rule: Rule, names: Names) -> str:
    conditions = [
        ", ".join(rule.countries or ()) or "any country",
        ", ".join(rule.types or ()) or "any type",
    ]
    if rule.min_monthly is not None:
        conditions.append(f"from {format_usd(rule.min_monthly)}/month")
    if rule.max_monthly is not None:
        conditions.append(f"up to {format_usd(rule.max_monthly)}/month")
    if rule.requesters is not None:
        conditions.append(f"asked by {_people(rule.requesters, names)}")
    return f"{'; '.join(conditions)} → {_end(rule)}"


def _end(rule: Rule) -> str:
    if rule.deny is not None:
        return f"refused: {escape(rule.deny)}"
    if not rule.approvals:
        return "the requester's confirmation is enough"
    typed = ", with the number's last digits typed" if rule.confirm_by_typing else ""
    return f"needs {count(rule.approvals, 'approval')}{typed}"


def _besides(policy: Policy, names: Names) -> list[str]:
    """Who approves, who is pinged, the deadlines, the budgets, the emergency and the guests, a line each."""
    approvals, budgets, people = policy.approvals, policy.budgets, policy.people
    lines = [f"Approvers: {_people(approvals.approvers or (), names) or 'nobody'}"]
    if approvals.pinged != approvals.approvers:
        lines.append(f"Pinged: {_people(approvals.pinged, names)}")
    deadlines = [
        f"{what} after {_stretch(after)}"
        for what, after in (
            ("reminded", approvals.remind_after),
            ("escalated", approvals.escalate_after),
            ("expired", approvals.expires_after),
        )
        if after
    ]
    if deadlines:
        lines.append(f"An undecided request is {', '.join(deadlines)}")
    if approvals.escalate_to:
        lines.append(f"Asked to look as well when it is escalated: {_people(approvals.escalate_to, names)}")
    limits = [
        f"{format_usd(limit)} {whose}"
        for whose, limit in (("for all together", budgets.workspace), ("a person", budgets.per_user))
        if limit is not None
    ]
    if limits:
        lines.append(f"Budget a calendar month (UTC): {', '.join(limits)}")
    if budgets.raised_by:
        lines.append(f"Can raise a budget: {_people(budgets.raised_by, names)}")
    if policy.break_glass:
        lines.append(f"May buy without approval in an emergency: {_people(policy.break_glass.users, names)}")
    guests = "may" if people.guests else "may not"
    others = "may" if people.other_workspaces else "may not"
    return [*lines, f"Guests {guests} request, people of other workspaces {others}"]


def _people(listed: tuple[str, ...], names: Names) -> str:
    return ", ".join(escape(names.get(one, one), 60) for one in listed[:MOST_NAMES]) + (
        " …" if len(listed) > MOST_NAMES else ""
    )


def _stretch(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours:g} h" if hours >= 1 else f"{hours * 60:g} min"


def explanation(found: Explained | NotOffered) -> Block:
    """Which rule decides about an offer, and why not those before it."""
    if isinstance(found, NotOffered):
        text = f"The provider does not offer {format_number(found.number)}, so there is no price to judge."
        return message(text, [section(text)])
    offer, verdict = found.offer, found.verdict
    number = f"{format_number(offer.number)}, " if offer.number else ""
    subject = f"{number}{escape(place(offer))}, {offer.type}, {price(offer)}"
    decides = _decides(verdict)
    blocks = [section(f"*{subject}*\n{decides}"), *_looked(verdict)]
    if verdict.allowed and verdict.approvals:
        blocks.append(context(_could_approve(found)))
    if found.taken:
        blocks.append(section(_spoken_for(found.taken)))
    if verdict.allowed:
        blocks += _budgets(found)
    return message(f"{subject}: {decides}", blocks)


def _spoken_for(taken: Taken) -> str:
    request = taken.request
    stands = "it waits for approval" if request.is_pending else "it is approved"
    more = f"`/number policy {request.id}` says more."
    return f"Request {request.id} speaks for this number already: {stands}. {more}"


def _budgets(found: Explained) -> list[Block]:
    """What is left, always; and by how much it would be too little, and who can change that."""
    blocks = [context(_left(spent)) for spent in found.budgets]
    blocks += [section(f":warning: {over_budget(each)}") for each in found.exceeded]
    if found.exceeded:
        names = ", ".join(escape(name, 60) for name in found.raised_by[:MOST_NAMES])
        blocks.append(context(f"{names or 'Whoever keeps the policy file'} can raise it."))
    return blocks


def _left(spent: Spent) -> str:
    return left_line(spent, "Your" if spent.spender else "The workspace's")


def request_explanation(found: ExplainedRequest | NotTheirs) -> Block:
    """Which rule decides about a request by now, who could approve it, and why the reader may not."""
    if isinstance(found, NotTheirs):
        text = f"{NOT_THEIRS} {NOT_KNOWN}: try again later." if found.not_known else NOT_THEIRS
        return message(text, [section(text)])
    view, decides = found.view, _decides(found.verdict, "Your own" if found.theirs else "The requester's")
    title = f"{headline(view)}: {numbers(view)}, request {view.request.id}"
    blocks = [section(f"*{title}*\nBy the policy as it is now: {decides}"), *_looked(found.verdict)]
    if view.request.is_pending:
        given = f"{view.request.approvals_given} of {count(view.request.approvals_needed, 'approval')}"
        blocks.append(context(f"{given} · {may_still(view)}"))
        blocks += [context(f"{_left(spent)}, this request counted") for spent in found.budgets]
    mine = f"You may not approve it: {escape(found.why_not)}" if found.why_not else "You may approve it."
    blocks.append(section(mine))
    return message(f"{title}. {decides} {mine}", blocks)


def _decides(verdict: Verdict, whose: str = "Your own") -> str:
    rule = f" (rule “{escape(verdict.rule)}”)" if verdict.rule else ""
    if not verdict.allowed:
        return f"Refused{rule}: {escape(verdict.deny_reason or '')}"
    if not verdict.approvals:
        return f"{whose} confirmation is enough{rule}."
    return f"Needs {count(verdict.approvals, 'approval')}{rule}."


def _looked(verdict: Verdict) -> list[Block]:
    """The rules that were looked at, in order: why not each, and the one that decides."""
    lines = [
        f"• “{escape(looked.name, 80)}”: {'decides' if looked.matched else escape(looked.why_not or '', 200)}"
        for looked in verdict.considered[-MOST_RULES:]
    ]
    return [section("\n".join(lines[start : start + 10])) for start in range(0, len(lines), 10)]


def _could_approve(found: Explained) -> str:
    shown = ", ".join(escape(name, 60) for name in found.approvers[:MOST_NAMES])
    more = len(found.approvers) - MOST_NAMES
    others = f" and {count(more, 'other')}" if more > 0 else ""
    unknown = ", ".join(escape(group, 60) for group in found.unknown_groups)
    end = f"; who is in {unknown} could not be looked up" if unknown else ""
    return f"Could approve it for you: {shown or 'nobody'}{others}{end}"

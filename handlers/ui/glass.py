"""Break glass: the second confirmation of whoever buys without approval."""

import json
from collections.abc import Mapping
from typing import Any

from bot.model.numbers import format_number
from bot.model.policy import Policy
from bot.usecases.preview import Preview
from handlers.ui.blocks import Block, context, facts, modal, section, text_input
from handlers.ui.confirm import budget_lines, price_facts
from handlers.ui.offers import place
from handlers.ui.text import count, escape, user, who

CALLBACK = "break_glass_submit"
LEAST_REASON = 10
"""Characters: a notice that wakes people says why."""
_MOST_NAMES = 10


def glass_modal(
    preview: Preview, policy: Policy, carried: Mapping[str, Any], *, for_user: str | None, reason: str | None
) -> Block:
    """What it costs, who is told, and the reason; `carried` is what the form below has asked already."""
    offer = preview.kept.offer
    whose = f" · for {user(for_user)}" if for_user else ""
    blocks = [
        section(f"*{format_number(offer.number)}*\n{escape(place(offer))}{whose}"),
        facts(price_facts(offer)),
        *budget_lines(preview, policy),
        section(_loudly(preview, policy)),
        text_input(
            "reason", "Why can it not wait?", multiline=True, limit=500, least=LEAST_REASON,
            initial=reason, hint=f"At least {LEAST_REASON} characters. Everybody who is told reads it.",
        ),
        context("It is bought with the options that you chose before, as soon as you confirm."),
    ]  # fmt: skip
    metadata = json.dumps(carried, ensure_ascii=False)
    submit = "Buy without approval"
    return modal(
        "Buy without approval", blocks, callback_id=CALLBACK, submit=submit, close="Back", metadata=metadata
    )


def _loudly(preview: Preview, policy: Policy) -> str:
    told = dict.fromkeys((*policy.approvals.pinged, *(policy.approvals.escalate_to or ())))
    people = ", ".join(who(one) for one in list(told)[:_MOST_NAMES])
    channel = preview.verdict.channel
    there = f" in <#{channel}>" if channel else ""
    needed = count(preview.verdict.approvals, "approval")
    return (
        f":rotating_light: *Nobody has approved this*: it would need {needed} (rule “"
        f"{escape(preview.verdict.rule or '')}”). {people or 'The approvers'} are pinged{there} at once, "
        "with your name and your reason, and it stays marked on the card and in the log."
    )

"""Short lists: the account's numbers, one number, the policy."""

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.policy import Policy, Rule
from bot.model.provider import RentedNumber, RentedPage
from handlers.ui.blocks import Block, actions, button, context, facts, message, section
from handlers.ui.text import count, escape, who


def rented(page: RentedPage, *, offset: int) -> Block:
    """The numbers the account holds, a page of them."""
    if not page.numbers:
        text = "The account holds no numbers yet."
        return message(text, [section(text)])
    title = f"{count(page.total, 'number')} in the account"
    blocks = [section(f"*{title}*")] + [section(_rented_line(n)) for n in page.numbers]
    turns = []
    if offset:
        turns.append(button("Previous", "list_page:previous", str(max(0, offset - len(page.numbers)))))
    if page.next_offset is not None:
        turns.append(button("Next", "list_page:next", str(page.next_offset)))
    if turns:
        blocks.append(actions(*turns))
    return message(title, blocks)


def _rented_line(number: RentedNumber) -> str:
    alias = f" · {escape(number.alias)}" if number.alias else ""
    monthly = f" · {format_usd(number.monthly)}/month" if number.monthly is not None else ""
    return f"*{format_number(number.number)}*{alias}{monthly}"


def number_info(number: str, held: RentedNumber | None) -> Block:
    """What the provider says of one number."""
    shown = format_number(number)
    if held is None:
        text = f"The account does not hold {shown}."
        return message(text, [section(text)])
    pairs = [
        ("Alias", escape(held.alias or "none")),
        ("Each month", format_usd(held.monthly) if held.monthly is not None else "not stated"),
        ("Rented since", escape(str(held.added_on or "not stated"))),
        ("Renews", escape(str(held.renewal_date or "not stated"))),
        ("Works", "yes" if held.active is not False else "not yet"),
    ]
    return message(f"{shown}: in the account", [section(f"*{shown}*"), facts(pairs)])


def policy(policy: Policy | None) -> Block:
    """The rules in the order in which they decide."""
    if policy is None:
        text = "There is no policy file, so nothing can be bought. Whoever runs this app sets POLICY_FILE."
        return message(text, [section(text)])
    lines = [f"{i}. *{escape(rule.name)}*: {_rule(rule)}" for i, rule in enumerate(policy.rules, 1)]
    approvers = ", ".join(who(a) for a in policy.approvals.approvers or ()) or "nobody"
    title = "*The rules; the first that matches decides*"
    return message(
        "The rules for buying numbers",
        [section("\n".join([title, *lines])), context(f"Approvers: {approvers}")],
    )


def _rule(rule: Rule) -> str:
    conditions = [
        ", ".join(rule.countries or ()) or "any country",
        ", ".join(rule.types or ()) or "any type",
    ]
    if rule.min_monthly is not None:
        conditions.append(f"from {format_usd(rule.min_monthly)}/month")
    if rule.max_monthly is not None:
        conditions.append(f"up to {format_usd(rule.max_monthly)}/month")
    if rule.deny is not None:
        end = f"refused: {escape(rule.deny)}"
    elif rule.approvals == 0:
        end = "the requester's confirmation is enough"
    else:
        end = f"needs {count(rule.approvals or 0, 'approval')}"
    return f"{'; '.join(conditions)} → {end}"

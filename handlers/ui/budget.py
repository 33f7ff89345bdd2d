"""A month's budget: one line of words wherever it is shown, with a bar before it for those who see."""

from decimal import Decimal

from bot.model.budget import Spent
from bot.model.money import format_usd
from bot.usecases.budget import BudgetSheet
from handlers.ui.blocks import Block, context, message, section
from handlers.ui.text import count, escape

CELLS = 10
MOST_PEOPLE = 20
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NOT_KNOWN = "Whether you are an approver could not be looked up in Slack"
WHAT_COUNTS = "A calendar month in UTC · set-up fees and first months of what is bought or asked for"


def budget_page(sheet: BudgetSheet) -> Block:
    """This month of the workspace and of the reader; for those who may see it, of everybody."""
    title = f"Budget for {month_name(sheet.month)} (UTC)"
    mine = () if sheet.why_not else (("You", sheet.mine),)
    both = (("The workspace", sheet.workspace), *mine)
    blocks = [section(f"*{title}*"), *(section(f"*{whose}*\n{bar_line(spent)}") for whose, spent in both)]
    if sheet.why_not:
        blocks.append(section(f"*You*\n{escape(sheet.why_not)}"))
    if sheet.sees_people:
        blocks += [section(text) for text in _people(sheet)]
    if sheet.not_known:
        blocks.append(context(f"{NOT_KNOWN}, so what each person has used is not shown. Try again later."))
    blocks.append(context(_who_raises(sheet)))
    blocks.append(context(WHAT_COUNTS + (" · reading this is logged" if sheet.sees_people else "")))
    return message(" ".join([f"{title}.", *(f"{whose}: {words(spent)}." for whose, spent in both)]), blocks)


def month_name(month: str) -> str:
    """`November 2026`, of `2026-11`."""
    year, _, number = month.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def bar_line(spent: Spent) -> str:
    """A bar, and the same in words; without a limit there is nothing to fill."""
    return words(spent) if spent.limit is None else f"{_bar(spent, spent.limit)} {words(spent)}"


def words(spent: Spent) -> str:
    """`50% used: $25.00 of $50.00 — $15.00 bought, $10.00 reserved, $25.00 left`."""
    parts = f"{format_usd(spent.committed)} bought, {format_usd(spent.reserved)} reserved"
    if spent.limit is None:
        return f"{format_usd(spent.taken)} used: {parts}; there is no limit"
    used = f"{format_usd(spent.taken)} of {format_usd(spent.limit)}"
    return f"{_percent(spent, spent.limit)}% used: {used} — {parts}, {_left(spent)}"


def left_line(spent: Spent, whose: str) -> str:
    """What is left, in a sentence without a bar; `whose` begins it: `Your` or `The workspace's`.

    `Your budget this month (UTC): $25.00 of $50.00 left`.
    """
    begin = f"{whose} budget this month (UTC):"
    if spent.limit is None:
        return f"{begin} no limit"
    if spent.taken > spent.limit:
        return f"{begin} {_left(spent)}, of {format_usd(spent.limit)}"
    return f"{begin} {format_usd(spent.left or Decimal(0))} of {format_usd(spent.limit)} left"


def _left(spent: Spent) -> str:
    """Below zero where a limit was lowered, or something was bought that nobody had asked for here."""
    left = spent.left or Decimal(0)
    return f"{format_usd(left)} left" if left >= 0 else f"over by {format_usd(-left)}"


def _percent(spent: Spent, limit: Decimal) -> int:
    """Whole percents, rounded down: 100 is never said while something is left."""
    if not limit:
        return 100
    return max(int(spent.taken * 100 / limit), 1 if spent.taken else 0)


def _bar(spent: Spent, limit: Decimal) -> str:
    return bar(_percent(spent, limit), some=bool(spent.taken))


def bar(percent: int, *, some: bool) -> str:
    """A bar of whole percents, of which there is none or `some`; words beside it say the same.

    Twice as many steps as cells; something is never drawn as nothing, nor what is left as all.
    """
    steps = min(2 * CELLS, max(percent * 2 * CELLS // 100, 1 if some else 0))
    full, half = divmod(steps, 2)
    return "█" * full + "▌" * half + "░" * (CELLS - full - half)


def _people(sheet: BudgetSheet) -> list[str]:
    """Ten in a text, which has room for the longest names and amounts."""
    if not sheet.people:
        return ["*By person*\nNobody has used anything yet."]
    shown = sheet.people[:MOST_PEOPLE]
    lines = [f"{escape(sheet.names.get(p.spender, p.spender), 40)}: {words(p)}" for p in shown]
    more = len(sheet.people) - len(shown)
    lines += [f"… and {count(more, 'other')}"] if more else []
    return ["*By person, the most first*", *("\n".join(lines[i : i + 10]) for i in range(0, len(lines), 10))]


def _who_raises(sheet: BudgetSheet) -> str:
    if sheet.workspace.limit is None and sheet.mine.limit is None:
        return "The policy sets no limits."
    people = ", ".join(escape(sheet.names.get(one, one), 60) for one in sheet.raised_by[:10])
    return f"{people or 'Whoever keeps the policy file'} can raise it."

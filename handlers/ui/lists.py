"""Short lists: the account's numbers, one number, the policy."""

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.provider import RentedNumber, RentedPage
from handlers.ui.blocks import Block, actions, button, facts, message, section
from handlers.ui.text import count, escape


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

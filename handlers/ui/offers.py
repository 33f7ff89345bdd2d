"""What a search found: a line a number, with its price and a Buy button."""

from collections.abc import Sequence
from decimal import Decimal

from bot.model import countries
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.offer import Offer
from bot.model.search import conditions, describe
from bot.usecases.search import PAGE, Found, SearchPage
from handlers.ui.blocks import Block, actions, button, context, divider, message, section
from handlers.ui.text import count, escape, user

PRICES = "Prices in USD, as the provider shows them now · Taxes are extra"
RESTRICTIONS = {
    "city-address": "Needs proof of an address in this city.",
    "country-address": "Needs proof of an address in this country.",
    "terms-and-conditions": "Comes with terms to accept.",
}


def search_page(page: SearchPage, *, shared_by: str | None = None) -> Block:
    """The offers of one page; a shared page has no paging, since it is nobody's own."""
    if not page.offers:
        return nothing_found(page)
    title = _title(page)
    blocks = [section(f"*{escape(title)}*"), *(_line(kept.id, kept.offer) for kept in page.offers)]
    blocks += [divider(), context(_footer(page))]
    if shared_by is None:
        blocks.append(_paging(page))
    else:
        blocks.append(context(f"Shared by {user(shared_by)}. Prices are as the provider showed them then."))
    spoken = "; ".join(f"{format_number(k.offer.number)}, {price(k.offer)}" for k in page.offers)
    return message(escape(f"{title}: {spoken}", 3000), blocks)


def nothing_found(page: SearchPage) -> Block:
    """Which condition to drop, with a button for it."""
    asked = describe(page.asked)
    looked = (
        f" Looked through {page.kept.looked} of {count(page.kept.total, 'number')}."
        if page.kept.total
        else ""
    )
    text = f"Nothing found: {escape(asked)}.{looked}"
    droppable = conditions(page.asked)
    hint = "Try it without one of the conditions:" if droppable else "Try another country or type."
    buttons = [
        button(f"Without {label}", f"search_drop:{name}", page.kept.id) for name, label in droppable[:5]
    ]
    blocks = [section(f"*{text}*\n{hint}")]
    if buttons:
        blocks.append(actions(*buttons))
    return message(f"{text} {hint}", blocks)


def found_numbers(found: Sequence[Found]) -> Block:
    """The numbers somebody named, each with its Buy button or the word that it is not for sale."""
    lines = [
        _line(one.kept.id, one.kept.offer)
        if one.kept
        else section(f"*{format_number(one.number)}*\nThe provider does not offer this number.")
        for one in found
    ]
    spoken = "; ".join(_spoken(one) for one in found)
    return message(
        spoken, [*lines, context("Prices in USD, as the provider shows them now · Taxes are extra")]
    )


def _spoken(one: Found) -> str:
    shown = format_number(one.number)
    return f"{shown}, {price(one.kept.offer)}" if one.kept else f"{shown} is not offered"


def price(offer: Offer) -> str:
    """`$0.80/month + $0.00 set-up`."""
    if offer.monthly is None:
        return "no price stated"
    return price_of(offer.monthly, offer.setup)


def price_of(monthly: Decimal, setup: Decimal) -> str:
    """The same of two amounts."""
    return f"{format_usd(monthly)}/month + {format_usd(setup)} set-up"


def place(offer: Offer) -> str:
    """Where a number is, as far as the provider says; the country's name, which it adds, is left out."""
    region = (offer.region or "").partition(",")[0].strip()
    known = [offer.city and offer.city.title(), None if _is_country(region, offer.country) else region]
    return ", ".join(dict.fromkeys(part for part in known if part)) or countries.name(offer.country)


def _is_country(region: str, country: str) -> bool:
    return region.casefold() == countries.name(country).casefold()


def abilities(offer: Offer) -> str:
    """What a number can do."""
    known = [name for name, able in (("voice", offer.voice), ("SMS", offer.sms), ("MMS", offer.mms)) if able]
    return ", ".join(known) or "no services stated"


def warning(offer: Offer) -> str | None:
    """A plain sentence if documents are needed."""
    if offer.restriction is None:
        return None
    text = RESTRICTIONS.get(offer.restriction, f"Restricted: {offer.restriction}.")
    return f"{text} {offer.restriction_text or ''}".strip()


def _line(offer_id: str, offer: Offer) -> Block:
    number = format_number(offer.number)
    lines = [
        f"*{number}* · {escape(place(offer))} · {offer.type}",
        f"{price(offer)} · {abilities(offer)}",
    ]
    if warn := warning(offer):
        lines.append(f":warning: {escape(warn)}")
    buy = button("Buy", "offer_buy", offer_id, label=f"Buy {number}", style="primary")
    return section("\n".join(lines), buy)


def _title(page: SearchPage) -> str:
    found = count(page.kept.total, "number")
    return f"{describe(page.asked)[:1].upper()}{describe(page.asked)[1:]} ({found})"


def _footer(page: SearchPage) -> str:
    last = page.first + len(page.offers)
    text = f"{page.first + 1} to {last}"
    if page.kept.looked < page.kept.total and page.kept.kept != page.kept.looked:
        text += f" · looked through {page.kept.looked:,} of {page.kept.total:,}"
    elif page.kept.total:
        text += f" of {page.kept.total:,}"
    return f"{text} · {PRICES}"


def _paging(page: SearchPage) -> Block:
    elements = []
    if page.first:
        elements.append(_turn("Previous", page, max(0, page.first - PAGE)))
    if page.more:
        elements.append(_turn("Next", page, page.first + PAGE))
    elements.append(button("Share to channel", "search_share", f"{page.kept.id}.{page.first}"))
    elements.append(button("Change search", "search_change", page.kept.id))
    return actions(*elements)


def _turn(text: str, page: SearchPage, first: int) -> Block:
    return button(text, f"search_page:{text.lower()}", f"{page.kept.id}.{first}", label=f"{text} offers")

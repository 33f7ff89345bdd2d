"""Search: asks the provider and keeps the offers, so that paging and Buy outlive a restart."""

from dataclasses import dataclass

from bot.model.audit import Action, Outcome
from bot.model.errors import ProviderError
from bot.model.number_list import country_of
from bot.model.numbers import national_digits
from bot.model.offer import Offer, OfferPage
from bot.model.request import Person
from bot.model.search import (
    Search,
    keeps,
    needs_filtering,
    parse_search,
    provider_params,
    sort_offers,
    to_text,
)
from bot.usecases import record
from bot.usecases.desk import Desk
from storage import searches
from storage.searches import KeptOffer, KeptSearch

PAGE = 5
"""Offers in one message."""
PROVIDER_PAGE = 20
"""The most the provider gives at once."""
MOST_PAGES = 5
"""The provider's pages that are looked through at once for a condition it does not know."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What one message shows of a search."""

    kept: KeptSearch
    asked: Search
    first: int  #: position of the first offer shown, from 0
    offers: tuple[KeptOffer, ...]

    @property
    def more(self) -> bool:
        """Whether there may be offers behind these."""
        return self.first + PAGE < self.kept.kept or self.kept.next_offset is not None


@dataclass(frozen=True, slots=True)
class SearchGone:
    """The search is older than a day, or was never here."""


@dataclass(frozen=True, slots=True)
class Found:
    """A number that was asked for, and its offer if the provider has it."""

    number: str
    kept: KeptOffer | None


@dataclass(frozen=True, slots=True)
class _Look:
    offers: tuple[Offer, ...]
    total: int
    looked: int
    next_offset: int | None


def search(desk: Desk, person: Person, text: str, *, channel: str) -> SearchPage:
    """The first page of what the provider has for `text` (what stands behind the word `search`).

    Raises NotUnderstood before anything is asked, and ProviderError if the provider did not answer.
    """
    return search_for(desk, person, parse_search(text), channel=channel)


def search_for(desk: Desk, person: Person, asked: Search, *, channel: str) -> SearchPage:
    """The same for a search that is parsed already."""
    context = {"channel": channel}
    try:
        seen = _look(desk, asked, 0)
    except ProviderError as problem:
        with desk.database.write() as work:
            changes = {"search": to_text(asked)}
            record.by_person(
                work, desk, person, Action.SEARCH_PERFORMED,
                outcome=Outcome.FAILURE, reason=str(problem), changes=changes, context=context,
            )  # fmt: skip
        raise
    return _keep(desk, person, asked, seen, context)


def _keep(desk: Desk, person: Person, asked: Search, seen: _Look, context: dict[str, str]) -> SearchPage:
    with desk.database.write() as work:
        search_id = searches.add(
            work, person, desk.account,
            text=to_text(asked), total=seen.total, looked=seen.looked, next_offset=seen.next_offset,
        )  # fmt: skip
        searches.add_offers(work, search_id, 0, seen.offers)
        changes = {"search": to_text(asked), "found": seen.total, "search_id": search_id}
        record.by_person(work, desk, person, Action.SEARCH_PERFORMED, changes=changes, context=context)
    kept = KeptSearch(
        search_id, person, to_text(asked), seen.total, seen.looked, seen.next_offset, len(seen.offers)
    )
    first = tuple(KeptOffer(f"{search_id}.{i}", offer) for i, offer in enumerate(seen.offers[:PAGE]))
    return SearchPage(kept, asked, 0, first)


def find(desk: Desk, person: Person, numbers: tuple[str, ...], *, channel: str) -> tuple[Found, ...]:
    """The offers of numbers that somebody knows by heart, each kept as a search of its own.

    `numbers` are digits with the country code. Raises ProviderError if the provider did not answer.
    """
    return tuple(_find(desk, person, number, channel) for number in numbers)


def _find(desk: Desk, person: Person, number: str, channel: str) -> Found:
    country = country_of(number)
    if country is None:
        return Found(number, None)
    page = search(desk, person, f"{country} {national_digits(number, country)}", channel=channel)
    return Found(number, next((kept for kept in page.offers if kept.offer.number == number), None))


def look(desk: Desk, person: Person, search_id: str) -> SearchPage | SearchGone:
    """A search as it was kept, at its first page."""
    return _page(desk, person, search_id, 0)


def turn(desk: Desk, person: Person, search_id: str, first: int) -> SearchPage | SearchGone:
    """The page that begins at position `first`; asks the provider for more where it has to.

    Raises ProviderError if the provider did not answer.
    """
    page = _page(desk, person, search_id, first)
    if isinstance(page, SearchGone) or len(page.offers) == PAGE or page.kept.next_offset is None:
        return page
    more = _look(desk, page.asked, page.kept.next_offset)
    _keep_more(desk, page.kept, more)
    return _page(desk, person, search_id, first)


def share(desk: Desk, person: Person, search_id: str, first: int, *, channel: str) -> SearchPage | SearchGone:
    """A page to show to a whole channel; the log says who did."""
    page = _page(desk, person, search_id, first)
    if isinstance(page, SearchPage):
        with desk.database.write() as work:
            changes = {"search": page.kept.text, "search_id": search_id}
            record.by_person(
                work, desk, person, Action.SEARCH_SHARED, changes=changes, context={"channel": channel}
            )
    return page


def _page(desk: Desk, person: Person, search_id: str, first: int) -> SearchPage | SearchGone:
    with desk.database.read() as work:
        kept = searches.get(work, person.workspace, search_id)
        if kept is not None:
            offers = searches.offers(work, search_id, first, PAGE)
            return SearchPage(kept, parse_search(kept.text), first, offers)
    with desk.database.write() as work:
        record.by_person(
            work, desk, person, Action.SEARCH_PERFORMED, outcome=Outcome.DENIED,
            reason="the search is older than a day", changes={"search_id": search_id},
        )  # fmt: skip
    return SearchGone()


def _keep_more(desk: Desk, seen: KeptSearch, more: _Look) -> None:
    with desk.database.write() as work:
        looked = seen.looked + more.looked
        if not searches.advance(work, seen, looked=looked, next_offset=more.next_offset):
            return  # a second click was faster; its offers are there
        known = searches.numbers(work, seen.id)
        fresh = [offer for offer in more.offers if offer.number not in known]
        searches.add_offers(work, seen.id, seen.kept, fresh)


def _look(desk: Desk, asked: Search, offset: int) -> _Look:
    if not needs_filtering(asked) and asked.sort is None:
        page = _provider_page(desk, asked, offset)
        return _Look(page.offers, page.total, len(page.offers), page.next_offset)
    return _look_through(desk, asked, offset)


def _look_through(desk: Desk, asked: Search, offset: int) -> _Look:
    """Pages through the provider's answer for what it cannot filter or sort by itself; bounded."""
    found: dict[str, Offer] = {}
    looked, position = 0, offset
    for _ in range(MOST_PAGES):
        page = _provider_page(desk, asked, position)
        looked += len(page.offers)
        found |= {offer.number: offer for offer in page.offers if keeps(asked, offer)}
        if page.next_offset is None or (asked.sort is None and len(found) >= PROVIDER_PAGE):
            break
        position = page.next_offset
    # A sorted list cannot grow: what comes later might belong before what was shown.
    rest = None if asked.sort else page.next_offset
    return _Look(tuple(sort_offers(asked, tuple(found.values()))), page.total, looked, rest)


def _provider_page(desk: Desk, asked: Search, offset: int) -> OfferPage:
    return desk.provider.search(
        provider_params(asked), country=asked.country, limit=PROVIDER_PAGE, offset=offset
    )

"""Search: asks the provider and keeps the offers, so that paging and Buy outlive a restart."""

from dataclasses import dataclass

from bot.model.audit import Action, Outcome
from bot.model.errors import ProviderError
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
class _Look:
    offers: tuple[Offer, ...]
    total: int
    looked: int
    next_offset: int | None


def search(desk: Desk, person: Person, text: str, *, channel: str) -> SearchPage:
    """The first page of what the provider has for `text` (what stands behind the word `search`).

    Raises NotUnderstood before anything is asked, and ProviderError if the provider did not answer.
    """
    asked = parse_search(text)
    context = {"channel": channel}
    try:
        look = _look(desk, asked, 0)
    except ProviderError as problem:
        with desk.database.write() as work:
            changes = {"search": to_text(asked)}
            record.by_person(
                work, desk, person, Action.SEARCH_PERFORMED,
                outcome=Outcome.FAILURE, reason=str(problem), changes=changes, context=context,
            )  # fmt: skip
        raise
    with desk.database.write() as work:
        search_id = searches.add(
            work, person, desk.account,
            text=to_text(asked), total=look.total, looked=look.looked, next_offset=look.next_offset,
        )  # fmt: skip
        searches.add_offers(work, search_id, 0, look.offers)
        changes = {"search": to_text(asked), "found": look.total, "search_id": search_id}
        record.by_person(work, desk, person, Action.SEARCH_PERFORMED, changes=changes, context=context)
    kept = KeptSearch(
        search_id, person, to_text(asked), look.total, look.looked, look.next_offset, len(look.offers)
    )
    first = tuple(KeptOffer(f"{search_id}.{i}", offer) for i, offer in enumerate(look.offers[:PAGE]))
    return SearchPage(kept, asked, 0, first)


def turn(desk: Desk, person: Person, search_id: str, first: int) -> SearchPage | SearchGone:
    """The page that begins at position `first`; asks the provider for more where it has to.

    Raises ProviderError if the provider did not answer.
    """
    page = _page(desk, person, search_id, first)
    if isinstance(page, SearchGone) or len(page.offers) == PAGE or page.kept.next_offset is None:
        return page
    look = _look(desk, page.asked, page.kept.next_offset)
    _keep_more(desk, page.kept, look)
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
        if kept is None:
            return SearchGone()
        return SearchPage(kept, parse_search(kept.text), first, searches.offers(work, search_id, first, PAGE))


def _keep_more(desk: Desk, seen: KeptSearch, look: _Look) -> None:
    with desk.database.write() as work:
        looked = seen.looked + look.looked
        if not searches.advance(work, seen, looked=looked, next_offset=look.next_offset):
            return  # a second click was faster; its offers are there
        known = searches.numbers(work, seen.id)
        fresh = [offer for offer in look.offers if offer.number not in known]
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

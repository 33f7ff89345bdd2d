"""Searches and offers: kept for a day, per workspace, and exact to the last decimal."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.model.offer import NumberType, Offer
from bot.model.request import Person
from storage import schema, searches
from storage.searches import KEPT, KeptSearch
from storage.unit_of_work import Database, UnitOfWork
from tests.storage.rows import ACCOUNT, BEA, at_once, offer

_amounts = st.decimals(min_value=0, max_value=10_000, places=5)
_texts = st.none() | st.text(max_size=30)
_offers = st.builds(
    Offer,
    number=st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True),
    country=st.just("US"),
    type=st.sampled_from(NumberType),
    monthly=st.none() | _amounts,
    setup=_amounts,
    city=_texts,
    region=_texts,
    voice=st.booleans(),
    voice_rate=st.none() | _amounts,
    restriction=_texts,
    restriction_text=_texts,
)


def _search(work: UnitOfWork, numbers: int = 7, person: Person = BEA) -> str:
    search_id = searches.add(
        work, person, ACCOUNT, text="US local 415", total=40, looked=numbers, next_offset=20
    )
    searches.add_offers(work, search_id, 0, [offer(f"1415555010{i}") for i in range(numbers)])
    return search_id


def _keep(database: Database) -> str:
    with database.write() as work:
        return _search(work)


def _get(database: Database, search_id: str, workspace: str = "T0ONE") -> KeptSearch | None:
    with database.read() as work:
        return searches.get(work, workspace, search_id)


@given(made=_offers)
def test_an_offer_survives_being_kept(made: Offer) -> None:
    assert searches.from_json(searches.to_json(made)) == made


def test_no_amount_is_kept_as_a_float() -> None:
    kept = searches.to_json(offer(voice_rate=Decimal("0.00850"), sms_rate=None))
    assert (kept["monthly"], kept["voice_rate"], kept["sms_rate"]) == ("0.80", "0.00850", None)


def test_a_search_is_kept_as_it_was_asked(database: Database) -> None:
    search_id = _keep(database)
    assert _get(database, search_id) == KeptSearch(search_id, BEA, "US local 415", 40, 7, 20, 7)


def test_offers_come_in_pages_in_the_order_they_were_found(database: Database) -> None:
    search_id = _keep(database)
    with database.read() as work:
        first = searches.offers(work, search_id, 0, 5)
        second = searches.offers(work, search_id, 5, 5)
        assert searches.offers(work, search_id, 10, 5) == ()
    assert [kept.offer.number for kept in first + second] == [f"1415555010{i}" for i in range(7)]
    assert [kept.id for kept in second] == [f"{search_id}.5", f"{search_id}.6"]


def test_an_offer_is_found_by_what_its_button_carries(database: Database) -> None:
    search_id = _keep(database)
    with database.read() as work:
        found = searches.offer(work, "T0ONE", f"{search_id}.3")
    assert found
    assert found.offer == offer("14155550103")


def test_a_button_that_was_made_up_finds_nothing(database: Database) -> None:
    search_id = _keep(database)
    with database.read() as work:
        for made_up in (
            "",
            ".",
            search_id,
            f"{search_id}.",
            f"{search_id}.-1",
            f"{search_id}.99",
            "S0.1",
            "x.y.z",
        ):
            assert searches.offer(work, "T0ONE", made_up) is None


def test_a_search_belongs_to_its_workspace(database: Database) -> None:
    search_id = _keep(database)
    assert _get(database, search_id, "T0TWO") is None
    with database.read() as work:
        assert searches.offer(work, "T0TWO", f"{search_id}.0") is None


def test_a_search_can_be_used_for_a_day_and_no_longer(database: Database) -> None:
    search_id = _keep(database)
    database.shift = KEPT - timedelta(minutes=1)
    assert _get(database, search_id)
    database.shift = KEPT + timedelta(minutes=1)
    assert _get(database, search_id) is None
    with database.read() as work:
        assert searches.offer(work, "T0ONE", f"{search_id}.0") is None


def test_what_is_older_than_a_day_is_swept_with_its_offers(database: Database) -> None:
    old = _keep(database)
    database.shift = KEPT + timedelta(minutes=1)
    new = _keep(database)
    with database.read() as work:
        assert searches.numbers(work, old) == frozenset()
        assert len(searches.numbers(work, new)) == 7
        assert [row["id"] for row in work.rows(schema.search.select())] == [new]


def test_of_many_that_read_the_next_page_one_notes_it(database: Database) -> None:
    seen = _get(database, _keep(database))
    assert seen

    def advance(_: int) -> bool:
        with database.write() as work:
            return searches.advance(work, seen, looked=27, next_offset=None)

    assert sum(at_once(6, advance)) == 1
    assert _get(database, seen.id) == replace(seen, looked=27, next_offset=None)


def test_no_offers_are_no_trouble(database: Database) -> None:
    with database.write() as work:
        search_id = _search(work, numbers=0)
        searches.add_offers(work, search_id, 0, [])
        assert searches.offers(work, search_id, 0, 5) == ()

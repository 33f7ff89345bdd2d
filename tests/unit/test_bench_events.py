"""The events that the speed is measured on: always the same, and a log that holds."""

from itertools import islice

from benchmarks.events import WORKSPACE, events, fill
from bot.model.audit import Action
from bot.model.audit_fields import ALLOWED
from bot.usecases.verify import Sound, verify
from storage.unit_of_work import Database


def test_they_are_the_same_each_time_and_others_with_another_seed() -> None:
    assert list(events(300)) == list(events(300))
    assert list(events(300)) == list(islice(events(1000), 300))
    assert [made.hash for made in events(5)] != [made.hash for made in events(5, seed=2)]


def test_they_are_what_a_desk_would_write() -> None:
    made = list(events(5000))
    assert {one.line.action for one in made} >= {"search.performed", "purchase.bought", "request.denied"}
    assert len({one.line.actor for one in made}) > 150
    assert {one.line.country for one in made} == {None, "US", "CA", "GB", "DE", "FR"}
    for one in made:
        assert set(one.line.changes) <= ALLOWED[Action(one.line.action)].changes if one.line.changes else True
        assert (one.reason is None) == (one.line.reason_hash is None)


def test_a_database_that_was_filled_holds(database: Database) -> None:
    last = fill(database, 6000)
    (found,) = verify(database)
    assert isinstance(found, Sound), found
    assert (found.workspace, found.last, found.hash) == (WORKSPACE, 6000, last)

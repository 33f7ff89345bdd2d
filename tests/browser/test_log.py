"""The log through the page: an auditor turns its pages, opens an event, counts, and takes a file away."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from storage import migrate
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.usecases.logs import log
from tests.world import World, world

SLOW = 15_000
"""Milliseconds for what takes several processes on a busy machine."""
QUERY = "action:request.cancelled"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    """Twelve events are there when the program starts."""
    url = f"sqlite:///{tmp_path / 'numberdesk.db'}"
    database = Database(make_engine(url))
    migrate.upgrade(database.engine)
    log(database, 12, workspace="T0DEMO")
    database.engine.dispose()
    with world(tmp_path, url) as made:
        made.start()
        yield made


@pytest.fixture
def cara(desk: World, new_context: Callable[[], BrowserContext]) -> Page:
    """An auditor, by the policy of the demo world."""
    page = new_context().new_page()
    page.goto(f"{desk.slack_url}/?user=U0CARA")
    page.get_by_text("phone-numbers").first.click()
    return page


def _asked(page: Page, text: str, words: str) -> Locator:
    box = page.get_by_label("Message #phone-numbers")
    box.fill(f"/number audit {text}")
    box.press("Enter")
    answer = page.get_by_role("log").get_by_role("listitem").filter(has_text=words).last
    expect(answer).to_be_visible(timeout=SLOW)
    return answer


def test_pages_lead_back_and_forth_and_details_show_all_of_an_event(desk: World, cara: Page) -> None:
    shown = _asked(cara, QUERY, "The newest events")
    details = shown.get_by_role("button", name="Details")
    expect(details).to_have_count(10)
    expect(shown).to_contain_text("Only visible to you")
    shown.get_by_role("button", name="Older").click()
    again = cara.get_by_role("log").get_by_role("listitem").filter(has_text=QUERY).last
    expect(again.get_by_role("button", name="Details")).to_have_count(2, timeout=SLOW)
    expect(again.get_by_role("button", name="Older")).to_have_count(0)
    again.get_by_role("button", name="Newer").click()
    expect(again.get_by_role("button", name="Details")).to_have_count(10, timeout=SLOW)
    again.get_by_role("button", name="Details of event 10, request.cancelled").click()
    dialog = cara.get_by_role("dialog", name="Event")
    expect(dialog).to_contain_text("because of 9", timeout=SLOW)
    (seen,) = desk.rows("SELECT id, hash, previous_hash FROM audit_event WHERE seq = 10")
    for words in ("Event 10", "U0ADA", *seen):
        expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name="Close").first.click()
    expect(dialog).to_have_count(0)
    assert desk.events().count("audit.read") == 4, "three pages and one event"


def test_counts_are_a_chart_that_reads_as_words_as_well(cara: Page) -> None:
    shown = _asked(cara, f"stats {QUERY} by:person", "12 events by person")
    for person in ("U0ADA", "U0BEA"):
        expect(shown).to_contain_text(f"█████░░░░░ {person}: 6 of 12 events, 50%")


def test_an_export_comes_as_a_file_to_the_direct_message(desk: World, cara: Page) -> None:
    coming = _asked(cara, f"export {QUERY}", "will come to you")
    expect(coming).to_contain_text("12 events")
    cara.get_by_role("navigation").get_by_text("Numberdesk").click()
    told = cara.get_by_role("log").get_by_role("listitem").filter(has_text="The log you asked for")
    expect(told).to_be_visible(timeout=SLOW)
    link = told.get_by_role("link", name="numberdesk-log.csv")
    file = cara.request.get(str(link.get_attribute("href"))).text()
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [row["seq"] for row in rows] == [str(seq) for seq in range(1, 13)]
    assert desk.events().count("audit.exported") == 1


def test_what_is_not_understood_is_answered_with_what_would_be(cara: Page) -> None:
    shown = _asked(cara, "acton:purchase.*", "has no filter")
    expect(shown).to_contain_text("action:purchase.*")

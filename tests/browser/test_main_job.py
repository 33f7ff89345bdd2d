"""The main job through the page: two people in two browsers, the real bot between page and provider."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from storage import migrate
from storage.engine import make_engine
from tests.world import World, world

SLOW = 15_000
"""Milliseconds for what takes several processes on a busy machine."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path / 'numberdesk.db'}"
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    with world(tmp_path, url) as made:
        made.start()
        yield made


def _page(desk: World, new_context: Callable[[], BrowserContext], person: str) -> Page:
    page = new_context().new_page()
    page.goto(f"{desk.slack_url}/?user={person}")
    return page


def _say(page: Page, text: str, place: str = "#phone-numbers") -> None:
    box = page.get_by_label(f"Message {place}")
    box.fill(text)
    box.press("Enter")


def _messages(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("log").get_by_role("listitem").filter(has_text=text)


def _buy(page: Page, price: str) -> None:
    """Presses Buy beside the first offer of that price; turns the page until there is one."""
    offers = _messages(page, "Only visible to you").last
    expect(offers).to_contain_text("/month", timeout=SLOW)
    for first in (1, 6, 11, 16):
        expect(offers).to_contain_text(f"{first} to ", timeout=SLOW)
        button = _button_beside(offers, price)
        if button is not None:
            button.click()
            return
        offers.get_by_role("button", name="Next offers").click()
    raise AssertionError(f"no offer at {price}")


def _button_beside(offers: Locator, price: str) -> Locator | None:
    for button in offers.get_by_role("button", name=re.compile("^Buy ")).all():
        section = button.locator("xpath=ancestor::*[contains(., '/month')][1]")
        if price in (section.text_content() or ""):
            return button
    return None


def test_a_cheap_number_is_bought_at_once(desk: World, new_context: Callable[[], BrowserContext]) -> None:
    rita = _page(desk, new_context, "U0RITA")
    _say(rita, "/number search US local 415")
    _buy(rita, "$0.80/month")
    dialog = rita.get_by_role("dialog", name="Confirm the purchase")
    expect(dialog).to_contain_text("Your confirmation is enough", timeout=SLOW)
    application = dialog.get_by_role("combobox", name="Application")
    application.click()
    rita.get_by_role("listbox").get_by_role("option").first.click(timeout=SLOW)
    dialog.get_by_label("What is it for?").fill("The new hotline")
    dialog.get_by_role("button", name="Buy for $0.80").click()
    expect(dialog).to_have_count(0, timeout=SLOW)
    card = _messages(rita, "The new hotline")
    expect(card).to_contain_text("Bought", timeout=SLOW)
    expect(card.get_by_role("button")).to_have_count(1)  # its timeline
    _say(rita, "/number audit")
    expect(_messages(rita, "purchase.bought")).to_be_visible(timeout=SLOW)
    assert len(desk.buys()) == 1


def test_a_dear_number_is_approved_by_somebody_else(
    desk: World, new_context: Callable[[], BrowserContext]
) -> None:
    rita, ana = _page(desk, new_context, "U0RITA"), _page(desk, new_context, "U0ANA")
    _say(rita, "/number search US local 415")
    _buy(rita, "$25.00/month")
    dialog = rita.get_by_role("dialog", name="Confirm the purchase")
    expect(dialog).to_contain_text("Needs 1 approval", timeout=SLOW)
    dialog.get_by_label("What is it for?").fill("<!channel> a *vanity* number")
    dialog.get_by_role("button", name="Ask for approval").click()
    ana.get_by_role("link", name=re.compile("number-approvals")).or_(
        ana.get_by_role("button", name=re.compile("number-approvals"))
    ).first.click()
    card = _messages(ana, "vanity")
    expect(card).to_contain_text("Waiting for approval", timeout=SLOW)
    expect(card).to_contain_text("<!channel> a *vanity* number")
    card.get_by_role("button", name=re.compile("^Approve ")).click()
    approval = ana.get_by_role("dialog", name="Approve the request")
    approval.get_by_role("button", name="Approve", exact=True).click(timeout=SLOW)
    expect(card).to_contain_text("Bought", timeout=SLOW)
    expect(card).to_contain_text("Approved by @ana", ignore_case=True)
    expect(_messages(rita, "vanity")).to_contain_text("Bought", timeout=SLOW)
    assert len(desk.buys()) == 1

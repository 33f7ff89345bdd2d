"""Approvals through the page: three people in three browsers, the real bot between page and provider."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.world import World, world

SLOW = 15_000
"""Milliseconds for what takes several processes on a busy machine."""
HOUR = 3600


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}") as made:
        made.start()
        yield made


@pytest.fixture
def look(desk: World, new_context: Callable[[], BrowserContext]) -> Callable[[str, str], Page]:
    """Opens the page as somebody, at a place."""

    def open_page(person: str, place: str) -> Page:
        page = new_context().new_page()
        page.goto(f"{desk.slack_url}/?user={person}")
        page.get_by_text(place).first.click()
        return page

    return open_page


def _ask(page: Page, reason: str) -> None:
    """Asks for a toll-free number, which takes two approvals and the number's last digits."""
    box = page.get_by_label("Message #phone-numbers")
    box.fill("/number search US tollfree")
    box.press("Enter")
    page.get_by_role("button", name=re.compile("^Buy ")).first.click(timeout=SLOW)
    dialog = page.get_by_role("dialog", name="Confirm the purchase")
    expect(dialog).to_contain_text("Needs 2 approvals", timeout=SLOW)
    expect(dialog).to_contain_text("Your budget this month (UTC): $60.00 of $60.00 left")
    dialog.get_by_label("What is it for?").fill(reason)
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(dialog).to_have_count(0, timeout=SLOW)


def _card(page: Page, reason: str) -> Locator:
    card = page.get_by_role("log").get_by_role("listitem").filter(has_text=reason)
    expect(card.first).to_be_visible(timeout=SLOW)
    return card.first


def _approve(page: Page, card: Locator, *, wrong_first: bool = False) -> None:
    button = card.get_by_role("button", name=re.compile("^Approve "))
    digits = "".join(c for c in button.get_attribute("aria-label") or "" if c.isdigit())[-4:]
    button.click()
    dialog = page.get_by_role("dialog", name="Approve the request")
    expect(dialog).to_contain_text("The provider still offers it at this price", timeout=SLOW)
    typed = dialog.get_by_label("The number's last four digits")
    if wrong_first:
        typed.fill(digits[::-1] if digits[::-1] != digits else "0000")
        dialog.get_by_role("button", name="Approve", exact=True).click()
        expect(dialog).to_contain_text("not the last four digits", timeout=SLOW)
    typed.fill(digits)
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_have_count(0, timeout=SLOW)


def test_two_approvals_buy_a_number(desk: World, look: Callable[[str, str], Page]) -> None:
    rita, ana = look("U0RITA", "phone-numbers"), look("U0ANA", "number-approvals")
    _ask(rita, "One line for all")
    of_ana = _card(ana, "One line for all")
    expect(of_ana).to_contain_text("0 of 2 approvals", timeout=SLOW)
    _approve(ana, of_ana, wrong_first=True)
    expect(of_ana).to_contain_text("1 of 2 approvals", timeout=SLOW)
    assert desk.buys() == []
    otto = look("U0OTTO", "number-approvals")
    of_otto = _card(otto, "One line for all")
    expect(of_otto).to_contain_text("may decide: otto")
    _approve(otto, of_otto)
    for page in (ana, otto):
        expect(_card(page, "One line for all")).to_contain_text("Bought", timeout=SLOW)
    expect(_card(rita, "One line for all")).to_contain_text("Bought", timeout=SLOW)
    assert len(desk.buys()) == 1


def test_a_denial_with_a_reason_of_the_policy_ends_it(desk: World, look: Callable[[str, str], Page]) -> None:
    rita, ana = look("U0RITA", "phone-numbers"), look("U0ANA", "number-approvals")
    _ask(rita, "A line for fun")
    card = _card(ana, "A line for fun")
    card.get_by_role("button", name=re.compile("^Deny ")).click()
    dialog = ana.get_by_role("dialog", name="Deny the request")
    dialog.get_by_role("combobox").first.select_option(label="Too dear", timeout=SLOW)
    dialog.get_by_role("button", name="Deny", exact=True).click()
    for page in (ana, rita):
        expect(_card(page, "A line for fun")).to_contain_text("Denied", timeout=SLOW)
        expect(_card(page, "A line for fun")).to_contain_text("Too dear")
    expect(card.get_by_role("button", name=re.compile("^(Approve|Deny)"))).to_have_count(0)
    assert desk.buys() == []


def test_a_request_that_nobody_decides_expires(desk: World, look: Callable[[str, str], Page]) -> None:
    rita, ana = look("U0RITA", "phone-numbers"), look("U0ANA", "number-approvals")
    _ask(rita, "A line in time")
    for page in (ana, rita):
        expect(_card(page, "A line in time")).to_contain_text("Expires", timeout=SLOW)
    desk.pass_time(49 * HOUR)
    for page in (ana, rita):
        expect(_card(page, "A line in time")).to_contain_text("Expired", timeout=SLOW)
    expect(ana.get_by_role("log")).to_contain_text("Nobody decided in time", timeout=SLOW)
    assert desk.buys() == []


def test_home_shows_what_waits_lets_it_be_decided_and_follows(
    desk: World, look: Callable[[str, str], Page]
) -> None:
    ana = look("U0ANA", "Numberdesk")
    ana.get_by_text("Home", exact=True).first.click()
    expect(ana.get_by_text("Waits for your decision")).to_be_visible(timeout=SLOW)
    rita = look("U0RITA", "phone-numbers")
    _ask(rita, "A line for Home")
    waiting = ana.get_by_role("button", name=re.compile("^Deny "))
    expect(waiting).to_be_visible(timeout=SLOW)
    waiting.click()
    dialog = ana.get_by_role("dialog", name="Deny the request")
    dialog.get_by_label("In your own words").fill("We have one already", timeout=SLOW)
    dialog.get_by_role("button", name="Deny", exact=True).click()
    expect(waiting).to_have_count(0, timeout=SLOW)
    expect(_card(rita, "A line for Home")).to_contain_text("We have one already", timeout=SLOW)

"""The sweep's message through the page: an approver adopts one number and ignores another."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from bot.usecases.sweep import FIRST_AFTER
from tests.world import World, world

SLOW = 15_000
"""Milliseconds for what takes several processes on a busy machine."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}") as made:
        made.start()
        yield made


def test_an_approver_adopts_one_and_ignores_another(
    desk: World, new_context: Callable[[], BrowserContext]
) -> None:
    page = new_context().new_page()
    page.goto(f"{desk.slack_url}/?user=U0ANA")
    page.get_by_text("number-approvals").first.click()
    desk.pass_time(FIRST_AFTER)
    card = page.get_by_role("log").get_by_role("listitem").filter(has_text="our purchases").first
    expect(card).to_contain_text("3 differences between the provider's account", timeout=SLOW)
    card.get_by_role("button", name="Adopt +1 212-555-0142", exact=True).click()
    page.get_by_role("button", name="Adopt", exact=True).last.click()
    expect(card).to_contain_text("2 differences", timeout=SLOW)
    expect(card).to_contain_text("adopted by")
    card.get_by_role("button", name=re.compile("^Ignore .1 800-555-0123")).click()
    dialog = page.get_by_role("dialog", name="Ignore the difference")
    dialog.get_by_label("Why is this as it should be?").fill("The line of the old office", timeout=SLOW)
    dialog.get_by_role("button", name="Ignore", exact=True).click()
    expect(card).to_contain_text("1 difference between", timeout=SLOW)
    expect(card).to_contain_text("The line of the old office")
    assert desk.buys() == []

"""Makes the README's pictures from the running demo: `.venv/bin/python docs/screenshots.py`."""
# ruff: noqa: INP001 - a script, no package

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
IMAGES = HERE / "images"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
SLOW = 15_000
"""Milliseconds for an answer that goes through several processes."""


@contextmanager
def demo() -> Iterator[str]:
    """The demo world on a free port; yields its address."""
    command = [sys.executable, "-u", "-m", "sandbox"]
    environment = {**os.environ, "DEMO_PORT": "0"}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=HERE.parent, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = iter(process.stdout or ())
            yield next(line.strip() for line in lines if line.strip().startswith("http://"))
        finally:
            process.terminate()
            process.communicate()  # reads on to the end: it says goodbye


def look(browser: Browser, address: str, person: str) -> Page:
    """One person at their page."""
    page = browser.new_page(viewport={"width": 1180, "height": 900}, locale="en-US", timezone_id="UTC")
    page.goto(f"{address}/?user={person}")
    return page


def take(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


def say(page: Page, text: str) -> None:
    box = page.get_by_label("Message #")
    box.fill(text)
    box.press("Enter")


def ask(page: Page, search: str, title: str, buy: str | re.Pattern[str], reason: str) -> None:
    """Searches, takes a number from the answer of that title, asks for it and says why."""
    say(page, f"/number search {search}")
    button = page.get_by_role("listitem").filter(has_text=title).get_by_role("button", name=buy)
    button.first.wait_for(timeout=SLOW)
    take(page, "search")
    button.first.click()
    dialog = page.get_by_role("dialog", name="Confirm the purchase")
    dialog.get_by_label("What is it for?").fill(reason, timeout=SLOW)
    take(page, "confirmation")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(dialog).to_have_count(0, timeout=SLOW)


def approve(page: Page, card: Locator, number: str) -> None:
    """Says yes in the approver's form, and types the number's last digits."""
    card.get_by_role("button", name=re.compile("^Approve ")).click()
    dialog = page.get_by_role("dialog", name="Approve the request")
    dialog.get_by_label("The number's last four digits").fill(number[-4:], timeout=SLOW)
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_have_count(0, timeout=SLOW)


def walk(browser: Browser, address: str) -> None:
    """A dear number that waits, a toll-free one with two approvals, Home and the budget."""
    people = [look(browser, address, person) for person in ("U0RITA", "U0ANA", "U0OTTO")]
    rita, ana, otto = people
    ask(rita, "US tollfree", "oll-free", re.compile("^Buy "), "One line for all our customers")
    ask(rita, "US local 415", "415", "Buy +1 415-555-7777", "The number on the new posters")
    for page in (ana, otto):
        page.get_by_text("number-approvals").first.click()
    text = "One line for all our customers"
    of_ana, of_otto = (page.get_by_role("listitem").filter(has_text=text) for page in (ana, otto))
    button = of_ana.get_by_role("button", name=re.compile("^Approve "))
    name = button.get_attribute("aria-label", timeout=SLOW) or ""
    digits = "".join(letter for letter in name if letter.isdigit())
    approve(ana, of_ana, digits)
    expect(of_otto).to_contain_text("1 of 2 approvals", timeout=SLOW)
    take(otto, "approval")
    approve(otto, of_otto, digits)
    expect(of_otto).to_contain_text("Bought", timeout=SLOW)
    take(otto, "bought")
    ana.get_by_text("phone-numbers").first.click()
    say(ana, "/number budget")
    expect(ana.get_by_role("log")).to_contain_text("left", timeout=SLOW)
    take(ana, "budget")
    ana.get_by_role("link", name="Numberdesk").or_(ana.get_by_role("button", name="Numberdesk")).first.click()
    ana.get_by_text("Home", exact=True).first.click()
    expect(ana.get_by_text("Waiting for").first).to_be_visible(timeout=SLOW)
    take(ana, "home")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        walk(browser, address)
        browser.close()


if __name__ == "__main__":
    main()

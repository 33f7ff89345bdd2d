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

from playwright.sync_api import Browser, Page, expect, sync_playwright

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


def walk(browser: Browser, address: str) -> None:
    """Search, confirmation and approval of a dear number."""
    rita, ana = look(browser, address, "U0RITA"), look(browser, address, "U0ANA")
    box = rita.get_by_label("Message #phone-numbers")
    box.fill("/number search US local 415")
    box.press("Enter")
    buttons = rita.get_by_role("button", name=re.compile("^Buy "))
    buttons.first.wait_for(timeout=SLOW)
    take(rita, "search")
    dear = rita.get_by_role("button", name="Buy +1 415-555-7777")
    dear.click()
    dialog = rita.get_by_role("dialog", name="Confirm the purchase")
    dialog.get_by_label("What is it for?").fill("The number on the new posters", timeout=SLOW)
    take(rita, "confirmation")
    dialog.get_by_role("button", name="Ask for approval").click()
    ana.get_by_text("number-approvals").first.click()
    approve = ana.get_by_role("button", name=re.compile("^Approve "))
    approve.wait_for(timeout=SLOW)
    take(ana, "approval")
    approve.click()
    ana.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click(timeout=SLOW)
    expect(ana.get_by_role("log")).to_contain_text("Bought", timeout=SLOW)
    take(ana, "bought")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        walk(browser, address)
        browser.close()


if __name__ == "__main__":
    main()

"""A browser for the tests of the page: Debian's or anybody's Chromium, nothing is downloaded."""

from pathlib import Path

import pytest

from tests.conftest import CHROMIUM
from tests.sandbox.conftest import running, slack

__all__ = ["running", "slack"]

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    """Everything here drives a browser; the conftest above leaves it out where there is none."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def base_url():
    """The plugin's own fixture of this name is written in a way that pytest 9 warns of."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": QUIET}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    viewport = {"width": 1180, "height": 900}
    return {**browser_context_args, "viewport": viewport, "locale": "en-US", "timezone_id": "UTC"}


@pytest.fixture
def troubles():
    """What browsers complained of; a test that provokes a complaint on purpose clears it."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def new_context(new_context, troubles):
    """Contexts (one is one person) in which any console error or uncaught exception fails the test."""

    def make(**options):
        context = new_context(**options)
        context.on("console", lambda message: _note(troubles, message))
        context.on("weberror", lambda problem: troubles.append(str(problem.error)))
        return context

    return make


def _note(troubles, message):
    if message.type in {"error", "warning"}:
        troubles.append(f"{message.type}: {message.text} ({message.location})")

"""The stand-in of Slack, started once for the tests of a file and emptied for each of them."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from tests.sandbox.counterpart import TOKEN, Bench, bench


@pytest.fixture(scope="module")
def running() -> Iterator[Bench]:
    with bench() as one:
        yield one


@pytest.fixture
def slack(running: Bench) -> Bench:
    return running.fresh()


@pytest.fixture
def client(slack: Bench) -> WebClient:
    return WebClient(TOKEN, base_url=f"{slack.url}/api/")

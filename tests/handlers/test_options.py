"""Lists to choose from: as many lines as Slack takes, and none left out of reach."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.model.errors import ProviderError
from handlers.options import MOST, NOT_YET, _offer
from tests.handlers.answering import parts_for
from tests.sandbox.counterpart import Bench, bench

APPLICATIONS = tuple((f"Hotline {number:03}", f"id{number}") for number in range(250))


@pytest.fixture(scope="module")
def slack() -> Iterator[Bench]:
    with bench() as one:
        yield one


def offered(slack: Bench, typed: str, ask: Any = lambda _: APPLICATIONS) -> list[str]:
    answers: list[dict[str, Any]] = []
    with parts_for(slack) as parts:
        _offer(parts, ask, lambda **answer: answers.append(answer), {"value": typed})
    return [line["text"]["text"] for line in answers[0]["options"]]


@pytest.mark.parametrize("typed", ["", "hot", "HOTLINE"])
def test_of_too_many_lines_the_first_hundred_come(slack: Bench, typed: str) -> None:
    """An answer of more than a hundred lines was refused whole, or cut in silence."""
    assert offered(slack, typed) == [name for name, _ in APPLICATIONS[:MOST]]


def test_what_is_beyond_the_hundredth_line_is_found_by_typing(slack: Bench) -> None:
    assert offered(slack, "line 249") == ["Hotline 249"]


def test_a_provider_that_fails_is_said_and_no_list_is_none(slack: Bench) -> None:
    """An empty list was refused, and the modal stood at "Loading" for ever."""

    def broken(_: Any) -> Any:
        raise ProviderError("down")

    assert offered(slack, "", broken) == [NOT_YET]
    assert offered(slack, "no such thing") == []
    assert offered(slack, "", lambda _: ()) == []

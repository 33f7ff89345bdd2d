"""Everything that a provider can answer to a purchase: which state follows, and what people read."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults import truth
from tests.faults.scenes import Played
from tests.faults.stage import LOOK_AGAIN, Stage

SOAK = os.environ.get("SOAK") == "1"
KINDS = ("sqlite", "postgresql") if SOAK else ("sqlite",)
UNCLEAR = "may or may not have been bought"
NOT_BOUGHT = "was not bought"
BOUGHT = "was bought"
_DONE = {"status": 201, "body": {"api_id": "1", "message": "created", "status": "fulfilled"}}


@dataclass(frozen=True)
class Fault:
    """What the provider does to the call, and what is to come of it."""

    do: dict[str, Any]
    ends: str
    told: tuple[str, ...]
    calls: int = 1


def _lost(do: dict[str, Any]) -> Fault:
    """Nothing was bought, and only asking shows it."""
    return Fault(do, "not_bought", (UNCLEAR, NOT_BOUGHT))


def _found(do: dict[str, Any]) -> Fault:
    """It was bought, and only asking shows it."""
    return Fault(do, "bought", (UNCLEAR, BOUGHT))


def _later(do: dict[str, Any]) -> Fault:
    """The call did nothing, and is made again."""
    return Fault(do, "bought", (), 2)


def _and_then(status: int, body: Any = "", **more: Any) -> dict[str, Any]:
    return {"effect_then": {"status": status, "body": body, **more}}


def _wait_until(date: str) -> dict[str, Any]:
    return {"status": 429, "headers": {"Retry-After": date}}


FAULTS: dict[str, Fault] = {
    "no answer, no effect": _lost({"silent": "before"}),
    "no answer, with effect": _found({"silent": "after"}),
    "an answer after the time-out": _found({"delay": 4, "at": "after"}),
    "the connection breaks before the effect": _lost({"reset": "before"}),
    "the connection breaks after the effect": _found({"reset": "after"}),
    "the answer is cut": _found({"cut": True}),
    "500, no effect": _lost({"status": 500}),
    "500, with effect": _found(_and_then(500)),
    "502, no effect": _lost({"status": 502}),
    "502, with effect": _found(_and_then(502)),
    "503, no effect": _lost({"status": 503, "headers": {"Retry-After": "1"}}),
    "503, with effect": _found(_and_then(503)),
    "a web page, no effect": _lost({"html": "before"}),
    "a web page, with effect": _found({"html": "after"}),
    "an empty body, with effect": _found(_and_then(201)),
    "partial success, no effect": _lost({"status": 206}),
    "partial success, with effect": _found(_and_then(206)),
    "moved for good, no effect": _lost({"status": 301, "headers": {"Location": "/v1/elsewhere/"}}),
    "moved for now, with effect": _found(_and_then(307, headers={"Location": "/v1/elsewhere/"})),
    "JSON of another shape, with effect": _found(_and_then(201, {"fine": True})),
    "JSON of another shape, no effect": _lost({"status": 200, "body": {"fine": True}}),
    "says that it is done, and is not": _lost({**_DONE, "body": {"status": "who knows"}}),
    "404 though it is ours": Fault(_and_then(404, {"error": "not found"}), "bought", ()),
    "404, for somebody else has it": _lost({"status": 404, "body": {"error": "not found"}}),
    "too many requests, with a time": _later({"status": 429, "headers": {"Retry-After": "1"}}),
    "too many requests, without one": _later({"status": 429}),
    "too many requests, by a clock that is behind": _later(_wait_until("Wed, 21 Oct 2015 07:28:00 GMT")),
    "too many requests, by a clock that is ahead": _later(_wait_until("Wed, 21 Oct 2099 07:28:00 GMT")),
    "a clear no": Fault({"status": 400, "body": {"error": "not for sale"}}, "refused", (NOT_BOUGHT,)),
    "no money": Fault({"status": 402, "body": {"error": "no credit"}}, "refused", (NOT_BOUGHT,)),
    "the list lags behind": Fault({"silent": "after"}, "bought", (UNCLEAR, BOUGHT)),
    "documents are asked for": Fault({"pending": True}, "awaiting_documents", ("it works once",)),
}

SHORT = (
    "an answer after the time-out",
    "the connection breaks after the effect",
    "a web page, no effect",
    "an empty body, with effect",
    "moved for good, no effect",
    "404 though it is ours",
    "404, for somebody else has it",
    "the list lags behind",
    "documents are asked for",
)
"""Those that `make test` plays; `make soak` plays all, and the use cases' own tests do without a process."""


@pytest.mark.grows
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FAULTS if SOAK else SHORT)
def test_what_the_provider_answers_is_taken_for_what_it_means(
    stages: Callable[[str], Stage], kind: str, name: str
) -> None:
    here, fault = stages(kind), FAULTS[name]
    number = here.confirm(dear=False)
    here.desk.plivo.spoil("buy", fault.do, times=1, number=number)
    lags = name == "the list lags behind"
    if lags:
        here.desk.plivo.spoil("rented", {"lag": 3}, number=number)
    here.foretell(None)
    request = here.submit(number)
    here.settled(wait=2.0 if lags else LOOK_AGAIN)  # the provider's time passes no faster
    here.disarm()
    assert here.shows(request, f"p.status = '{fault.ends}'"), here.where()
    calls = here.desk.plivo.control("GET", f"sandbox/log?kind=buy&number={number}")
    assert len(calls) == fault.calls
    held = fault.ends in {"bought", "awaiting_documents"}
    assert here.desk.plivo.ours(number) == held
    told = [m.words for m in here.rita.messages(here.rita.direct) if request in m.words]
    for words in fault.told:
        assert any(words in said for said in told), told
    truth.check_rows(here.desk)
    if fault.ends != "awaiting_documents":
        truth.check(here, Played(number, request))


def test_documents_that_are_accepted_or_refused_weeks_later_are_noticed(
    stages: Callable[[str], Stage],
) -> None:
    here = stages(KINDS[0])
    numbers = {"accepted": here.confirm(dear=False)}
    here.desk.plivo.spoil("buy", {"pending": True}, times=1, number=numbers["accepted"])
    first = here.submit(numbers["accepted"])
    here.settled()
    numbers["refused"] = here.confirm(dear=False)
    here.desk.plivo.spoil("buy", {"pending": True}, times=1, number=numbers["refused"])
    second = here.submit(numbers["refused"])
    here.settled()
    here.desk.plivo.control("PUT", f"sandbox/numbers/{numbers['accepted']}", json={"active": True})
    here.desk.plivo.control("PUT", f"sandbox/numbers/{numbers['refused']}", json={"ours": False})
    here.desk.pass_time(3600)  # what was bought a moment ago may not be listed yet
    checked = here.desk.run("purchases", "--check")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert numbers["refused"][-4:] in checked.stdout
    here.desk.pass_time(25 * 3600)
    here.until(lambda: here.shows(first, "p.status = 'bought'"))
    report = here.ana.wait_message("C0APPROVE", numbers["refused"][-4:], timeout=20)
    assert numbers["accepted"][-4:] not in report.words
    assert here.shows(second, "p.status = 'awaiting_documents'"), "what became of it is for people to say"

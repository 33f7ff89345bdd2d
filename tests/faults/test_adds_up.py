"""The audit after the soak fails for each thing that it says is not so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.slack.driver import Message
from tests.faults.adds_up import Ended, approvers_see, calls_announced, held_once, in_final_states, said

BOUGHT = Ended("R1", "U1", "approved", "14150001", "bought", 1)
DENIED = Ended("R2", "U1", "denied", "14150002", "dropped", 1)


def card(request: str, words: str) -> Message:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": f"{words} {request}"}}
    return Message("1.1", "C1", "UBOT", words, [block], False, False, None, False)


def test_what_is_so_passes() -> None:
    in_final_states([BOUGHT, DENIED])
    calls_announced(["14150001"], {"14150001": 1})
    held_once([BOUGHT, DENIED], {"14150001"})
    said(BOUGHT, [card("R1", "Bought")], ["R1 was approved", "R1 was bought"])
    said(DENIED, [card("R2", "Denied")], ["R2 was denied"])
    said(replace(BOUGHT, approvals=0), [card("R1", "Bought")], [])
    approvers_see([BOUGHT, replace(DENIED, approvals=0)], [card("R1", "Bought")])


@pytest.mark.parametrize(
    "planted",
    [
        lambda: in_final_states([replace(BOUGHT, purchase="unknown")]),
        lambda: in_final_states([replace(DENIED, status="pending")]),
        lambda: calls_announced(["14150001", "14150001"], {"14150001": 1}),
        lambda: calls_announced(["14150009"], {"14150001": 1}),
        lambda: held_once([BOUGHT, replace(BOUGHT, request="R3")], {"14150001"}),
        lambda: held_once([BOUGHT], set()),
        lambda: held_once([BOUGHT], {"14150001", "14150002"}),
        lambda: said(BOUGHT, [], ["R1 was bought"]),
        lambda: said(BOUGHT, [card("R1", "Buying")], ["R1 was bought"]),
        lambda: said(BOUGHT, [card("R1", "Bought")], []),
        lambda: said(BOUGHT, [card("R1", "Bought")], ["R1 was bought", "R1 was approved"]),
        lambda: said(replace(BOUGHT, approvals=0), [card("R1", "Bought")], ["R1 may or may not have been"]),
        lambda: approvers_see([BOUGHT], []),
        lambda: approvers_see([BOUGHT], [card("R1", "Buying"), card("R2", "Bought")]),
        lambda: said(DENIED, [card("R2", "Denied")], ["R1 was denied"]),
    ],
)
def test_what_is_not_so_is_found(planted: Callable[[], None]) -> None:
    with pytest.raises(AssertionError):
        planted()

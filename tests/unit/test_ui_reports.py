"""The words of a sweep's message and of an unclear purchase: what is the case, and what to do."""

from dataclasses import replace

import pytest

from bot.model.purchase import PurchaseStatus
from bot.model.sweep import DifferenceState, Kind
from bot.usecases.adopt import Adopted, IgnoredAll, NoSuchDifference, Over
from handlers.ui import reports, unclear
from handlers.ui.blocks import Block
from handlers.ui.cards import card
from tests.unit.test_ui_limits import a_difference, a_purchase, a_report, a_view

_D = DifferenceState


def words(built: Block) -> str:
    found: list[str] = []

    def collect(part: object) -> None:
        if isinstance(part, dict):
            found.extend(value for key, value in part.items() if key == "text" and isinstance(value, str))
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for each in part:
                collect(each)

    collect(built["blocks"])
    return "\n".join(found)


def buttons(built: Block) -> list[str]:
    rows = [block["elements"] for block in built["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


def test_a_report_says_how_much_and_what_and_shows_ten() -> None:
    built = reports.report(a_report("Fax"))
    said = words(built)
    assert "10,000 differences between the provider's account and our purchases" in said
    assert "9,990 more differences; as these end, the next ones are shown." in said
    assert "“Fax” · $0.80/month · rented since 2025-02-14 · in subaccount Fax" in said
    assert "Request R7K3M9QXZ2AB by <@U0BEA> bought it" in said
    assert "release it in the provider's console" in said
    assert buttons(built).count("sweep_ignore") == 10
    assert buttons(built).count("sweep_adopt") == 5, "what is gone cannot be adopted"
    assert {"sweep_adopt_all", "sweep_ignore_all"} <= set(buttons(built))
    assert len(built["blocks"]) <= 50


def test_one_difference_has_no_buttons_for_all() -> None:
    built = reports.report(a_report("Fax", 1, 0))
    assert "1 difference between" in words(built)
    assert "sweep_adopt_all" not in buttons(built)


def test_a_report_whose_differences_are_over_says_so_and_has_no_button() -> None:
    built = reports.report(a_report("Fax", 0, 0))
    assert "The account and our purchases agree again" in words(built)
    assert buttons(built) == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (_D.ADOPTED, "adopted by <@U0ANA> <!date^1773480413^"),
        (_D.IGNORED, "ignored by <@U0ANA> <!date^1773480413^"),
        (_D.RESOLVED, "resolved <!date^1773480413^"),
        (_D.OPEN, "open since <!date^1773480413^"),
    ],
)
def test_how_a_difference_ended_is_said_with_who_and_when(state: DifferenceState, said: str) -> None:
    each = a_difference("of the other office", state=state)
    assert reports.ending(each).startswith(said)
    assert said in reports.obstacle(Over(each))


def test_what_came_of_many_is_counted() -> None:
    assert reports.adopted(Adopted(("14155550100",), 0)) == "+1 415-555-0100 is one of ours now."
    assert reports.adopted(Adopted(("1", "2"), 1)).startswith("2 numbers are ours now. 1 number could not be")
    assert reports.ignored(IgnoredAll(300)) == "300 numbers will not be told again."
    assert "not known here" in reports.obstacle(NoSuchDifference())


def test_a_missing_number_without_its_purchase_is_still_said() -> None:
    view = replace(a_report("x", 1, 0), orders={})
    assert "A purchase of ours says that the account holds it." in words(reports.report(view))
    assert a_difference("x", Kind.GONE).kind is Kind.GONE


def test_who_has_to_look_reads_all_that_is_known() -> None:
    purchase = replace(
        a_purchase("", PurchaseStatus.NEEDS_HUMAN), answer="HTTP 502, a web page", api_id="api-17",
        note="The provider could not be asked: time-out", looks=11,
    )  # fmt: skip
    view = replace(a_view("hotline", purchase=PurchaseStatus.NEEDS_HUMAN), purchases=(purchase,))
    said = words(card(view, kind="approval"))
    for fact in (
        "+1 415-555-0100",
        "sked by U0BEA",
        "$2.30",
        "The provider was called <!date^1773480413^",
        "and answered: “HTTP 502, a web page” (provider's id api-17)",
        "Asked 11 times since then whether the account holds it, and asked on.",
        "The last time: “The provider could not be asked: time-out”",
        "Your Numbers, for +1 415-555-0100",
        "Only one that was added on 2026-03-14 (UTC) is this purchase's.",
        "*It was bought*: The number counts as ours and $2.30 as spent",
        "*It was not bought*: Nothing counts as spent, $2.30 is free again",
        "If the provider answers later, its answer counts",
    ):
        assert fact in said, fact


def test_a_call_without_an_answer_is_said_as_that() -> None:
    purchase = replace(a_purchase("x"), answer=None, call_at=None, note=None)
    assert unclear.facts(purchase)[:2] == [
        "The provider was called; no answer was recorded.",
        "Asked 3 times since then whether the account holds it, and asked on.",
    ]

"""Asking in Slack: taking back, saying better, for somebody else, without approval; and who may not."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from handlers.asking import NOT_ARRIVED
from handlers.options import NOT_YET
from sandbox.slack.delivery import signature_headers
from sandbox.slack.world import Json
from tests.handlers.several import (
    ANA,
    CARA,
    CHEAP,
    GUS,
    ONE,
    OTTO,
    POLICY,
    REASON,
    RITA,
    TWO,
    Several,
    approving,
    confirmation,
    opened,
    seen,
    several,
    submit_once_known,
    told,
    waiting,
)
from tests.world import APPROVE, NUMBERS, SIGNING_SECRET

URGENT = "The hotline is down"
TIGHT = (
    POLICY
    + """
[budgets]
workspace = "52.00"
per_user = "30.00"
raised_by = ["U0CARA"]
"""
)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    folder = tmp_path_factory.mktemp("asking")
    with several(folder, f"sqlite:///{folder / 'numberdesk.db'}") as made:
        yield made


def test_who_asked_takes_it_back_and_a_stranger_cannot(team: Several) -> None:
    """Anybody could discard a request, and who had tried stood nowhere."""
    number = team.asked(ONE)
    mine = seen(team.ana, NUMBERS, number, "Waiting for approval")
    approving(team.ana, number)
    team.otto.click(mine, "request_cancel")
    team.otto.wait_message(NUMBERS, "You may not cancel this request.")
    assert team.logged(number, "request.cancelled", "denied") == [
        "Only who asked, and for whom it was asked, can take a request back."
    ]
    assert team.standing(number) == ["pending"]
    team.rita.click(mine, "request_cancel")
    team.rita.wait_message(NUMBERS, "The request is cancelled.")
    for channel in (NUMBERS, APPROVE):
        card = seen(team.ana, channel, number, "Cancelled")
        assert f"Taken back by <@{RITA}>" in card.words
        assert [b["action_id"] for b in card.buttons] == ["request_timeline"]
    assert "took back the request" in seen(team.ana, APPROVE, number, "Nothing was bought").words
    assert team.ana.submit() is None
    assert f"already cancelled by <@{RITA}>" in told(team.ana)
    confirmation(team.rita, number)
    team.rita.fill("reason", "After all")
    assert team.rita.submit() is None
    waiting(team.ana, number)
    assert team.standing(number) == ["cancelled", "pending"]


def test_a_reason_is_changed_on_both_cards_and_by_one_at_a_time(team: Several) -> None:
    """The text of a message was the database: what stood there before was lost, or cut at a colon."""
    number = team.asked(ONE, reason="fix: bug 7")
    mine = seen(team.rita, NUMBERS, number, "Reason: fix: bug 7")
    opened(team.otto, lambda: team.otto.click(mine, "request_reason"))
    assert "You may not change this request." in told(team.otto)
    before = opened(team.rita, lambda: team.rita.click(mine, "request_reason"))
    assert "fix: bug 7" in str(before.blocks)
    team.rita.fill("reason", "  ")
    assert team.rita.submit() == {"reason": "Please say why in a few words."}
    team.rita.fill("reason", "fix: bug 8")
    assert team.rita.submit() is None
    for channel in (NUMBERS, APPROVE):
        card = seen(team.rita, channel, number, "Reason: fix: bug 8")
        assert "reason changed" in card.words
    timeline = opened(team.rita, lambda: team.rita.click(card, "request_timeline"))
    assert "fix: bug 7" in timeline.words and "fix: bug 8" in timeline.words
    team.rita.close_modal()
    assert team.logged(number, "request.reason_changed") == ["fix: bug 8"]


def test_two_who_change_a_reason_at_once_see_each_others(team: Several) -> None:
    number = _for_cara(team, ONE)
    mine = seen(team.rita, NUMBERS, number, "Waiting for approval")
    opened(team.rita, lambda: team.rita.click(mine, "request_reason"))
    opened(team.cara, lambda: team.cara.click(mine, "request_reason"))
    team.rita.fill("reason", "Hers: the first")
    team.cara.fill("reason", "The other's: later")
    assert team.rita.submit() is None
    assert team.cara.submit() is None
    shown = team.cara.modal()
    assert shown is not None and shown.submit == "Change"
    assert "changed while you were typing" in shown.words and "Hers: the first" in shown.words
    assert team.cara.submit() is None and team.cara.modal() is None
    seen(team.ana, APPROVE, number, "Reason: The other's: later")
    assert team.logged(number, "request.reason_changed") == ["Hers: the first", "The other's: later"]


def test_an_approver_gives_more_time_once(team: Several) -> None:
    number = team.asked(ONE)
    card = waiting(team.ana, number)
    team.rita.click(card, "request_extend")
    team.rita.wait_message(APPROVE, "Only approvers give a request more time.")
    # the card stays as it was until Slack takes its redraw: two people press the same button
    team.desk.control.fault("chat.update", {"status": 503}, times=1_000)
    team.ana.click(card, "request_extend")
    team.ana.wait_message(APPROVE, "The request has more time: it expires")
    team.otto.click(card, "request_extend")
    assert f"<@{ANA}> gave it more time already" in team.otto.wait_message(APPROVE, "can be done once").words
    team.desk.control.end_faults()
    now = waiting(team.ana, number, "(more time by")
    assert "request_extend" not in [b["action_id"] for b in now.buttons]
    assert len(team.logged(number, "request.extended")) == 1
    assert team.logged(number, "request.extended", "denied")[-1] == f"extended before by {ANA}"


def _for_cara(team: Several, monthly: str) -> str:
    number = team.priced(monthly)
    confirmation(team.rita, number)
    team.rita.choose_user("for_user", CARA)
    team.rita.fill("reason", REASON)
    assert submit_once_known(team.rita) is None
    return number


def test_neither_who_asks_nor_for_whom_it_is_may_approve(team: Several) -> None:
    """Self-approval came back as if all was fine."""
    number = _for_cara(team, ONE)
    for channel in (NUMBERS, APPROVE):
        assert "Asked by rita for cara" in seen(team.ana, channel, number, "Waiting").words
    card = waiting(team.ana, number)
    assert "may decide: ana, otto" in card.words
    for person in (team.rita, team.cara):
        opened(person, lambda p=person: p.click(card, "request_approve"))  # type: ignore[misc]
        assert "You may not approve this request." in told(person)
    assert len(team.logged(number, "request.approval", "denied")) == 2
    approving(team.ana, number)
    assert team.ana.submit() is None
    for person in (team.rita, team.cara):
        seen(person, person.direct, number, "was approved")
        seen(person, person.direct, number, "was bought")
    assert len(team.desk.buys(number)) == 1


def test_a_broken_glass_is_loud_and_buys_once(tmp_path: Path, database_url: str) -> None:
    """What was bought first and recorded later was lost, or bought twice; copies of one form were two."""
    with several(tmp_path, database_url) as team:
        number = team.priced(TWO)
        below = confirmation(team.cara, number)
        team.cara.fill("reason", "The line")
        # Slack loses the way to the app for a moment: this form arrives later
        team.desk.control.request_url(None)
        assert "" in (team.cara.submit() or {})
        team.desk.control.request_url(f"http://127.0.0.1:{team.desk.port}/slack/events")
        late = team.desk.control.log("delivery")[-1]["payload"]
        glass = opened(team.cara, lambda: team.cara.click(below, "break_glass"))
        assert "Nobody has approved this" in glass.words and f"<@{OTTO}> are pinged" in glass.words
        assert "2 approvals" in glass.words
        team.cara.fill("reason", "Too short")
        assert list(team.cara.submit() or {}) == ["reason"]
        team.cara.fill("reason", " too short ")
        assert team.cara.submit() == {"reason": "At least 10 characters."}
        assert team.desk.buys() == []
        since = team.desk.control.mark()
        team.cara.fill("reason", f"{URGENT} <!channel>")
        assert team.cara.submit() is None
        assert team.cara.modal() is None, "both forms are closed"
        assert team.desk.control.redeliver()["error"] is None
        assert "Asked already" in _deliver(team, late)
        for channel in (NUMBERS, APPROVE):
            card = seen(team.otto, channel, number, "Bought")
            assert ":rotating_light: Without approval" in card.words
            assert f"Bought without approval by <@{CARA}>" in card.words and URGENT in card.words
            assert "request_approve" not in [b["action_id"] for b in card.buttons]
        notice = seen(team.otto, APPROVE, number, "*without approval*")
        assert "cara buys" in notice.words and URGENT in notice.words
        pings = [p for p in team.desk.control.pings(since) if p["ts"] == notice.ts]
        assert [set(p["users"]) for p in pings] == [{OTTO}], "not who did it"
        cards = [m for m in team.ana.messages(APPROVE) if m.thread_ts is None]
        assert not any("For a decision" in card.words for card in cards), "there is nothing to decide"
        assert len(team.desk.buys(number)) == 1 and team.standing(number) == ["approved"]
        assert len(team.logged(number, "request.repeated")) == 2


def _deliver(team: Several, payload: Json) -> str:
    """A payload that was under way for long; what the app answers."""
    body = urlencode({"payload": json.dumps(payload)})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    headers |= signature_headers(SIGNING_SECRET, body, int(time.time()))
    url = f"http://127.0.0.1:{team.desk.port}/slack/events"
    return requests.post(url, data=body, headers=headers, timeout=10).text


def test_what_had_not_arrived_is_never_part_of_a_purchase(tmp_path: Path) -> None:
    """A line that only says "not yet" was chosen, and sent on as if it were an application."""
    with several(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}") as team:
        number = team.priced(TWO)
        team.desk.plivo.spoil("applications", {"hold": "list", "at": "after"}, times=2)
        below = confirmation(team.cara, number)
        team.cara.choose("app_id", NOT_YET)
        glass = opened(team.cara, lambda: team.cara.click(below, "break_glass"))
        assert f"{NOT_ARRIVED} Nothing was bought." in glass.words and glass.submit is None
        team.cara.close_modal()
        team.cara.fill("reason", "For later")
        assert team.cara.submit() == {"app_id": NOT_ARRIVED}
        assert team.desk.buys() == []
        team.desk.plivo.control("POST", "sandbox/release/list")
        arrived = team.cara.wait_for(
            lambda p: [o for o in p.options(below, "app_id", "") if o["text"]["text"] != NOT_YET]
        )
        assert arrived
        team.cara.choose("app_id", arrived[0]["text"]["text"])
        opened(team.cara, lambda: team.cara.click(below, "break_glass"))
        team.cara.fill("reason", URGENT)
        assert team.cara.submit() is None
        seen(team.otto, APPROVE, number, "*without approval*")
        seen(team.otto, NUMBERS, number, "Bought")
        assert [buy["body"]["app_id"] for buy in team.desk.buys(number)] == [arrived[0]["value"]]


def test_only_who_is_on_the_list_sees_how_to_buy_without_approval(team: Several) -> None:
    dear, cheap = team.priced(TWO), team.priced(CHEAP)
    assert "break_glass" not in str(confirmation(team.rita, dear).blocks)
    assert "break_glass" not in str(confirmation(team.ana, dear).blocks)
    assert "break_glass" in str(confirmation(team.cara, dear).blocks)
    assert "break_glass" not in str(confirmation(team.cara, cheap).blocks), "nobody has to approve it"
    for person in (team.rita, team.ana, team.cara):
        person.close_modal()


def test_a_confirmation_that_slack_delivers_again_is_one_request(team: Several) -> None:
    """A submission that was delivered twice was two orders."""
    number = team.asked(CHEAP)
    assert team.desk.control.redeliver()["error"] is None
    seen(team.rita, NUMBERS, number, "Bought")
    assert len(team.desk.buys(number)) == 1 and team.standing(number) == ["approved"]
    assert len(team.logged(number, "request.repeated")) == 1


def test_who_may_not_ask_is_told_why(tmp_path: Path) -> None:
    """A refused request was called submitted; one person who was gone from Slack broke every request."""
    with several(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}", TIGHT) as team:
        team.desk.control.person(OTTO, error="internal_error")
        first, second = team.priced(TWO), team.priced(TWO)
        shown = confirmation(team.rita, first)
        assert "Your budget this month (UTC): $30.00 of $30.00 left" in shown.words
        team.rita.fill("reason", REASON)
        assert team.rita.submit() is None
        shown = confirmation(team.rita, second)
        assert "$20.00 more than is left of your budget" in shown.words
        assert f"<@{CARA}> can raise it." in shown.words
        assert "Ask for approval" not in str(shown) and "reason" not in str(shown.blocks)
        told(team.rita)
        team.reprice(second, monthly="29.00000")
        shown = confirmation(team.ana, second)
        assert "$2.00 more than is left of the workspace's budget" in shown.words
        told(team.ana)
        confirmation(team.ana, team.priced(TWO))
        confirmation(team.cara, third := team.priced(TWO))
        team.cara.fill("reason", REASON)
        assert team.cara.submit() is None
        waiting(team.cara, third)
        team.ana.fill("reason", REASON)
        assert team.ana.submit() is None
        refused = told(team.ana)
        assert "The workspace's budget of $52.00" in refused and "$23.00 too much. Nothing" in refused
        assert f"<@{CARA}> can raise it." in refused
        confirmation(team.gus, second)
        assert "does not let guests request numbers. Nothing was bought." in told(team.gus)
        confirmation(team.otto, second)
        assert "could not be looked up in Slack" in told(team.otto)
        confirmation(team.ana, team.priced(CHEAP))
        for person, why in ((OTTO, "could not be looked up in Slack"), (GUS, "does not let guests")):
            team.ana.choose_user("for_user", person)
            team.ana.fill("reason", REASON)
            below = submit_once_known(team.ana) or {}
            assert list(below) == ["for_user"] and why in below["for_user"]
            assert below["for_user"].startswith("It cannot be for "), "by name"
            assert "Choose somebody else, or leave it empty." in below["for_user"]
        assert "gus" in below["for_user"]
        team.ana.close_modal()
        confirmation(team.ana, team.priced("100.00000"))
        assert "Nobody needs that. (rule “never”) Nothing was bought." in told(team.ana)
        assert team.standing(second) == [] and team.desk.buys() == []
        whys = ["action:request.submitted", "outcome:denied"]
        logged = team.desk.run("audit", "query", *whys, "--json").stdout
        assert all(one in logged for one in (RITA, GUS, OTTO, ANA)), "each refusal says whose it was"


def test_what_stands_beside_for_somebody_else_is_true_for_each_rule(team: Several) -> None:
    def beside(monthly: str) -> str:
        shown = str(confirmation(team.rita, team.priced(monthly)).blocks)
        team.rita.close_modal()
        return shown

    assert "cannot approve" not in beside(CHEAP), "nobody has to"
    assert "Whoever you choose cannot approve it, nor can you" in beside(ONE)
    assert "cannot be for one of the approvers" not in beside(TWO), "three are left"


def test_what_too_few_can_approve_is_not_asked_for(tmp_path: Path) -> None:
    """A request that needed two approvals and had one approver left could only expire."""
    policy = POLICY.replace('["S0PROCURE", "U0CARA"]', '["S0PROCURE"]')
    with several(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}", policy) as team:
        number = team.priced(TWO)
        shown = confirmation(team.rita, number)
        assert "It cannot be for one of the approvers" in str(shown.blocks)
        team.rita.choose_user("for_user", ANA)
        team.rita.fill("reason", REASON)
        below = submit_once_known(team.rita) or {}
        assert list(below) == ["for_user"]
        assert "1 approver would be left, and 2 approvals are needed" in below["for_user"]
        team.rita.choose_user("for_user", CARA)
        assert submit_once_known(team.rita) is None
        waiting(team.ana, number)
        shown = confirmation(team.ana, team.priced(TWO))
        assert f"only <@{OTTO}> could approve it" in shown.words and f"<@{ANA}> cannot" in shown.words
        assert "names more approvers" in shown.words
        told(team.ana)
        logged = team.desk.run("audit", "query", "action:request.submitted", "outcome:denied").stdout
        assert logged.count("needs 2 approvals") >= 2

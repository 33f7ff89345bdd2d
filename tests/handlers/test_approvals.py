"""Deciding in Slack: quorum, denials with a reason, typed digits, and today's price before a yes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.ui.decide import MISTYPED, MOVED, NOT_ASKED, SAME, UNTYPED
from tests.handlers.several import (
    ANA,
    ONE,
    OTTO,
    POLICY,
    TWO,
    TYPED,
    Several,
    approving,
    denying,
    opened,
    seen,
    several,
    told,
    waiting,
)
from tests.world import APPROVE, NUMBERS

HOSTILE = "Fine <!channel> <https://evil.example|Approve> *now* `x`\u202e\u200f <@U0CARA>"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    folder = tmp_path_factory.mktemp("approvals")
    with several(folder, f"sqlite:///{folder / 'numberdesk.db'}") as made:
        yield made


def test_two_people_approve_and_it_is_bought_once(tmp_path: Path, database_url: str) -> None:
    """Two approvals became two executions; a click after the end was silently ignored; "approved by" named
    who was meant to approve, and not who did; who had refused whom stood nowhere.
    """
    with several(tmp_path, database_url) as team:
        number = team.asked(TWO)
        assert "0 of 2 approvals · may decide: ana, cara, otto" in waiting(team.cara, number).words
        approving(team.cara, number)
        assert "This is approval 1 of 2" in approving(team.ana, number).words
        team.ana.fill("comment", "Fine by me")
        assert team.ana.submit() is None
        card = waiting(team.otto, number, "1 of 2 approvals · may decide: cara, otto")
        assert f"Approved by <@{ANA}>" in card.words and "“Fine by me”" in card.words
        assert team.desk.buys() == []
        opened(team.ana, lambda: team.ana.click(card, "request_approve"))
        assert "You have approved this request already; one person counts once. It stands at 1 of 2." in told(
            team.ana
        )
        assert "Fine by me" in approving(team.otto, number).words
        assert team.otto.submit() is None
        bought = waiting(team.otto, number, "Bought")
        assert [b["action_id"] for b in bought.buttons] == ["request_timeline"], "no button stays live"
        assert f"Approved by <@{OTTO}>" in bought.words
        assert team.cara.submit() is None
        late = told(team.cara)
        assert f"already approved by <@{OTTO}>" in late and "<!date^" in late
        seen(team.rita, team.rita.direct, number, "was approved")
        seen(team.rita, team.rita.direct, number, "was bought")
        assert len(team.desk.buys(number)) == 1
        assert team.logged(number, "request.approval") == ["Fine by me", None]
        assert team.logged(number, "request.approval", "denied") == ["approved it before", "already approved"]


def test_a_yes_that_slack_delivers_again_counts_once(team: Several) -> None:
    """A delivery that came twice was two approvals, and a request for two people was through with one."""
    number = team.asked(TWO)
    approving(team.ana, number)
    assert team.ana.submit() is None
    again = team.desk.control.redeliver()
    assert again["error"] is None
    assert "1 of 2 approvals" in waiting(team.otto, number, "1 of 2").words
    assert team.logged(number, "request.approval") == [None]
    assert (team.standing(number), team.desk.buys(number)) == (["pending"], [])


@pytest.mark.parametrize(
    ("canned", "own", "heard"),
    [
        ("Too dear", None, "“Too dear”"),
        (None, "Use the old: 415 one", "“Use the old: 415 one”"),
        ("Too dear", "fix: bug 7", "“Too dear: fix: bug 7”"),
    ],
)
def test_a_no_comes_with_a_reason(team: Several, canned: str | None, own: str | None, heard: str) -> None:
    """The text of a message was the database, and cut the reason "fix: bug 7" to "fix", in the log too; other
    approvers' buttons and forms stayed live after the end.
    """
    number = team.asked(ONE)
    approving(team.otto, number)
    assert "Read by <@U0RITA>" in denying(team.ana, number).words
    assert team.ana.submit() == {"comment": "Please say why in a few words."}
    if canned:
        team.ana.choose("canned", canned)
    if own:
        team.ana.fill("comment", own)
    assert team.ana.submit() is None
    assert f"was denied by <@{ANA}>: {heard}" in seen(team.rita, team.rita.direct, number, "denied").words
    assert heard in seen(team.rita, NUMBERS, number, "Denied").words
    ended = waiting(team.otto, number, "Denied")
    assert heard in ended.words and [b["action_id"] for b in ended.buttons] == ["request_timeline"]
    assert team.logged(number, "request.denied") == [heard.strip("“”")]
    assert team.otto.submit() is None
    assert f"already denied by <@{ANA}>" in told(team.otto)
    assert team.desk.buys(number) == []


def test_nothing_is_approved_by_digits_that_are_not_the_numbers(team: Several) -> None:
    """A check that failed came back as if all was fine."""
    number = team.asked(TYPED)
    approving(team.ana, number)
    wrong = "0000" if number[-4:] != "0000" else "1111"
    team.ana.fill("typed", wrong)
    team.ana.fill("comment", "Looked at it")
    assert team.ana.submit() == {"typed": MISTYPED}
    assert (team.standing(number), team.desk.buys(number)) == (["pending"], [])
    assert len(team.logged(number, "request.approval", "denied")) == 1
    team.ana.fill("typed", number[-4:])
    assert team.ana.submit() is None
    assert "“Looked at it”" in waiting(team.ana, number, "Bought").words


def test_what_was_typed_while_the_provider_was_asked_stays(team: Several) -> None:
    number = team.asked(TYPED)
    team.desk.plivo.spoil("search", {"hold": "look", "at": "after"}, times=1)
    card = waiting(team.ana, number)
    shown = opened(team.ana, lambda: team.ana.click(card, "request_approve"))
    assert "Asking the provider for today's price" in shown.words and shown.submit == "Approve"
    team.ana.fill("typed", number[-4:])
    team.ana.fill("comment", "Typed early")
    team.desk.plivo.control("POST", "sandbox/release/look")
    assert team.ana.wait_for(lambda p: (now := p.modal()) and SAME in now.words)
    assert team.ana.submit() is None
    assert "“Typed early”" in waiting(team.ana, number, "Bought").words


def test_a_price_that_rose_is_shown_before_the_yes_and_undoes_the_earlier_ones(team: Several) -> None:
    """A request that waited long was approved later under other terms than those that people had seen."""
    number = team.asked(TWO)
    approving(team.ana, number)
    assert team.ana.submit() is None
    approving(team.cara, number)
    team.reprice(number, monthly="30.00000")
    shown = approving(team.otto, number)
    assert "$25.00/month" in shown.words and "$30.00/month" in shown.words
    assert "does not count" in shown.words and "This is approval 1 of 2" in shown.words
    assert "(the earlier price)" in shown.words
    assert team.cara.submit() is None
    assert "The price changed while you were looking" in told(team.cara)
    assert team.otto.submit() is None
    card = waiting(team.cara, number, f"Approved by <@{OTTO}>")
    assert "1 of 2 approvals" in card.words and "It was $25.00/month" in card.words
    approving(team.ana, number)
    assert team.ana.submit() is None
    assert "$30.00" in waiting(team.ana, number, "Bought").words
    assert len(team.desk.buys(number)) == 1
    assert seen(team.rita, team.rita.direct, number, "rose to $30.00/month")


def test_a_number_that_is_gone_or_forbidden_by_now_cannot_be_approved(team: Several) -> None:
    """Requests stayed approvable that nothing stood behind any more, or under a policy that forbade them."""
    number, dear = team.asked(ONE), team.asked(ONE)
    team.reprice(number, gone=True)
    shown = approving(team.ana, number)
    assert "does not offer it any more" in shown.words and shown.submit is None
    team.ana.close_modal()
    team.reprice(dear, monthly="100.00000")
    shown = approving(team.ana, dear)
    assert "$100.00/month" in shown.words and "Nobody needs that." in shown.words and shown.submit is None
    team.ana.close_modal()
    denying(team.ana, number)
    team.ana.fill("comment", "Gone")
    assert team.ana.submit() is None
    waiting(team.ana, number, "Denied")
    assert (team.standing(dear), team.desk.buys(dear)) == (["pending"], [])


def test_a_provider_that_is_down_stops_no_approval(team: Several) -> None:
    """An error behind the click locked the request until a restart: "already in progress"."""
    number = team.asked(TWO)
    team.desk.plivo.spoil("search", {"status": 500})
    shown = approving(team.ana, number)
    assert NOT_ASKED in shown.words and shown.submit == "Approve"
    assert team.ana.submit() is None
    assert waiting(team.otto, number, "1 of 2 approvals")
    team.desk.plivo.control("DELETE", "sandbox/faults", 204)
    assert SAME in approving(team.otto, number).words
    assert team.otto.submit() is None
    waiting(team.otto, number, "Bought")


def test_who_looked_while_it_was_decided_hears_that(team: Several) -> None:
    """Decided elsewhere, a request's form stayed as it was."""
    number = team.asked(ONE)
    approving(team.otto, number)
    team.reprice(number, monthly="6.00000")
    team.desk.plivo.spoil("search", {"hold": "look", "at": "after"}, times=1)
    card = waiting(team.ana, number)
    opened(team.ana, lambda: team.ana.click(card, "request_approve"))
    team.desk.plivo.control("GET", "sandbox/held?wait=look")
    denying(team.otto, number)
    team.otto.fill("comment", "No need")
    assert team.otto.submit() is None
    team.desk.plivo.control("POST", "sandbox/release/look")
    assert team.ana.wait_for(lambda p: (now := p.modal()) and MOVED in now.words)
    assert "changed nothing" in told(team.ana)


def test_a_price_that_rises_before_the_purchase_goes_back_once(tmp_path: Path, database_url: str) -> None:
    """The card said "granted" before anything was; what was bought was not what had been approved."""
    with several(tmp_path, database_url) as team:
        number = team.asked(ONE)
        approving(team.ana, number)
        team.reprice(number, monthly="6.00000")
        assert team.ana.submit() is None
        again = waiting(team.ana, number, "It was $5.00/month")
        assert "it is $6.00/month" in again.words and "0 of 1 approval" in again.words
        assert "(the earlier price)" in again.words and team.desk.buys() == []
        ping = seen(team.otto, APPROVE, number, "needs a decision again")
        assert OTTO in ping.words and ping.thread_ts == again.ts
        approving(team.ana, number)
        team.reprice(number, monthly="7.00000")
        assert team.ana.submit() is None
        refused = waiting(team.ana, number, "rose again")
        assert "from $6.00/month" in refused.words and "to $7.00/month" in refused.words
        assert "Not bought" in refused.words and team.desk.buys() == []
        seen(team.rita, team.rita.direct, number, "was not bought")


def test_words_of_others_do_nothing_and_are_not_lost(team: Several) -> None:
    """A reason was cut at a colon, and mark-up in it was obeyed."""
    since = team.desk.control.mark()
    number = team.asked(TWO, reason=f"{HOSTILE}\n{'r' * 400}")
    approving(team.ana, number)
    team.ana.fill("comment", "x" * 10_000)
    assert list(team.ana.submit() or {}) == ["comment"]
    team.ana.fill("comment", f"{HOSTILE} {'<' * 390} end")
    assert team.ana.submit() is None
    card = waiting(team.otto, number, "1 of 2 approvals")
    assert "r" * 400 in card.words and "\u202e" not in card.words
    marked = "".join(e["text"] for b in card.blocks if b["type"] == "context" for e in b["elements"])
    assert "Fine &lt;!channel&gt; &lt;https://evil.example" in marked and "<!channel" not in marked
    denying(team.otto, number)
    team.otto.choose("canned", "Too dear")
    team.otto.fill("comment", f"{'w' * 400} {HOSTILE} end")
    assert team.otto.submit() is None
    heard = seen(team.rita, team.rita.direct, number, "was denied")
    assert "w" * 400 in heard.words and "end”" in heard.words, "who asked reads all of it"
    ended = waiting(team.otto, number, "Denied")
    assert "w" * 400 in ended.words and "end”" in ended.words
    pinged = [user for ping in team.desk.control.pings(since) for user in ping["users"]]
    assert "U0CARA" not in pinged
    assert team.logged(number, "request.denied") == [f"Too dear: {'w' * 400} {HOSTILE} end"]


def test_a_form_that_was_closed_while_the_provider_was_asked_is_no_trouble(team: Several) -> None:
    number = team.asked(ONE)
    team.desk.plivo.spoil("search", {"hold": "closed", "at": "after"}, times=1)
    card, since = waiting(team.ana, number), team.desk.control.mark()
    opened(team.ana, lambda: team.ana.click(card, "request_approve"))
    team.ana.close_modal()
    before = len(team.ana.messages(team.ana.direct))
    team.desk.plivo.control("POST", "sandbox/release/closed")
    drawn = team.ana.wait_for(lambda _: team.desk.control.log("api", "views.update", since))
    assert [one["answer"]["error"] for one in drawn] == ["not_found"], "Slack was told to draw what is gone"
    # nobody is told of it, and the next click does its work
    approving(team.ana, number)
    assert team.ana.submit() is None
    waiting(team.ana, number, "Bought")
    assert len(team.ana.messages(team.ana.direct)) == before


def test_a_form_without_digits_gets_no_yes_once_the_policy_asks_for_them(tmp_path: Path) -> None:
    with several(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}") as team:
        number = team.asked(ONE)
        approving(team.ana, number)
        stricter = POLICY.replace('name = "one look"', 'name = "one look"\nconfirm_by_typing = true')
        assert stricter != POLICY
        (tmp_path / "policy.toml").write_text(stricter)
        team.desk.stop()
        team.desk.start()
        assert team.ana.submit() is None
        assert UNTYPED in told(team.ana)
        assert (team.standing(number), team.desk.buys(number)) == (["pending"], [])
        approving(team.ana, number)
        team.ana.fill("typed", number[-4:])
        assert team.ana.submit() is None
        waiting(team.ana, number, "Bought")

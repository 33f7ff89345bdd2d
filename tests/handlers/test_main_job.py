"""The main job, end to end: search, confirm, approve, buy, log, with three people and no browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.slack.driver import Person
from tests.world import APPROVE, NUMBERS, World, ask, find_offer, world

RITA, ANA, OTTO = "U0RITA", "U0ANA", "U0OTTO"


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        made.start()
        yield made


def test_a_cheap_number_is_bought_once_without_anybody_else(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        number = ask(rita, dear=False)
        card = rita.wait_message(NUMBERS, "Bought")
        assert "For the new hotline" in card.words
    assert len(desk.buys(number)) == 1
    assert desk.plivo.ours(number)
    assert desk.events()[-2:] == ["purchase.started", "purchase.bought"]


def test_a_dear_number_waits_for_an_approver_who_is_not_the_requester(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        number = ask(rita, dear=True)
        waiting = ana.wait_message(APPROVE, "Waiting for approval")
        assert desk.buys(number) == []
        rita_sees = rita.wait_message(APPROVE, "Waiting for approval")
        rita.click(rita_sees, "request_approve")
        refusal = rita.wait_for(lambda p: p.modal())
        assert refusal is not None and "Nobody decides their own request" in refusal.words
        rita.close_modal()
        ana.click(waiting, "request_approve")
        ana.wait_for(lambda p: p.modal())
        ana.fill("comment", "Fine by me")
        assert ana.submit() is None
        ana.wait_message(APPROVE, "Bought")
        rita.wait_message(NUMBERS, "Bought")
        rita.wait_message(rita.direct, "approved")
    assert len(desk.buys(number)) == 1
    assert "request.approved" in desk.events()


def test_a_denied_number_is_not_bought_and_the_requester_hears_why(desk: World) -> None:
    with (
        Person(desk.slack_url, RITA) as rita,
        Person(desk.slack_url, OTTO) as otto,
        Person(desk.slack_url, ANA) as ana,
    ):
        number = ask(rita, dear=True)
        waiting = otto.wait_message(APPROVE, "Waiting for approval")
        ana.click(waiting, "request_approve")
        ana.wait_for(lambda p: p.modal())
        otto.click(waiting, "request_deny")
        otto.wait_for(lambda p: p.modal())
        otto.fill("comment", "Too dear <!channel> *now*")
        assert otto.submit() is None
        told = rita.wait_message(rita.direct, "was denied")
        assert "Too dear &lt;!channel&gt;" in told.words
        assert ana.submit() is None
        late = ana.modal()
        assert late is not None and "already denied" in late.words
    assert desk.buys(number) == []


def test_a_second_request_for_a_number_hears_whose_it_is(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        message, value = find_offer(rita, dear=True)
        rita.click(message, "offer_buy", value=value)
        rita.wait_for(lambda p: p.modal())
        rita.fill("reason", "First")
        rita.submit()
        mine, same = find_offer(ana, dear=True)
        ana.click(mine, "offer_buy", value=same)
        told = ana.wait_for(lambda p: p.modal())
        assert told is not None and "asked for" in told.words and told.submit is None


def test_buttons_work_after_a_restart(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        message, value = find_offer(rita, dear=False)
        assert desk.stop() == 0
        desk.start()
        rita.click(message, "offer_buy", value=value)
        assert rita.wait_for(lambda p: p.modal())
        rita.close_modal()
        rita.click(message, "search_page:next")
        rita.wait_for(lambda p: "6 to 10" in p.messages(NUMBERS)[-1].words)


def test_the_log_is_there_in_slack_and_in_the_shell(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        ask(rita, dear=False)
        rita.wait_message(NUMBERS, "Bought")
        rita.command(NUMBERS, "/number audit action:purchase.*")
        page = rita.wait_message(NUMBERS, "events that concern you")
        assert "purchase.bought" in page.words
    shown = desk.run("audit", "query", "action:purchase.*", "since:1h", "--json")
    assert shown.returncode == 0, shown.stderr
    assert '"purchase.bought"' in shown.stdout
    wrong = desk.run("audit", "query", "actoin:x")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1


def test_every_word_gets_an_answer(desk: World) -> None:
    words = "help|help search|requests|list|info +14155550100|policy|audit|release 1|budget|watch x"
    odd = (
        "serach US|search Atlantis|buy 1|buy +14155550100|search payload|\u202ehelp|\u200bsearch US local 415"
    )
    with Person(desk.slack_url, RITA) as rita:
        for word in f"{words}|{odd}".split("|"):
            before = len(rita.messages(NUMBERS))
            answer = rita.command(NUMBERS, f"/number {word}")
            assert answer.error is None, (word, answer)
            rita.wait_for(lambda p, n=before: len(p.messages(NUMBERS)) > n)
        rita.command(NUMBERS, "/number")
        form = rita.wait_for(lambda p: p.modal())
        assert form is not None and form.title == "Find a number"
        rita.fill("search", "US local 415")
        assert rita.submit() is None
        rita.wait_message(NUMBERS, "month")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ('search US city:"Fish & Chips"', "in Fish &amp; Chips"),
        ("search US city:A<B", "“A&lt;B” is no name of a place"),
        ("audit outcome:a<b", "no outcome “a&lt;b”"),
        ("a&b", "“a&amp;b” is not understood"),
        ("info <&>", "“&lt;&amp;&gt;” is no phone number"),
    ],
)
def test_what_slack_escapes_in_a_command_is_escaped_once(desk: World, typed: str, shown: str) -> None:
    with Person(desk.slack_url, RITA) as rita:
        rita.command(NUMBERS, f"/number {typed}")
        assert rita.wait_message(NUMBERS, shown)


def test_what_is_typed_into_the_form_arrives_as_it_was_typed(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        rita.command(NUMBERS, "/number")
        rita.wait_for(lambda p: p.modal())
        rita.fill("search", 'US city:"Fish &amp; Chips"')
        assert "“Fish &amp; Chips” is no name of a place" in (rita.submit() or {})["search"]
        rita.fill("search", 'US city:"Fish & Chips"')
        assert rita.submit() is None
        rita.wait_message(NUMBERS, "in Fish &amp; Chips")


def test_wrong_credentials_are_named_without_the_token(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with world(tmp_path, url, PLIVO_AUTH_TOKEN="wrong-invented-token") as desk:
        desk.start()
        with Person(desk.slack_url, RITA) as rita:
            rita.command(NUMBERS, "/number search US local 415")
            rita.wait_message(NUMBERS, "own credentials are refused")
        seen = desk.run("doctor")
        assert seen.returncode == 1
        assert "own credentials are refused" in seen.stdout
        assert "wrong-invented-token" not in seen.stdout + seen.stderr + desk.log()


def test_home_shows_my_requests(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        ask(rita, dear=True)
        rita.wait_message(NUMBERS, "Waiting for approval")
        rita.home()
        shown = rita.wait_for(lambda p: p.published())
        assert shown is not None and "Waiting for approval" in shown.words


def test_a_slow_provider_is_excused_within_three_seconds_and_then_answers(desk: World) -> None:
    desk.plivo.spoil("search", {"hold": "slow", "at": "after"}, times=1)
    with Person(desk.slack_url, RITA) as rita:
        assert rita.command(NUMBERS, "/number search US local 415").error is None
        rita.wait_message(NUMBERS, "takes longer than usual", timeout=3)
        desk.plivo.control("POST", "sandbox/release/slow")
        rita.wait_message(NUMBERS, "/month")


def test_a_search_by_the_form_is_excused_as_well_and_outlives_trouble_on_the_way(desk: World) -> None:
    desk.plivo.spoil("search", {"hold": "slow", "at": "after"}, times=1)
    with Person(desk.slack_url, RITA) as rita:
        rita.command(NUMBERS, "/number")
        rita.wait_for(lambda p: p.modal())
        rita.fill("search", "US local 415")
        assert rita.submit() is None
        rita.wait_message(NUMBERS, "takes longer than usual", timeout=3)
        desk.control.fault("chat.postEphemeral", {"error": "ratelimited", "retry_after": 1})
        desk.plivo.control("POST", "sandbox/release/slow")
        rita.wait_message(NUMBERS, "/month")


def test_a_provider_that_is_down_is_named_and_nothing_is_lost(desk: World) -> None:
    desk.plivo.spoil("search", {"status": 500})
    with Person(desk.slack_url, RITA) as rita:
        rita.command(NUMBERS, "/number search US local 415")
        rita.wait_message(NUMBERS, "did not give a clear answer")
    shown = desk.run("audit", "query", "outcome:failure", "--json")
    assert "search.performed" in shown.stdout


def test_a_page_is_shared_changed_and_widened(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        message, _ = find_offer(rita, dear=False)
        rita.click(message, "search_share")
        assert "Shared by" in ana.wait_message(NUMBERS, "Shared by").words
        rita.click(message, "search_change")
        form = rita.wait_for(lambda p: p.modal())
        assert form is not None
        rita.fill("search", 'US local 415 city:"Nowhere"')
        assert rita.submit() is None
        nothing = rita.wait_message(NUMBERS, "Nothing found")
        rita.click(nothing, "search_drop:city")
        rita.wait_for(lambda p: "/month" in next(m for m in p.messages(NUMBERS) if m.ts == nothing.ts).words)


def test_a_group_that_cannot_be_looked_up_lets_nobody_in(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        desk.control.group("S0PROCURE", error="internal_error")
        ask(rita, dear=True)
        waiting = ana.wait_message(APPROVE, "Waiting for approval")
        assert "could not be looked up" in waiting.words
        ana.click(waiting, "request_approve")
        told = ana.wait_for(lambda p: p.modal())
        assert told is not None
        assert "could not be looked up" in told.words


def test_options_are_sent_and_the_number_gets_its_alias(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        message, value = find_offer(rita, dear=False)
        rita.click(message, "offer_buy", value=value)
        shown = rita.wait_for(lambda p: p.modal())
        assert shown is not None
        rita.fill("reason", "Hotline")
        rita.fill("alias", "Hotline *1*")
        name = rita.options(shown, "app_id", "")[0]["text"]["text"]
        rita.choose("app_id", name)
        rita.choose("cnam_lookup", "Enabled")
        assert rita.submit() is None
        rita.wait_message(NUMBERS, "named")
    body = desk.buys()[0]["body"]
    assert body["cnam_lookup"] == "enabled"
    assert body["app_id"]


def test_a_blank_reason_is_asked_for_and_nothing_is_bought(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        message, value = find_offer(rita, dear=False)
        rita.click(message, "offer_buy", value=value)
        rita.wait_for(lambda p: p.modal())
        rita.fill("reason", "   ")
        assert rita.submit() == {"reason": "Please say why in a few words."}
    assert desk.rows("SELECT count(*) FROM request") == [(0,)]

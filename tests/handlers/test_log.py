"""The log in Slack, with the real bot: pages both ways, details, counts, and the file that comes directly."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.slack.driver import Message, Person
from storage import jobs
from storage.unit_of_work import Database
from tests.handlers.several import ANA, CARA, POLICY, Several, opened, several
from tests.usecases.queries import BAD
from tests.world import APPROVE, NUMBERS, connected

AUDITED = f'{POLICY}\n[audit]\nauditors = ["U0OTTO"]\n'


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Several]:
    with several(tmp_path, f"sqlite:///{tmp_path / 'numberdesk.db'}", AUDITED) as made:
        yield made


def asked(person: Person, text: str, words: str) -> Message:
    person.command(NUMBERS, f"/number audit {text}".strip())
    return person.wait_message(NUMBERS, words)


def searched(person: Person, times: int) -> None:
    for turn in range(times):
        person.command(NUMBERS, f"/number search US local {400 + turn}")
        person.wait_message(NUMBERS, str(400 + turn))


def values(message: Message) -> list[str]:
    return [b["value"] for b in message.buttons if b["action_id"] == "audit_event"]


def turned(person: Person, page: Message, action: str) -> Message:
    before = values(page)
    person.click(page, action)

    def other(p: Person) -> Message | None:
        now = next(m for m in p.messages(NUMBERS) if m.ts == page.ts)
        return now if values(now) != before else None

    found = person.wait_for(other)
    assert found
    return found


def test_pages_lead_both_ways_and_each_reading_is_logged(team: Several) -> None:
    searched(team.rita, 12)
    first = asked(team.otto, "action:search.performed", "The newest events")
    assert "10 events" in first.words
    assert "audit_newer" not in {b["action_id"] for b in first.buttons}
    second = turned(team.otto, first, "audit_older")
    assert len(values(second)) == 2 and not set(values(second)) & set(values(first))
    assert "audit_older" not in {b["action_id"] for b in second.buttons}
    again = turned(team.otto, second, "audit_newer")
    assert values(again) == values(first)
    assert team.desk.events().count("audit.read") == 3


def test_details_show_everything_and_others_do_not_see_them(team: Several) -> None:
    number = team.asked("5.00000", "For *the* <!channel> hotline")
    page = asked(team.otto, f"action:request.submitted number:{number}", "The newest events")
    shown = opened(team.otto, lambda: team.otto.click(page, "audit_event"))
    for words in ("Event", "Who", "Number", "Previous hash", "For *the*", "monthly", values(page)[0]):
        assert words in shown.words
    assert len(re.findall(r"\b[0-9a-f]{64}\b", shown.words)) >= 2, "its hash and the one before"
    team.otto.close_modal()
    team.desk.run("audit", "erase", "--user", "U0RITA", "--reason", "asked for")
    shown = opened(team.otto, lambda: team.otto.click(page, "audit_event"))
    assert "Erased on request: `reason`" in shown.words and "hotline" not in shown.words


def test_only_auditors_see_all_of_it(team: Several) -> None:
    searched(team.rita, 1)
    assert "U0RITA" in asked(team.otto, "action:search.performed", "The newest events").words
    for other in (team.ana, team.cara):
        assert asked(other, "action:search.performed", "found").words.startswith("No events")


def test_counts_are_bars_and_words_and_a_wrong_word_is_answered(team: Several) -> None:
    number = team.asked("1.00000")
    team.rita.wait_for(lambda _: team.logged(number, "purchase.bought"))
    shown = asked(team.otto, f"stats number:{number} by:country", "by country")
    assert "$1.00 bought" in shown.words and re.search(r"[█▌]+░* US: \d+ of \d+ events", shown.words)
    people = asked(team.otto, "stats action:purchase.*", "by person")
    assert "100%" in people.words and "worker" not in people.words
    team.otto.command(NUMBERS, "/number audit stats by:persn")
    assert "by:person" in team.otto.wait_message(NUMBERS, "is none of person").words
    team.otto.command(NUMBERS, "/number audit stats actoin:x")
    team.otto.wait_message(NUMBERS, "The log has no filter")


def test_what_is_no_question_is_answered_with_what_would_be_one(team: Several) -> None:
    for text, says in BAD:
        for command in (text, f"stats {text}", f"export {text}"):
            before = {message.ts for message in team.otto.messages(NUMBERS)}
            team.otto.command(NUMBERS, f"/number audit {command}")
            (answer,) = team.otto.wait_for(lambda p: [m for m in p.messages(NUMBERS) if m.ts not in before])  # noqa: B023 - called here
            assert says in answer.words and answer.ephemeral, (text[:40], answer.words[:300])
    assert team.desk.run("audit", "verify").returncode == 0
    assert "audit.read" not in team.desk.events(), "nothing was read"


def test_home_opens_the_first_page(team: Several) -> None:
    team.rita.home()
    home = team.rita.wait_for(lambda p: p.published())
    assert home
    team.rita.click(home, "home_log")
    team.rita.wait_message(team.rita.direct, "No events that concern you found")


def file_of(person: Person) -> tuple[Message, str]:
    message = person.wait_message(person.direct, "The log you asked for", timeout=20)
    link = re.search(r"<(http[^|>]+/files/[^|>]+)\|", message.words)
    assert link, message.words
    return message, httpx.get(link[1]).text


def test_a_file_comes_to_the_direct_message_and_nowhere_else(team: Several) -> None:
    searched(team.rita, 3)
    searched(team.ana, 1)
    coming = asked(team.otto, "export action:search.*", "will come to you")
    assert "4 events" in coming.words and coming.ephemeral
    message, text = file_of(team.otto)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["actor"] for row in rows] == ["U0RITA"] * 3 + [ANA]
    assert "4 events for `action:search.*`" in message.words
    asked(team.rita, "export action:search.* jsonl", "that concern you will come")
    assert file_of(team.rita)[1].count("\n") == 3
    for channel in (NUMBERS, APPROVE):
        assert not any("The log you asked for" in m.words for m in team.otto.messages(channel))
    logged = team.desk.run("audit", "query", "action:audit.exported", "--json").stdout
    assert '"found": 4' in logged and '"found": 3' in logged and '"action:search.*"' in logged


def test_who_lacks_the_scope_hears_what_to_do(team: Several) -> None:
    team.desk.control.fault("files.getUploadURLExternal", {"error": "missing_scope"})
    asked(team.otto, "export", "will come to you")
    told = team.otto.wait_message(team.otto.direct, "may not send files", timeout=20)
    assert "`files:write`" in told.words
    logged = json.loads(team.desk.run("audit", "query", "action:audit.exported", "--json").stdout)
    assert [(one["outcome"], one["actor"]["id"]) for one in logged] == [("failure", "U0OTTO")]
    assert "missing_scope" in logged[0]["reason"], "nothing was handed out"


def test_a_refusal_of_slack_is_told(team: Several) -> None:
    team.desk.control.fault("files.completeUploadExternal", {"error": "storage_limit_reached"})
    asked(team.cara, "export", "will come to you")
    told = team.cara.wait_message(team.cara.direct, "could not be sent", timeout=20)
    assert "storage" in told.words and CARA not in told.words


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("do", [{"error": "ratelimited", "retry_after": 1}, {"status": 503}])
def test_slack_down_or_busy_is_asked_again(team: Several, method: str, do: dict[str, object]) -> None:
    team.desk.control.fault(method, do)
    asked(team.otto, "export", "will come to you")
    file_of(team.otto)
    sent = [m for m in team.otto.messages(team.otto.direct) if "The log you asked for" in m.words]
    assert len(sent) == 1


def test_who_asked_in_words_that_mean_nothing_any_more_hears_so(team: Several) -> None:
    """The job was tried for ever, and nobody heard why no file came."""
    with connected(team.desk.database_url) as engine, Database(engine).write() as work:
        jobs.put(work, "export:X1", workspace="T0DEMO", user=CARA, query="actor:@nobody", format="jsonl")
    team.cara.wait_message(team.cara.direct, "not understood any more", timeout=20)
    assert team.desk.rows("SELECT 1 FROM job WHERE key = 'export:X1'") == []

"""`purchases --check` and `purchases reopen`: what they print, how they end, and that they only read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.furnishing import make_desk, nobody
from bot.model.people import NotListed
from bot.settings import load_settings
from bot.usecases.sweep import sweep
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.sandbox.plivo_client import AUTH, Client, stand_in
from tests.unit.test_cli import Shell

BEFORE = ["12125550142", "18005550123", "442079460018"]
"""Numbers that the stand-in's account holds from the start."""


@pytest.fixture(scope="module")
def plivo() -> Iterator[Client]:
    with stand_in(numbers=200) as one:
        yield one


@pytest.fixture
def shell(tmp_path: Path, plivo: Client) -> Shell:
    plivo.control("POST", "sandbox/reset", 204)
    made = Shell(
        tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'desk.db'}", PLIVO_API_URL=plivo.url,
        PLIVO_AUTH_ID=AUTH[0], PLIVO_AUTH_TOKEN=AUTH[1],
    )  # fmt: skip
    assert made.run("db", "upgrade").returncode == 0
    return made


def checked(shell: Shell) -> tuple[int, list[dict[str, object]]]:
    done = shell.run("purchases", "--check", "--json")
    return done.returncode, json.loads(done.stdout)


def test_what_differs_is_listed_and_ends_with_one(shell: Shell) -> None:
    code, found = checked(shell)
    assert code == 1
    assert sorted(str(each["number"]) for each in found) == BEFORE
    assert {str(each["kind"]) for each in found} == {"unrecorded"}
    assert found[0]["ignored"] is False
    assert {each["added_on"] for each in found} == {"2025-02-14", "2025-06-01", "2025-09-30"}
    done = shell.run("purchases", "--check")
    assert (done.returncode, "+1 212-555-0142" in done.stdout) == (1, True)
    assert "in the account, not bought here" in done.stdout
    assert json.loads(shell.run("audit", "query", "--json").stdout) == [], "it only reads"


def test_two_sides_that_agree_end_with_zero(shell: Shell, plivo: Client) -> None:
    for number in BEFORE:
        plivo.call("DELETE", f"Number/{number}/")
    assert checked(shell) == (0, [])
    done = shell.run("purchases", "--check")
    assert (done.returncode, done.stdout.strip()) == (0, "The provider's list and our purchases agree.")


def test_a_provider_that_cannot_be_asked_is_one_line_and_no_result(shell: Shell, plivo: Client) -> None:
    plivo.spoil("list", {"status": 400, "body": {"error": "not now"}})
    assert "not now" in shell.refused("purchases", "--check")


def test_without_the_providers_settings_it_is_wrong_usage(shell: Shell) -> None:
    assert "PLIVO_AUTH_TOKEN" in shell.refused("purchases", "--check", PLIVO_AUTH_TOKEN="")


def test_what_somebody_ignored_is_shown_and_counts_no_more(shell: Shell) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shell.environ.items():
            patch.setenv(name, value)
        settings = load_settings()
    database = Database(make_engine(settings.database_url))
    desk = make_desk(settings, database, nobody)
    sweep(desk, "T0ONE")
    with database.write() as work:
        work.connection.exec_driver_sql("UPDATE difference SET state = 'ignored', reason = 'old'")
    code, found = checked(shell)
    assert (code, {each["ignored"] for each in found}) == (0, {True})
    assert {each["remark"] for each in found} == {"old"}
    (one, *_) = sorted(str(each["difference"]) for each in found)
    done = shell.run("purchases", "reopen", one)
    assert (done.returncode, done.stdout.strip()) == (0, f"{one} is open again.")
    assert shell.run("purchases", "reopen", one).returncode == 1
    assert checked(shell)[0] == 1
    assert "DNONE" in shell.refused("purchases", "reopen", "DNONE")
    desk.provider.close()
    database.engine.dispose()


def test_a_desk_without_slack_knows_nobody() -> None:
    with pytest.raises(NotListed):
        nobody("T0ONE", "U0ANA")

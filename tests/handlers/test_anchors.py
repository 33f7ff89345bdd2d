"""A full run of the real program: what its log holds, what it tells the world outside, and both agree."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model.audit_seal import make_key
from sandbox.slack.driver import Message, Person
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.tamper import unguarded
from tests.usecases.logs import log, rehash, run
from tests.world import (
    APP_TOKEN,
    APPROVE,
    BOT_TOKEN,
    NUMBERS,
    ROOT,
    SIGNING_SECRET,
    World,
    ask_and_approve,
    world,
)

RITA, ANA, DEMO = "U0RITA", "U0ANA", "T0DEMO"
PRIVATE, PUBLIC = make_key()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A checkpoint after every fifth event, to a file and to the approvers' channel."""
    settings = {
        "AUDIT_CHECKPOINT_EVENTS": "5", "AUDIT_FILE": str(tmp_path / "anchors.jsonl"),
        "AUDIT_CHANNEL": APPROVE, "AUDIT_SIGNING_KEY": PRIVATE,
    }  # fmt: skip
    with world(tmp_path, database_url, **settings) as made:
        made.start()
        yield made


def test_a_full_run_is_anchored_holds_and_keeps_no_secret(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        ask_and_approve(rita, ana, reason="For Ada's new line", comment="Fine by me")
        rita.command(NUMBERS, "/number audit")
        rita.wait_message(NUMBERS, "newest events")
        told = ana.wait_message(APPROVE, "The audit log stands at event")
    assert desk.stop() == 0
    anchors = (desk.folder / "anchors.jsonl").read_text().splitlines()
    assert PUBLIC in told.words
    assert anchors[0] in desk.log()
    assert all(json.loads(line)["key"] == PUBLIC for line in anchors)
    checked = desk.run("audit", "verify", "--anchor", "anchors.jsonl", "--json")
    assert checked.returncode == 0, checked.stderr
    (found,) = json.loads(checked.stdout)
    assert found["anchors"] == len({json.loads(line)["seq"] for line in anchors}) > 0
    _must_be_complete_and_without_secrets(desk)


def _must_be_complete_and_without_secrets(desk: World) -> None:
    events = [row[0] for row in desk.rows("SELECT action FROM audit_event ORDER BY seq")]
    assert events[-1] == "audit.verified"
    assert {
        "policy.loaded", "worker.started", "worker.stopped", "search.performed", "request.submitted",
        "request.approval", "request.approved", "purchase.started", "purchase.bought", "audit.read",
        "audit.checkpoint",
    } <= set(events)  # fmt: skip
    kept = str(desk.rows("SELECT * FROM audit_event")) + str(desk.rows("SELECT * FROM audit_text"))
    for secret in (BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, PRIVATE, desk.environment()["PLIVO_AUTH_TOKEN"]):
        assert secret not in kept
    assert not re.search(r"response_url|trigger_id|https?://", kept)
    assert "left out of an audit event" not in desk.log()
    priced = desk.rows("SELECT country, cost FROM audit_event WHERE action = 'purchase.bought'")
    assert [(row[0], row[1] > 0) for row in priced] == [("US", True)]
    assert "Ada" not in str(desk.rows("SELECT * FROM audit_event"))


def anchor_in(told: Message) -> str:
    """The line of a checkpoint, as somebody copies it out of the channel."""
    line = re.search(r"\{.*\}", told.words)
    assert line, told.words
    return line[0]


def test_the_line_in_the_channel_checks_the_log_and_tells_a_log_that_was_hashed_anew(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        for turn in range(5):
            rita.command(NUMBERS, f"/number search US local {400 + turn}")
            rita.wait_message(NUMBERS, str(400 + turn))
        told = ana.wait_message(APPROVE, "The audit log stands at event")
    assert desk.stop() == 0
    assert "signed." in told.words
    (desk.folder / "copied.jsonl").write_text(anchor_in(told) + "\n")
    words = ("audit", "verify", "--anchor", "copied.jsonl", "--key", PUBLIC)
    sound = desk.run(*words)
    assert (sound.returncode, "1 anchors met" in sound.stdout) == (0, True), sound.stderr
    database = Database(make_engine(desk.database_url))
    with unguarded(database) as work:
        run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 3")
        rehash(work, 3, workspace=DEMO)
    database.engine.dispose()
    assert desk.run("audit", "verify").returncode == 0, "it holds together"
    forged = desk.run(*words)
    assert (forged.returncode, "(rewritten)" in forged.stderr) == (1, True), forged.stdout


def test_a_channel_that_takes_no_message_keeps_the_file_from_nothing(desk: World) -> None:
    desk.control.fault("chat.postMessage", {"error": "is_archived"}, times=1)
    with Person(desk.slack_url, RITA) as rita:
        for turn in range(5):
            rita.command(NUMBERS, f"/number search US local {400 + turn}")
            rita.wait_message(NUMBERS, str(400 + turn))
        rita.wait_for(lambda _: (desk.folder / "anchors.jsonl").exists())
        rita.wait_for(lambda _: desk.rows("SELECT 1 FROM audit_event WHERE action = 'audit.checkpoint'"))
    told = json.loads(desk.run("audit", "query", "action:audit.checkpoint", "--json").stdout)[-1]
    assert (told["outcome"], told["context"]["published"]) == ("failure", ["stdout", "file"])
    assert told["reason"].startswith("slack: ") and "is_archived" in told["reason"]


def test_the_worker_archives_what_is_older_than_the_policy_says(tmp_path: Path, database_url: str) -> None:
    policy = tmp_path / "policy.toml"
    demo = (ROOT / "sandbox" / "demo_policy.toml").read_text()
    policy.write_text(demo.replace("[audit]\n", "[audit]\nkeep_years = 2\n"))
    old = Database(make_engine(database_url))
    old.shift = -timedelta(days=366 * 3)
    log(old, 4, workspace=DEMO)
    old.engine.dispose()
    settings = {"AUDIT_ARCHIVE_FOLDER": "old", "AUDIT_SIGNING_KEY": PRIVATE, "POLICY_FILE": str(policy)}
    with world(tmp_path, database_url, **settings) as desk:
        desk.start()
        desk.pass_time(61)
        with Person(desk.slack_url, RITA) as rita:
            rita.wait_for(lambda _: desk.rows("SELECT 1 FROM audit_event WHERE action = 'audit.archived'"))
        again = desk.rows("SELECT due_at FROM job WHERE key = 'cron:archive'")
        assert desk.stop() == 0
        assert len(again) == 1, "it is due again tomorrow"
        file = f"old/numberdesk-audit-{DEMO}-1-4.jsonl"
        assert {one.name for one in (tmp_path / "old").iterdir()} == {
            Path(file).name, Path(file).name.replace(".jsonl", ".texts.jsonl"),
        }  # fmt: skip
        checked = desk.run("audit", "verify", "--archive", file, "--key", PUBLIC)
        assert checked.returncode == 0, checked.stderr
        assert f"{DEMO}: events 1 to" in checked.stdout and "1 archives checked" in checked.stdout
        (told,) = json.loads(desk.run("audit", "query", "action:audit.archived", "--json").stdout)
        assert (told["actor"]["id"], told["outcome"], told["changes"]["last"]) == ("worker", "success", 4)

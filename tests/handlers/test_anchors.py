"""A full run of the real program: what its log holds, what it tells the world outside, and both agree."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model.audit_seal import make_key
from sandbox.slack.driver import Person
from tests.world import APP_TOKEN, APPROVE, BOT_TOKEN, NUMBERS, SIGNING_SECRET, World, ask, world

RITA, ANA = "U0RITA", "U0ANA"
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
        ask(rita, dear=True, reason="For Ada's new line")
        waiting = ana.wait_message(APPROVE, "Waiting for approval")
        ana.click(waiting, "request_approve")
        ana.wait_for(lambda p: p.modal())
        ana.fill("comment", "Fine by me")
        assert ana.submit() is None
        ana.wait_message(APPROVE, "Bought")
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

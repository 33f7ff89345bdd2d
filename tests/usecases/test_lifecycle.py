"""What the program logs of itself: start, stop, another policy; and the jobs that come again and again."""

from dataclasses import replace

import pytest

from bot.model.audit import Action, ActorType
from bot.model.audit_query import AuditQuery
from bot.usecases.desk import Desk
from bot.usecases.lifecycle import Lifecycle, arm
from storage import audit_search, jobs
from storage.audit import Reader
from tests.usecases.conftest import MakeBench
from tests.usecases.logs import ONE, TWO, log


@pytest.fixture
def desk(make_bench: MakeBench) -> Desk:
    return make_bench().desk


def logged(desk: Desk, workspace: str = ONE) -> list[str]:
    with desk.database.read() as work:
        newest = audit_search.page(work, Reader(workspace), AuditQuery(), limit=50)
    return [event.event.action.value for event in reversed(newest)]


def test_a_worker_logs_its_start_its_stop_and_the_policy_it_found(desk: Desk) -> None:
    worker = Lifecycle(desk, ["settle", "buy"], "a hash")
    worker.started(ONE)
    worker.stopped()
    assert logged(desk) == ["policy.loaded", "worker.started", "worker.stopped"]
    with desk.database.read() as work:
        stop, start, loaded = audit_search.page(work, Reader(ONE), AuditQuery(), limit=3)
    assert start.event.context["kinds"] == ["buy", "settle"]
    assert start.event.context["policy"] == desk.policy_sha
    assert start.event.context["settings"] == stop.event.context["settings"] == "a hash"
    assert (stop.event.actor.type, stop.event.action) == (ActorType.SYSTEM, Action.WORKER_STOPPED)
    assert loaded.event.changes == {"from": None, "to": desk.policy_sha}


def test_a_policy_is_logged_again_only_when_it_is_another(desk: Desk) -> None:
    for sha in ("a", "a", "b", None, None, "a"):
        Lifecycle(replace(desk, policy_sha=sha), ()).started(ONE)
    with desk.database.read() as work:
        found = audit_search.page(work, Reader(ONE), AuditQuery(), limit=9)
    changes = [(e.event.changes["from"], e.event.changes["to"]) for e in reversed(found)]
    assert changes == [(None, "a"), ("a", "b"), ("b", None), (None, "a")]


def test_a_process_without_a_worker_logs_the_policy_alone(desk: Desk) -> None:
    door = Lifecycle(desk, ())
    door.started(ONE)
    door.stopped()
    assert logged(desk) == ["policy.loaded"]


def test_where_slack_does_not_say_whose_workspace_it_is_all_known_ones_hear(desk: Desk) -> None:
    log(desk.database, 1)
    log(desk.database, 1, workspace=TWO)
    worker = Lifecycle(desk, ["buy"])
    worker.started(None)
    worker.stopped()
    for workspace in (ONE, TWO):
        assert logged(desk, workspace)[1:] == ["policy.loaded", "worker.started", "worker.stopped"]


def test_what_comes_again_keeps_its_time_when_another_process_starts(desk: Desk) -> None:
    arm(desk, [("checkpoint", 0), ("archive", 60)])
    arm(desk, [("checkpoint", 3600)])
    with desk.database.write() as work:
        assert jobs.count(work) == {"cron": 2}
        due = jobs.claim(work, lease="L", seconds=60, kinds=["cron"])
    assert due and due.subject == "checkpoint"

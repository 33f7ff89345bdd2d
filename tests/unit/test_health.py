"""`/readyz` and `/metrics`: what they say when all is well, and when a part is not."""

from datetime import timedelta

from sqlalchemy import text

from bot.errands import Errands
from bot.health import OVERDUE, Health
from bot.metrics import Metrics
from bot.worker import Worker
from storage import jobs
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.rows import a_purchase


def test_all_is_fine_on_a_new_database(database: Database) -> None:
    fine, checks = Health(database, [Worker(database, {}, lease=60)]).look()
    assert fine
    assert checks == {"database": "fine", "schema": "fine", "worker": "fine", "slack": "fine"}


def test_an_old_schema_is_named_with_what_to_do(database: Database) -> None:
    with database.write() as work:
        work.execute(text("UPDATE alembic_version SET version_num = 'before'"))
    fine, checks = Health(database, ()).look()
    assert not fine
    assert checks["schema"] == "old: run `python -m bot db upgrade`"


def test_a_due_job_that_nobody_takes_means_that_no_worker_is_at_work(database: Database) -> None:
    with database.write() as work:
        jobs.put(work, "buy:P1")
    database.shift += timedelta(seconds=OVERDUE - 10)
    assert Health(database, ()).look()[0]
    database.shift += timedelta(seconds=20)
    fine, checks = Health(database, ()).look()
    assert not fine
    assert checks["worker"].startswith("a due job has been waiting for 1")


def test_a_worker_that_stopped_looking_is_noticed(database: Database) -> None:
    class Asleep(Worker):
        def idle_for(self) -> float:
            return 181.0

    fine, checks = Health(database, [Asleep(database, {}, lease=60)]).look()
    assert not fine
    assert checks["worker"] == "has not looked for work for 181 s"


def test_a_database_that_does_not_answer_is_said_and_not_raised() -> None:
    # a port on which nothing listens; the address with its password is not repeated
    gone = Database(make_engine("postgresql://desk:invented-password@127.0.0.1:1/desk"))
    fine, checks = Health(gone, ()).look()
    gone.engine.dispose()
    assert not fine
    assert checks["database"] == "does not answer (OperationalError)"


def test_that_slack_takes_no_message_is_said_and_does_not_close_the_door(database: Database) -> None:
    """Clicks arrive all the same: who takes this process out of service makes it worse."""
    with database.write() as work:
        jobs.put(work, "dm:R1:bought:U1")
        job = jobs.claim(work, lease="L", seconds=60, kinds=["dm"])
        assert job
        jobs.postpone(work, job, delay=300, error="Unreachable: Slack answered token_revoked")
    database.shift += timedelta(seconds=240)
    fine, checks = Health(database, ()).look()
    assert fine
    assert checks["slack"] == "a message has been waiting for 240 s: Slack answered token_revoked"
    errands = Errands(1, 1)
    page, _ = Metrics(database, errands).page()
    errands.stop(1)
    (line,) = [x for x in page.decode().splitlines() if x.startswith("numberdesk_unsaid_seconds ")]
    assert 240 <= float(line.split()[1]) < 260


def test_metrics_count_purchases_jobs_and_errands(database: Database) -> None:
    with database.write() as work:
        a_purchase(work)
        jobs.put(work, "buy:P1")
        jobs.put(work, "render:R1", delay=60)
        jobs.put(work, "render:R2", delay=60)
    errands = Errands(1, 1)
    page, kind = Metrics(database, errands).page()
    errands.stop(1)
    lines = page.decode().splitlines()
    assert kind.startswith("text/plain")
    assert 'numberdesk_purchases{status="waiting"} 1.0' in lines
    assert 'numberdesk_jobs{kind="buy"} 1.0' in lines
    assert 'numberdesk_jobs{kind="render"} 2.0' in lines
    assert "numberdesk_errands 0.0" in lines
    assert "numberdesk_unsaid_seconds 0.0" in lines

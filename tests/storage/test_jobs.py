"""Keyed jobs: put, claimed once, finished by whoever holds them, re-armed while they run."""

from datetime import timedelta

from sqlalchemy import select, update

from storage import jobs, schema
from storage.clock import CLOCK
from storage.jobs import Job
from storage.unit_of_work import Database
from tests.storage.rows import at_once

HOUR = timedelta(hours=1)


def _put(database: Database, key: str, delay: float = 0, **args: object) -> None:
    with database.write() as work:
        jobs.put(work, key, delay=delay, **args)


KINDS = ("a", "b", "buy", "c", "dm", "expire", "render", "settle")


def _claim(database: Database, lease: str = "L1", seconds: float = 60) -> Job | None:
    with database.write() as work:
        return jobs.claim(work, lease=lease, seconds=seconds, kinds=KINDS)


def _claimed(database: Database, lease: str = "L1", seconds: float = 60) -> Job:
    job = _claim(database, lease, seconds)
    assert job
    return job


def _finish(database: Database, job: Job) -> None:
    with database.write() as work:
        jobs.finish(work, job)


def _count(database: Database) -> dict[str, int]:
    with database.read() as work:
        return jobs.count(work)


def test_a_job_comes_with_what_it_was_put_with(database: Database) -> None:
    _put(database, "dm:R1:bought", text="done", tries=3)
    job = _claimed(database)
    assert (job.key, job.kind, job.subject) == ("dm:R1:bought", "dm", "R1:bought")
    assert job.args == {"text": "done", "tries": 3}
    assert (job.gen, job.attempts, job.lease) == (0, 1, "L1")


def test_a_job_that_is_done_is_gone(database: Database) -> None:
    _put(database, "buy:P1")
    _finish(database, _claimed(database))
    assert _claim(database) is None
    assert _count(database) == {}


def test_a_claimed_job_is_nobody_elses(database: Database) -> None:
    _put(database, "buy:P1")
    _claimed(database)
    assert _claim(database, "L2") is None


def test_a_job_is_not_run_before_its_time(database: Database) -> None:
    _put(database, "expire:R1", delay=60)
    assert _claim(database) is None
    database.shift = timedelta(seconds=61)
    assert _claimed(database).key == "expire:R1"


def test_the_job_that_is_due_longest_comes_first(database: Database) -> None:
    for key, delay in (("a:1", 30), ("b:1", 10), ("c:1", 20)):
        _put(database, key, delay=delay)
    database.shift = HOUR
    assert [_claimed(database).key for _ in range(3)] == ["b:1", "c:1", "a:1"]


def test_putting_a_key_again_moves_it_and_forgets_its_attempts(database: Database) -> None:
    _put(database, "settle:P1", look=1)
    with database.write() as work:
        late = jobs.claim(work, lease="L1", seconds=60, kinds=KINDS)
        assert late
        jobs.postpone(work, late, delay=0, error="TimeoutError: nobody answered")
    _put(database, "settle:P1", delay=60, look=2)
    assert _claim(database) is None
    database.shift = timedelta(seconds=61)
    job = _claimed(database)
    assert (job.args, job.gen, job.attempts) == ({"look": 2}, 1, 1)


def test_a_job_put_again_while_it_runs_runs_again(database: Database) -> None:
    _put(database, "render:R1", version=1)
    running = _claimed(database)
    _put(database, "render:R1", version=2)
    assert _claim(database, "L2") is None, "one runner a key"
    _finish(database, running)
    assert _claimed(database, "L2").args == {"version": 2}


def test_a_job_put_again_while_it_fails_keeps_its_own_time(database: Database) -> None:
    _put(database, "render:R1")
    running = _claimed(database)
    _put(database, "render:R1")
    with database.write() as work:
        jobs.postpone(work, running, delay=3600, error="ConnectionError: gone")
    assert _claimed(database, "L2").key == "render:R1"


def test_a_job_comes_again_for_what_is_left_of_it_unless_it_was_put_again(database: Database) -> None:
    for again, args in ((False, {"drawn": ["request"]}), (True, {})):
        _put(database, "render:R1")
        running = _claimed(database)
        if again:
            _put(database, "render:R1")
        with database.write() as work:
            assert jobs.postpone(work, running, delay=0, error=None, drawn=["request"])
        assert _claimed(database, "L2").args == args
        with database.write() as work:
            jobs.remove(work, "render:R1")


def test_a_postponed_job_counts_its_attempts(database: Database) -> None:
    _put(database, "settle:P1")
    with database.write() as work:
        job = jobs.claim(work, lease="L1", seconds=60, kinds=KINDS)
        assert job
        jobs.postpone(work, job, delay=5, error=None)
    assert _claim(database) is None
    database.shift = timedelta(seconds=6)
    assert _claimed(database).attempts == 2


def test_the_job_of_a_runner_that_died_is_claimed_again(database: Database) -> None:
    _put(database, "settle:P1")
    _claimed(database, "L1", seconds=30)
    database.shift = timedelta(seconds=31)
    again = _claimed(database, "L2")
    assert (again.key, again.attempts, again.lease) == ("settle:P1", 2, "L2")


def test_a_runner_that_was_too_slow_neither_finishes_nor_postpones(database: Database) -> None:
    _put(database, "settle:P1")
    stale = _claimed(database, "L1", seconds=30)
    database.shift = timedelta(seconds=31)
    fresh = _claimed(database, "L2")
    _finish(database, stale)
    with database.write() as work:
        jobs.postpone(work, stale, delay=0, error="late")
    assert _count(database) == {"settle": 1}
    assert _claim(database, "L3") is None, "the second runner still has it"
    _finish(database, fresh)
    assert _count(database) == {}


def test_a_removed_job_does_not_run(database: Database) -> None:
    _put(database, "buy:P1")
    with database.write() as work:
        jobs.remove(work, "buy:P1")
        jobs.remove(work, "buy:P2")
    assert _claim(database) is None


def test_jobs_are_counted_by_kind(database: Database) -> None:
    for key in ("buy:P1", "buy:P2", "dm:R1:bought"):
        _put(database, key)
    assert _count(database) == {"buy": 2, "dm": 1}


def test_overdue_says_how_long_the_oldest_has_waited(database: Database) -> None:
    with database.read() as work:
        assert jobs.overdue(work) == timedelta(0)
    _put(database, "buy:P1")
    _put(database, "buy:P2", delay=7200)
    database.shift = HOUR
    with database.read() as work:
        assert HOUR <= jobs.overdue(work) < HOUR + timedelta(minutes=1)


def test_a_job_that_is_being_run_is_not_overdue(database: Database) -> None:
    _put(database, "buy:P1")
    database.shift = HOUR
    _claimed(database)
    with database.read() as work:
        assert jobs.overdue(work) == timedelta(0)


def test_eight_runners_take_each_of_two_hundred_jobs_once(database: Database) -> None:
    with database.write() as work:
        for i in range(200):
            jobs.put(work, f"buy:P{i}")

    def drain(which: int) -> list[str]:
        mine = []
        misses = 0
        # a claim may come back empty while others hold the rows it looked at, so ask until all are gone
        while misses < 3:
            job = _claim(database, f"L{which}")
            if job is None:
                misses += 1
                continue
            mine.append(job.key)
        return mine

    taken = [key for mine in at_once(8, drain) for key in mine]
    while (rest := _claim(database)) is not None:
        taken.append(rest.key)
    assert len(taken) == 200
    assert set(taken) == {f"buy:P{i}" for i in range(200)}


def test_a_job_of_another_kind_is_left_for_another_worker(database: Database) -> None:
    _put(database, "render:R1")
    with database.write() as work:
        assert jobs.claim(work, lease="L1", seconds=60, kinds=["buy"]) is None
        assert jobs.claim(work, lease="L1", seconds=60, kinds=[]) is None
        assert jobs.claim(work, lease="L1", seconds=60, kinds=["ren"]) is None, "a kind is a whole word"
        claimed = jobs.claim(work, lease="L1", seconds=60, kinds=["buy", "render"])
    assert claimed and claimed.key == "render:R1"


def test_the_soonest_time_is_kept_where_that_is_asked_for(database: Database) -> None:
    with database.write() as work:
        jobs.put(work, "home:T:U", delay=2, soonest=True)
        jobs.put(work, "home:T:U", delay=60, soonest=True)
    database.shift = timedelta(seconds=3)
    with database.write() as work:
        claimed = jobs.claim(work, lease="L1", seconds=60, kinds=["home"])
    assert claimed and claimed.gen == 1, "what was put later is seen by the runner"


def test_what_is_put_while_it_runs_waits_its_own_time_and_not_that_of_the_run(database: Database) -> None:
    with database.write() as work:
        jobs.put(work, "home:T:U", soonest=True)
    with database.write() as work:
        claimed = jobs.claim(work, lease="L1", seconds=60, kinds=["home"])
    assert claimed
    with database.write() as work:
        jobs.put(work, "home:T:U", delay=2, soonest=True)
    _finish(database, claimed)
    with database.write() as work:
        assert jobs.claim(work, lease="L2", seconds=60, kinds=["home"]) is None
    database.shift = timedelta(seconds=3)
    with database.write() as work:
        assert jobs.claim(work, lease="L2", seconds=60, kinds=["home"])


def test_a_clock_that_is_set_back_holds_no_job_for_ever(database: Database) -> None:
    """Its lease would end an hour from now, though none is longer than a minute."""
    _put(database, "buy:P1")
    database.shift = HOUR
    _claimed(database, "L1")
    database.shift = timedelta(0)
    assert _claimed(database, "L2").attempts == 2
    assert _claim(database, "L3") is None, "which is a lease like any other"


def test_a_job_knows_when_it_was_put_and_how_long_ago(database: Database) -> None:
    _put(database, "dm:R1:bought:U1")
    database.shift = HOUR
    job = _claimed(database)
    assert job.put_at is not None and HOUR <= job.waited < HOUR + timedelta(minutes=1)


def _behind(database: Database, job: Job, starts: str, ends: str = "") -> timedelta | None:
    with database.read() as work:
        return jobs.behind(work, job, starts=starts, ends=ends, failing="Down")


def test_a_job_is_behind_those_alike_that_were_put_before(database: Database) -> None:
    for key, delay in (("R2:approved:U1", 30), ("R1:bought:U2", 0), ("R1:bought:U1", 0), ("R9:bought:U1", 0)):
        _put(database, f"dm:{key}", delay=delay)
        database.shift += timedelta(seconds=0.1)  # SQLite's clock may stand still for a millisecond
    mine = next(j for j in (_claimed(database, f"L{i}") for i in range(3)) if j.key == "dm:R1:bought:U1")
    wait = _behind(database, mine, "dm:", ":U1")
    assert wait is not None and timedelta(seconds=20) < wait <= timedelta(seconds=30)
    assert _behind(database, mine, "dm:R1:") is not None
    assert _behind(database, mine, "dm:R1:", ":U1") is None
    database.shift = HOUR
    assert _behind(database, mine, "dm:", ":U1") == timedelta(0), "overdue"


def test_of_several_before_it_a_job_is_behind_the_last(database: Database) -> None:
    """All came again for the first of them, and all but one in vain."""
    for which, delay in enumerate((0, 300, 20)):
        _put(database, f"dm:R{which}:approved:U1", delay=delay)
        database.shift += timedelta(seconds=0.1)
    _put(database, "dm:R9:approved:U1", delay=-1)
    mine = _claimed(database)
    assert mine.key == "dm:R9:approved:U1"
    wait = _behind(database, mine, "dm:", ":U1")
    assert wait is not None and timedelta(seconds=290) < wait <= timedelta(seconds=300)


def test_what_fails_of_itself_holds_up_nothing(database: Database) -> None:
    _put(database, "dm:R1:approved:U1")
    first = _claimed(database)
    _put(database, "dm:R1:bought:U1")
    mine = _claimed(database, "L2")
    for error, waits in ((None, True), ("Down: nobody there", True), ("KeyError: 'x'", False)):
        with database.write() as work:
            assert jobs.postpone(work, first, delay=0, error=error)
        assert (_behind(database, mine, "dm:", ":U1") is not None) == waits
        first = _claimed(database, "L3")


def test_what_has_failed_often_holds_up_nothing_either(database: Database) -> None:
    _put(database, "dm:R1:approved:U1")
    first = _claimed(database)
    _put(database, "dm:R1:bought:U1")
    mine = _claimed(database, "L2")
    with database.write() as work:
        work.execute(update(schema.job).where(schema.job.c.key == first.key).values(attempts=jobs.OFTEN))
    assert _behind(database, mine, "dm:", ":U1") is not None
    with database.write() as work:
        work.execute(update(schema.job).where(schema.job.c.key == first.key).values(attempts=jobs.OFTEN + 1))
    assert _behind(database, mine, "dm:", ":U1") is None


def test_a_job_was_put_when_it_was_and_not_when_its_transaction_began(database: Database) -> None:
    """Of two that waited for one row the later could be read as the earlier."""
    with database.write() as work:
        began = work.now
        while work.connection.scalar(select(CLOCK)) <= (began.timestamp() + 0.002) * 1_000_000:
            pass
        jobs.put(work, "dm:R1:bought:U1")
    put_at = _claimed(database).put_at
    assert put_at and put_at > began

"""The job that sends the log as a file: to the direct message of who asked, and nowhere else."""

from collections.abc import Callable

import structlog
from slack_sdk.errors import SlackApiError

from bot.model.errors import NotUnderstood
from bot.usecases.export_log import Export, Written, asked_for, log_export, log_no_export, written
from handlers.parts import Parts
from handlers.post import Impossible, SlowDown, Unreachable, call, post
from handlers.ui.audit import file_comment, not_sent
from storage.audit_stream import Unreadable
from storage.jobs import Job

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 300.0
MOST_TRIES = 20
"""About an hour; then whoever asked hears that no file comes."""
NO_SCOPE = "missing_scope"
NO_QUERY = "query_not_understood"
NOT_WRITTEN = "file_not_written"
UNREADABLE = "log_not_readable"


def send(parts: Parts, job: Job, keep: Callable[[], None]) -> float | None:
    """Writes the file and sends it; seconds until the next try, or None when it is sent or never will be.

    What the file holds is read anew at each try. A crash behind the last call may send the file twice.
    """
    wanted = asked_for(job)
    try:
        with written(parts.desk, wanted, keep) as made:
            _send(parts, wanted, made)
    except NotUnderstood:  # a name in it is not that of anybody any more
        _give_up(parts, wanted, NO_QUERY)
    except Unreadable as problem:
        log.warning("a file with the log could not be made", why=str(problem))
        _give_up(parts, wanted, UNREADABLE)
    except SlowDown as problem:
        return problem.seconds
    except Impossible as problem:
        _give_up(parts, wanted, problem.why)
    except (Unreachable, OSError) as problem:
        if not _refuses_scope(problem) and job.attempts < MOST_TRIES:
            log.warning("a file with the log could not be sent; it is tried again", why=str(problem))
            return min(LONGEST_PAUSE, 2.0**job.attempts)
        _give_up(parts, wanted, _why(problem))
    return None


def _send(parts: Parts, wanted: Export, made: Written) -> None:
    place = call(parts.slack.files_getUploadURLExternal, filename=made.name, length=made.size)
    parts.responder.upload(str(place["upload_url"]), made.file)
    direct = call(parts.slack.conversations_open, users=wanted.person.user)["channel"]["id"]
    log_export(parts.desk, wanted, made.events)
    call(
        parts.slack.files_completeUploadExternal,
        files=[{"id": place["file_id"], "title": made.name}],
        channel_id=direct,
        initial_comment=file_comment(made.events, wanted.query, all_of_it=made.all_of_it),
    )


def _why(problem: Unreachable | OSError) -> str:
    if isinstance(problem, OSError):  # the disk is full
        return NOT_WRITTEN
    return NO_SCOPE if _refuses_scope(problem) else "nothing for a long time"


def _refuses_scope(problem: Exception) -> bool:
    cause = problem.__cause__
    return isinstance(cause, SlackApiError) and cause.response.get("error") == NO_SCOPE


def _give_up(parts: Parts, wanted: Export, why: str) -> None:
    log.warning("a file with the log could not be sent", user=wanted.person.user, why=why)
    log_no_export(parts.desk, wanted, f"the file could not be sent: {why}")
    post(parts.slack, wanted.person.user, not_sent(why))

"""What the program does by itself, in the log: it starts, it stops, its policy is another one."""

from collections.abc import Iterable
from typing import Any

from bot import __version__
from bot.model.audit import SYSTEM, Action, AuditEvent
from bot.usecases.desk import Desk
from storage import audit, audit_chain, jobs
from storage.unit_of_work import UnitOfWork


class Lifecycle:
    """Logs start and stop of one process, in the workspaces that it serves."""

    def __init__(self, desk: Desk, kinds: Iterable[str], settings: str | None = None) -> None:
        """`settings`: their hash."""
        self._desk = desk
        self._settings = settings
        self._kinds = sorted(kinds)  #: of jobs; none where the process runs no worker
        self._workspaces: list[str] = []

    def started(self, home: str | None) -> None:
        """Logs the start; `home` is the app's own workspace, None where Slack does not say.

        Then it is every workspace that has a log: a start is not left out because Slack is down.
        """
        with self._desk.database.write() as work:
            known = [head.workspace for head in audit_chain.heads(work)]
            self._workspaces = [home] if home else known
            for workspace in self._workspaces:
                _log_policy(work, self._desk, workspace)
                if self._kinds:
                    audit.append(work, self._event(workspace, Action.WORKER_STARTED))

    def stopped(self) -> None:
        """Logs the stop, wherever the start was."""
        if not self._kinds or not self._workspaces:
            return
        with self._desk.database.write() as work:
            for workspace in self._workspaces:
                audit.append(work, self._event(workspace, Action.WORKER_STOPPED))

    def _event(self, workspace: str, action: Action) -> AuditEvent:
        context = {
            "version": __version__, "policy": self._desk.policy_sha, "settings": self._settings,
            "kinds": self._kinds,
        }  # fmt: skip
        return _event(self._desk, workspace, action, context=context)


def arm(desk: Desk, due: Iterable[tuple[str, float]]) -> None:
    """Arms what is done again and again: names of `cron:` jobs and the seconds until they are due."""
    with desk.database.write() as work:
        for name, seconds in due:
            jobs.put(work, f"cron:{name}", delay=seconds, soonest=True)


def _log_policy(work: UnitOfWork, desk: Desk, workspace: str) -> None:
    """Logs the policy file's hash if it is not the one that was logged last."""
    last = audit_chain.newest_of(work, workspace, Action.POLICY_LOADED)
    before = last[0].changes.get("to") if last else None
    if last is None or before != desk.policy_sha:
        changes = {"from": before, "to": desk.policy_sha}
        audit.append(work, _event(desk, workspace, Action.POLICY_LOADED, changes=changes))


def _event(desk: Desk, workspace: str, action: Action, **fields: Any) -> AuditEvent:
    return AuditEvent(workspace=workspace, account=desk.account, actor=SYSTEM, action=action, **fields)

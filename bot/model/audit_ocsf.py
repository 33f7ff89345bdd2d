"""An event as OCSF 1.3.0 has it, for a SIEM: API Activity, or Account Change where access itself changed.

Schema: https://schema.ocsf.io/1.3.0/, of which tests/unit/data/ocsf.1.3.0.json is an excerpt. What it has no
attribute for stands in `unmapped`.
"""

from typing import Any

from bot.model.audit import Action, ActorType, Outcome
from bot.model.audit_chain import canonical, to_text
from bot.model.audit_export import Taken
from bot.model.money import from_units

VERSION = "1.3.0"
_API, _ACCOUNT = (6, "Application Activity", 6003, "API Activity"), (
    3, "Identity & Access Management", 3001, "Account Change",
)  # fmt: skip
_CREATE, _READ, _UPDATE, _DELETE, _OTHER = 1, 2, 3, 4, 99
_API_NAMES = {_CREATE: "Create", _READ: "Read", _UPDATE: "Update", _DELETE: "Delete"}
_ACTIVITIES = {
    _CREATE: {
        Action.REQUEST_SUBMITTED, Action.REQUEST_BREAK_GLASS, Action.PURCHASE_STARTED, Action.PURCHASE_BOUGHT,
        Action.SWEEP_ADOPTED, Action.AUDIT_CHECKPOINT, Action.SEARCH_SHARED,
    },
    _READ: {
        Action.SEARCH_PERFORMED, Action.BUDGET_READ, Action.AUDIT_READ, Action.AUDIT_EXPORTED,
        Action.AUDIT_VERIFIED, Action.AUDIT_PROVED, Action.SWEEP_FINISHED,
    },
    _DELETE: {Action.AUDIT_ERASED, Action.AUDIT_ARCHIVED},
    _OTHER: {Action.WORKER_STARTED, Action.WORKER_STOPPED, Action.REQUEST_REMINDED, Action.REQUEST_REPEATED},
}  # fmt: skip
_ACTIVITY = {action.value: activity for activity, actions in _ACTIVITIES.items() for action in actions}
_ATTACH_POLICY = 7
_STATUS = {Outcome.SUCCESS: (1, "Success"), Outcome.FAILURE: (2, "Failure"), Outcome.DENIED: (2, "Failure")}
_USER_TYPE = {ActorType.USER: (1, "User"), ActorType.OPERATOR: (2, "Admin"), ActorType.SYSTEM: (3, "System")}
_LOUD = {Action.REQUEST_BREAK_GLASS.value, Action.AUDIT_ERASED.value, Action.POLICY_LOADED.value}


def ocsf_line(taken: Taken, *, version: str) -> str:
    """One event as one line of JSON; `version` is the program's."""
    return canonical(ocsf(taken, version=version)).decode()


def ocsf(taken: Taken, *, version: str) -> dict[str, Any]:
    """The event with the attributes that its class requires, and those recommended that we know."""
    line = taken.line
    of_account = line.action == Action.POLICY_LOADED  # who may do what is another than before
    category, category_name, class_uid, class_name = _ACCOUNT if of_account else _API
    activity = _ATTACH_POLICY if of_account else _ACTIVITY.get(line.action, _UPDATE)
    named = "Attach Policy" if of_account else _API_NAMES.get(activity, line.action)
    status, status_name = _STATUS.get(Outcome(line.outcome), (0, "Unknown"))
    made: dict[str, Any] = {
        "category_uid": category, "category_name": category_name,
        "class_uid": class_uid, "class_name": class_name,
        "activity_id": activity, "activity_name": named,
        "type_uid": class_uid * 100 + activity,
        "type_name": f"{class_name}: {'Other' if activity == _OTHER else named}",
        "time": line.at // 1000, "timezone_offset": 0,
        **_severity(taken),
        "status_id": status, "status": status_name, "status_code": line.outcome,
        "metadata": _metadata(taken, version),
        "actor": {"user": _user(line.actor_type, line.actor, line.workspace), "app_name": "Numberdesk"},
        "src_endpoint": {"svc_name": str(line.context.get("door", line.actor_type))},
        "message": _message(taken),
        "unmapped": _unmapped(taken),
    }  # fmt: skip
    if taken.reason is not None:
        made["status_detail"] = taken.reason
    if of_account:
        return made | {"user": _service(line.workspace), "policy": _policy(taken)}
    return made | {"api": _api(taken), "resources": _resources(taken)}


def _severity(taken: Taken) -> dict[str, Any]:
    line = taken.line
    if line.action in _LOUD:
        return {"severity_id": 3, "severity": "Medium"}
    if line.outcome != Outcome.SUCCESS:
        return {"severity_id": 2, "severity": "Low"}
    return {"severity_id": 1, "severity": "Informational"}


def _metadata(taken: Taken, version: str) -> dict[str, Any]:
    line = taken.line
    return {
        "version": VERSION,
        "product": {"name": "Numberdesk", "vendor_name": "Numberdesk", "version": version},
        "uid": line.id, "sequence": line.seq, "event_code": line.action, "log_name": "audit",
        "log_version": str(line.version), "original_time": to_text(line.at), "tenant_uid": line.workspace,
    } | ({"correlation_uid": line.request_id} if line.request_id else {})  # fmt: skip


def _user(kind: str, user: str, workspace: str) -> dict[str, Any]:
    type_id, name = _USER_TYPE[ActorType(kind)]
    return {"uid": user, "type_id": type_id, "type": name, "domain": workspace}


def _service(workspace: str) -> dict[str, Any]:
    """Whose rights a policy gives: those of the desk in its workspace."""
    return {"uid": workspace, "name": "numberdesk", "type_id": 3, "type": "System", "domain": workspace}


def _policy(taken: Taken) -> dict[str, Any]:
    return {"name": "policy", "uid": str(taken.line.changes.get("to", ""))}


def _api(taken: Taken) -> dict[str, Any]:
    line = taken.line
    made: dict[str, Any] = {"operation": line.action, "service": {"name": "numberdesk"}}
    return made | ({"request": {"uid": line.request_id}} if line.request_id else {})


def _resources(taken: Taken) -> list[dict[str, Any]]:
    line = taken.line
    named = (
        ("request", line.request_id), ("purchase", line.purchase_id),
        ("phone number", f"+{line.number}" if line.number else None),
    )  # fmt: skip
    return [{"type": kind, "uid": uid} for kind, uid in named if uid]


def _message(taken: Taken) -> str:
    line = taken.line
    about = f", +{line.number}" if line.number else ""
    return f"{line.action} by {line.actor}: {line.outcome}{about}"


def _unmapped(taken: Taken) -> dict[str, Any]:
    line = taken.line
    return {
        "account": line.account, "on_behalf_of": line.on_behalf_of, "country": line.country,
        "cost_usd": None if line.cost is None else str(from_units(line.cost)),
        "changes": taken.changes, "context": line.context,
        "previous_hash": line.previous_hash, "hash": taken.hash,
    }  # fmt: skip

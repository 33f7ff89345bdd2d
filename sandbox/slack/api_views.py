"""views.*: modals and the Home tab."""

from sandbox.slack.answers import checked_view
from sandbox.slack.call import Call, method
from sandbox.slack.errors import ApiError
from sandbox.slack.views import View, view_body
from sandbox.slack.world import Json


def _shown(view: View) -> Json:
    return {"ok": True, "view": view_body(view)}


@method("views.open")
def open_view(call: Call) -> Json:
    given = checked_view(call.workspace, call.get("view"))
    trigger = call.workspace.use_trigger(call.need("trigger_id"))
    return _shown(call.workspace.views.open(trigger.user, given))


@method("views.push")
def push_view(call: Call) -> Json:
    """The trigger must have been earned in a modal that is still open."""
    given = checked_view(call.workspace, call.get("view"))
    trigger = call.workspace.use_trigger(call.need("trigger_id"))
    if not any(view.id == trigger.view_id for view in call.workspace.views.stacks.get(trigger.user, [])):
        raise ApiError("not_found")
    return _shown(call.workspace.views.push(trigger.user, given))


@method("views.update")
def update_view(call: Call) -> Json:
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if bool(view_id) == bool(external_id):
        line = "[ERROR] Provide either `view_id` or `external_id`"
        raise ApiError("invalid_arguments", response_metadata={"messages": [line]})
    views = call.workspace.views
    view = views.find(view_id) if view_id else views.find_external(external_id)
    if view is None:
        raise ApiError("not_found")
    given = checked_view(call.workspace, call.get("view"), view.given["type"])
    return _shown(views.update(view, given, call.text("hash") or None))


@method("views.publish")
def publish(call: Call) -> Json:
    user = call.need("user_id")
    if user not in call.workspace.residents.members:
        raise ApiError("user_not_found")
    given = checked_view(call.workspace, call.get("view"), "home")
    return _shown(call.workspace.views.publish(user, given, call.text("hash") or None))

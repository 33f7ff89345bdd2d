"""What an app says in an ack or to a response_url becomes messages and views here."""

from typing import Any

from sandbox.slack.blocks import kept
from sandbox.slack.checks import check_blocks, check_users, check_view
from sandbox.slack.errors import ApiError, refused
from sandbox.slack.views import View
from sandbox.slack.workspace import Hook, Message, Workspace
from sandbox.slack.world import BOT_USER, Json

TROUBLE = "We had some trouble connecting. Try again?"


def checked_message(workspace: Workspace, body: Json) -> tuple[str, list[Json]]:
    """Text and blocks of a message. Raises ApiError no_text or invalid_blocks."""
    text, blocks = body.get("text") or "", body.get("blocks") or []
    if problems := check_blocks(blocks) or check_users(blocks, workspace.residents.members):
        raise refused("invalid_blocks", problems)
    if not text and not blocks and not body.get("attachments"):
        raise ApiError("no_text")
    return str(text), kept(blocks)


def _true(value: Any) -> bool:
    """response_url takes booleans and their words."""
    return value is True or str(value).lower() == "true"


def to_hook(workspace: Workspace, hook: Hook, body: Json) -> None:
    """What a post to a response_url does. Raises ApiError."""
    if _true(body.get("delete_original")):
        if hook.source is not None:
            workspace.remove(hook.source)
        return
    text, blocks = checked_message(workspace, body)
    if _true(body.get("replace_original")) and hook.source is not None:
        workspace.edit(hook.source, text, blocks)
        return
    only_for = None if body.get("response_type") == "in_channel" else hook.user
    thread = workspace.thread_ts(hook.channel, body.get("thread_ts"))
    workspace.post(hook.channel, BOT_USER, text, blocks, only_for=only_for, thread_ts=thread)


def to_command(workspace: Workspace, user: str, channel: str, typed: str, body: Any) -> None:
    """What the ack of a slash command does. Raises ApiError if its blocks are wrong."""
    if not body:
        return
    answer: Json = body if isinstance(body, dict) else {"text": str(body)}
    in_channel = answer.get("response_type") == "in_channel"
    if in_channel:
        workspace.post(channel, user, typed, [])
    if answer.get("text") or answer.get("blocks"):
        text, blocks = checked_message(workspace, answer)
        workspace.post(channel, BOT_USER, text, blocks, only_for=None if in_channel else user)


def to_submission(workspace: Workspace, view: View, body: Any) -> Json:
    """What the ack of a view_submission does; returns {} or {"errors": ...} or {"trouble": ...}."""
    if not body:
        workspace.views.close(view)
        return {}
    if not isinstance(body, dict):
        return {"trouble": TROUBLE}
    action = body.get("response_action")
    try:
        return _respond(workspace, view, str(action), body)
    except ApiError as refusal:
        problems = "; ".join(refusal.extra.get("errors", [refusal.error]))
        return {"trouble": TROUBLE, "why": f"response_action {action}: {problems}"}


def _respond(workspace: Workspace, view: View, action: str, body: Json) -> Json:
    if action == "errors":
        return _errors(view, body.get("errors") or {})
    if action == "clear":
        workspace.views.close_all(view.user)
        return {}
    if action == "update":
        workspace.views.update(view, checked_view(workspace, body.get("view")), None)
        return {}
    if action == "push":
        workspace.views.push(view.user, checked_view(workspace, body.get("view")))
        return {}
    return {"trouble": TROUBLE, "why": f"unknown response_action {action}"}


def _errors(view: View, errors: Json) -> Json:
    """Errors may name input blocks only."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if strangers := sorted(set(errors) - inputs):
        return {"trouble": TROUBLE, "why": f"errors name what is no input block: {', '.join(strangers)}"}
    return {"errors": errors}


def checked_view(workspace: Workspace, given: Any, kind: str = "modal") -> Json:
    """The view, with ids put in. Raises ApiError invalid_arguments with what is wrong."""
    known = workspace.residents.members
    if problems := check_view(given, kind) or check_users(given["blocks"], known, "/view/blocks"):
        raise refused("invalid_arguments", problems)
    return {**given, "blocks": kept(given["blocks"])}


def failure(workspace: Workspace, user: str, channel: str, command: str, error: str) -> Message:
    """The line that a person sees when a command came to nothing."""
    text = f"{command} failed with the error “{error}”"
    return workspace.post(channel, "USYSTEM", text.replace("“", '"').replace("”", '"'), [], only_for=user)

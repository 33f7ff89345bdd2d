"""files.*: the two steps of an upload; the bytes are kept only as long as the stand-in runs."""

import secrets

from sandbox.slack.call import Call, method
from sandbox.slack.errors import ApiError
from sandbox.slack.world import BOT_USER, Json


@method("files.getUploadURLExternal")
def upload_url(call: Call) -> Json:
    file_id = f"F0{secrets.token_hex(4).upper()}"
    call.workspace.files[file_id] = {"name": call.need("filename"), "length": int(call.need("length"))}
    return {"ok": True, "file_id": file_id, "upload_url": f"{call.workspace.public_url}/upload/{file_id}"}


@method("files.completeUploadExternal")
def complete_upload(call: Call) -> Json:
    """Posts a message that names the files, if a channel is given."""
    given: list[Json] = call.get("files") or []
    known = call.workspace.files
    if not given or any(one.get("id") not in known or "content" not in known[one["id"]] for one in given):
        raise ApiError("file_not_found")
    channel_id = call.text("channel_id") or call.text("channels")
    if channel_id:
        channel = call.workspace.channel(channel_id)
        call.workspace.channels.may_post(channel.id)
        names = ", ".join(f"<{_link(call, one['id'])}|{known[one['id']]['name']}>" for one in given)
        comment = call.text("initial_comment")
        thread = call.workspace.thread_ts(channel.id, call.get("thread_ts"))
        text = f"{comment}\n{names}".strip()
        call.workspace.post(channel.id, BOT_USER, text, [], thread_ts=thread)
    files = [{"id": one["id"], "title": one.get("title") or known[one["id"]]["name"]} for one in given]
    return {"ok": True, "files": files}


def _link(call: Call, file_id: str) -> str:
    return f"{call.workspace.public_url}/files/{file_id}"

"""chat.*: messages of the bot."""

from sandbox.slack.answers import checked_message
from sandbox.slack.blocks import kept
from sandbox.slack.call import Call, method
from sandbox.slack.checks import check_blocks, check_users, too_much_text
from sandbox.slack.errors import ApiError, refused
from sandbox.slack.workspace import Message, message_body
from sandbox.slack.world import BOT_USER, Channel, Json

LONGEST_POST = 40_000
LONGEST_UPDATE = 4_000


def _open_channel(call: Call) -> Channel:
    channel = call.workspace.channel(call.need("channel"))
    call.workspace.channels.may_post(channel.id)
    return channel


@method("chat.postMessage")
def post_message(call: Call) -> Json:
    channel = _open_channel(call)
    text, blocks = checked_message(call.workspace, call.arguments)
    if too_much_text(blocks):
        raise ApiError("msg_blocks_too_long")
    call.workspace.pace.count(channel.id)
    thread = call.workspace.thread_ts(channel.id, call.get("thread_ts"))
    message = call.workspace.post(
        channel.id,
        BOT_USER,
        text[:LONGEST_POST],
        blocks,
        thread_ts=thread,
        broadcast=thread is not None and call.flag("reply_broadcast"),
        metadata=call.get("metadata"),
    )
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message_body(message)}


@method("chat.postEphemeral")
def post_ephemeral(call: Call) -> Json:
    """In a thread that nobody has replied in yet it is accepted, and nobody sees it (its reference)."""
    channel = _open_channel(call)
    user = call.need("user")
    if user not in call.workspace.residents.members_of(channel):
        raise ApiError("user_not_in_channel")
    text, blocks = checked_message(call.workspace, call.arguments)
    thread = call.workspace.thread(channel.id, call.get("thread_ts"))
    if call.get("thread_ts") and not (thread and thread.replies):
        return {"ok": True, "message_ts": call.workspace.next_ts()}
    within = thread.ts if thread else None
    message = call.workspace.post(channel.id, BOT_USER, text, blocks, only_for=user, thread_ts=within)
    return {"ok": True, "message_ts": message.ts}


def _own(call: Call, refusal: str) -> Message:
    """The bot's message that is meant; ephemeral ones are not found, as in Slack."""
    channel = call.workspace.channel(call.need("channel"))
    call.workspace.channels.may_change(channel.id)
    message = call.workspace.find(channel.id, call.need("ts"))
    if message is None or message.gone or message.only_for is not None:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError(refusal)
    return message


@method("chat.update")
def update(call: Call) -> Json:
    """Without `blocks` the old ones stay; an empty list takes them away (reference of chat.update)."""
    message = _own(call, "cant_update_message")
    text, blocks = call.text("text"), call.get("blocks")
    if len(text) > LONGEST_UPDATE:
        raise ApiError("msg_too_long")
    if not text and blocks is None:
        raise ApiError("no_text")
    known = call.workspace.residents.members
    if problems := check_blocks(blocks or []) or check_users(blocks or [], known):
        raise refused("invalid_blocks", problems)
    call.workspace.edit(message, text, message.blocks if blocks is None else kept(blocks))
    body = message_body(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts, "text": text, "message": body}


@method("chat.delete")
def delete(call: Call) -> Json:
    message = _own(call, "cant_delete_message")
    call.workspace.remove(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
def permalink(call: Call) -> Json:
    channel = call.workspace.channel(call.need("channel"))
    ts = call.need("message_ts")
    if call.workspace.find(channel.id, ts) is None:
        raise ApiError("message_not_found")
    link = f"{call.workspace.public_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"ok": True, "channel": channel.id, "permalink": link}

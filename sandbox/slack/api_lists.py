"""Who and what there is: auth, users, groups, channels, the team."""

import base64

from sandbox.slack.call import Call, method
from sandbox.slack.errors import ApiError
from sandbox.slack.people import Standing
from sandbox.slack.workspace import message_body
from sandbox.slack.world import (
    APP,
    BOT_ID,
    BOT_NAME,
    BOT_USER,
    CREATED,
    GROUP_HANDLES,
    TEAM,
    TEAM_DOMAIN,
    TEAM_NAME,
    Channel,
    Json,
    Member,
)

LAST_PAGE = {"response_metadata": {"next_cursor": ""}}


@method("auth.test")
def auth_test(call: Call) -> Json:
    return {
        "ok": True,
        "url": f"{call.workspace.public_url}/",
        "team": TEAM_NAME,
        "user": BOT_NAME.lower(),
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("api.test")
def api_test(call: Call) -> Json:
    return {"ok": True, "args": call.arguments}


@method("team.info")
def team_info(_call: Call) -> Json:
    return {"ok": True, "team": {"id": TEAM, "name": TEAM_NAME, "domain": TEAM_DOMAIN}}


@method("bots.info")
def bots_info(call: Call) -> Json:
    if call.text("bot") not in {"", BOT_ID}:
        raise ApiError("bot_not_found")
    bot = {"id": BOT_ID, "deleted": False, "name": BOT_NAME, "app_id": APP, "user_id": BOT_USER}
    return {"ok": True, "bot": bot}


def _user(call: Call, member: Member) -> Json:
    """As users.info shows it; everybody lives in UTC.

    A deactivated account has fewer fields, and the address of another team's people is not shown.
    """
    standing = call.workspace.people.of(member.id)
    profile = {"real_name": member.real_name, "display_name": member.name, "title": member.about}
    if not standing.is_external:
        profile["email"] = f"{member.name}@demo.test"
    user: Json = {
        "id": member.id,
        "team_id": standing.team,
        "name": member.name,
        "deleted": standing.deleted,
        "profile": {**profile, "team": standing.team},
        "is_bot": member.is_bot,
        "is_app_user": False,
        "updated": CREATED,
    }
    return user if standing.deleted else user | _active(member, standing)


def _active(member: Member, standing: Standing) -> Json:
    """What only an active account has; a single-channel guest is both kinds of restricted."""
    fields: Json = {
        "real_name": member.real_name,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": standing.guest != "",
        "is_ultra_restricted": standing.guest == "single",
    }
    return fields | {"is_stranger": standing.stranger} if standing.is_external else fields


@method("users.info")
def users_info(call: Call) -> Json:
    return {"ok": True, "user": _user(call, call.workspace.people.known(call.need("user")))}


@method("users.list")
def users_list(call: Call) -> Json:
    return {
        "ok": True,
        "members": [_user(call, member) for member in call.workspace.residents.members.values()],
        **LAST_PAGE,
    }


@method("users.lookupByEmail")
def users_by_email(call: Call) -> Json:
    """Neither bots, nor deactivated accounts, nor people of another team are found."""
    email = call.need("email")
    people = call.workspace.people
    members = call.workspace.residents.members.values()
    found = next((m for m in members if email == f"{m.name}@demo.test" and not m.is_bot), None)
    if found is None or people.of(found.id).deleted or people.of(found.id).is_external:
        raise ApiError("users_not_found")
    return {"ok": True, "user": _user(call, people.known(found.id))}


@method("usergroups.list")
def groups_list(call: Call) -> Json:
    groups = [
        {
            "id": group,
            "team_id": TEAM,
            "is_usergroup": True,
            "name": GROUP_HANDLES.get(group, group).title(),
            "handle": GROUP_HANDLES.get(group, group.lower()),
            "date_delete": 0,
            "user_count": len(members),
            **({"users": members} if call.flag("include_users") else {}),
        }
        for group, members in call.workspace.groups.items()
    ]
    return {"ok": True, "usergroups": groups}


@method("usergroups.users.list")
def group_members(call: Call) -> Json:
    group = call.need("usergroup")
    if group in call.workspace.broken_groups:
        raise ApiError(call.workspace.broken_groups[group])
    if group not in call.workspace.groups:
        raise ApiError("no_such_subteam")
    members, size = call.workspace.groups[group], call.workspace.group_pages.get(group, 0)
    start = _offset(call, group)
    users = members[start : start + size] if size else members[start:]
    end = start + len(users)
    cursor = _cursor(group, end) if end < len(members) else ""
    return {"ok": True, "users": users, "response_metadata": {"next_cursor": cursor}}


def _cursor(group: str, start: int) -> str:
    return base64.b64encode(f"{group}:{start}".encode()).decode()


def _offset(call: Call, group: str) -> int:
    """Where the page begins. Raises ApiError invalid_cursor unless the cursor is one of this group's."""
    cursor = call.text("cursor")
    if not cursor:
        return 0
    for start in range(len(call.workspace.groups[group])):
        if cursor == _cursor(group, start):
            return start
    raise ApiError("invalid_cursor")


def _known_channel(call: Call) -> Channel:
    """The channel, if the bot can see it. Raises ApiError channel_not_found."""
    channel = call.workspace.residents.channels.get(call.need("channel"))
    if channel is None or call.workspace.channels.of(channel.id).is_hidden:
        raise ApiError("channel_not_found")
    return channel


def _channel(call: Call, channel: Channel) -> Json:
    """As conversations.info shows it."""
    condition = call.workspace.channels.of(channel.id)
    common = {
        "id": channel.id,
        "created": CREATED,
        "is_archived": condition.archived,
        "is_im": channel.is_direct,
    }
    if channel.is_direct:
        return {**common, "user": channel.person, "is_open": True, "priority": 0}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_mpim": False,
        "is_private": condition.private,
        "is_general": False,
        "is_member": not condition.bot_removed,
        "creator": "U0ANA",
        "context_team_id": TEAM,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


@method("conversations.info")
def conversation_info(call: Call) -> Json:
    return {"ok": True, "channel": _channel(call, _known_channel(call))}


@method("conversations.list")
def conversations_list(call: Call) -> Json:
    types = (call.text("types") or "public_channel").split(",")
    conditions = call.workspace.channels
    shown = [
        _channel(call, channel)
        for channel in call.workspace.residents.channels.values()
        if _type(call, channel) in types and not conditions.of(channel.id).is_hidden
    ]
    return {"ok": True, "channels": shown, **LAST_PAGE}


def _type(call: Call, channel: Channel) -> str:
    if channel.is_direct:
        return "im"
    return "private_channel" if call.workspace.channels.of(channel.id).private else "public_channel"


@method("conversations.members")
def conversation_members(call: Call) -> Json:
    channel = _known_channel(call)
    gone = {BOT_USER} if call.workspace.channels.of(channel.id).bot_removed else set()
    members = [user for user in call.workspace.residents.members_of(channel) if user not in gone]
    return {"ok": True, "members": members, **LAST_PAGE}


@method("conversations.history")
def conversation_history(call: Call) -> Json:
    """Newest first; neither ephemeral messages nor replies that stay in their thread are in the history."""
    channel = call.workspace.channel(call.need("channel"))
    limit = int(call.text("limit") or 100)
    lasting = [
        message
        for message in call.workspace.posted(channel.id)
        if message.only_for is None
        if message.broadcast or message.thread_ts is None
    ]
    newest = [message_body(message) for message in reversed(lasting)][:limit]
    return {"ok": True, "messages": newest, "has_more": len(lasting) > limit, **LAST_PAGE}


@method("conversations.replies")
def conversation_replies(call: Call) -> Json:
    """The parent and what was replied, oldest first."""
    channel = call.workspace.channel(call.need("channel"))
    parent = call.workspace.thread(channel.id, call.need("ts"))
    if parent is None:
        raise ApiError("thread_not_found")
    there = call.workspace.posted(channel.id)
    replies = [m for m in there if m.thread_ts == parent.ts and m.only_for is None]
    return {
        "ok": True,
        "messages": [message_body(m) for m in (parent, *replies)],
        "has_more": False,
        **LAST_PAGE,
    }


@method("conversations.open")
def conversation_open(call: Call) -> Json:
    users = [user for user in call.text("users").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    direct = call.workspace.residents.direct_with(users[0])
    if direct is None or len(users) > 1:
        raise ApiError("user_not_found" if len(users) == 1 else "too_many_users")
    if call.workspace.people.of(users[0]).deleted:
        raise ApiError("user_disabled")
    full = call.flag("return_im")
    return {"ok": True, "channel": _channel(call, direct) if full else {"id": direct.id}}


@method("apps.connections.open")
def connections_open(call: Call) -> Json:
    address = call.workspace.public_url.replace("http", "ws", 1)
    return {"ok": True, "url": f"{address}/link?ticket={call.sockets.ticket()}&app_id={APP}"}

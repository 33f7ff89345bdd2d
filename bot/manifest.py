"""The Slack app's manifest: its command, scopes and addresses, so that nobody has to click them together."""

from typing import Any
from urllib.parse import urlsplit

#: What the bot may do in Slack, each for a reason; nothing is asked for that no part of it needs.
SCOPES = {
    "commands": "the slash command /number",
    "chat:write": "request cards, decisions and direct messages",
    "chat:write.public": "a card in a public channel that nobody invited the bot to",
    "users:read": "who is a guest, of another workspace or deactivated",
    "usergroups:read": "who is in the groups that the policy names",
    "files:write": "the log as a file, to the direct message of who asked for it",
    "im:write": "a direct message where the bot cannot post",
}


def manifest(url: str | None) -> dict[str, Any]:
    """The manifest for the program at this address, or for Socket Mode when `url` is None.

    `url` is where Slack reaches the HTTP door, without `/slack/events`. Raises ValueError if it is not https,
    which Slack does not call. Shape: Slack's manifest schema, version 2.
    """
    events = None if url is None else f"{_base(url)}/slack/events"
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Numberdesk",
            "description": "Search, request, approve and buy phone numbers",
            "background_color": "#1f3a5f",
        },
        "features": _features(events),
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": _settings(events),
    }


def _features(events: str | None) -> dict[str, Any]:
    command = {
        "command": "/number",
        "description": "Search, request and buy phone numbers",
        "usage_hint": "search US local 415 | requests | list | help",
        # People and channels arrive as ids (<@U…>), which names are not.
        "should_escape": True,
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "numberdesk", "always_online": True},
        "slash_commands": [command if events is None else {**command, "url": events}],
    }


def _settings(events: str | None) -> dict[str, Any]:
    subscriptions: dict[str, Any] = {"bot_events": ["app_home_opened"]}
    interactivity: dict[str, Any] = {"is_enabled": True}
    if events is not None:
        subscriptions["request_url"] = events
        # Menus that search while one types have an address of their own in HTTP mode.
        interactivity |= {"request_url": events, "message_menu_options_url": events}
    return {
        "event_subscriptions": subscriptions,
        "interactivity": interactivity,
        "org_deploy_enabled": False,
        "socket_mode_enabled": events is None,
        "token_rotation_enabled": False,
    }


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not an https address: Slack calls no other, for example https://host")
    return url.rstrip("/").removesuffix("/slack/events")

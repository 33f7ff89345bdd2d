"""Whom a message pings when it is posted: people by name, by their group, or as everybody in the channel."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.slack.world import Json

_MENTION = re.compile(r"<(?:@([UW][A-Z0-9]+)|!subteam\^(S[A-Z0-9]+)|!(channel|here|everyone))(?:\|[^<>]*)?>")
_SILENT = {"confirm", "options", "option_groups", "placeholder", "metadata"}


def pinged(
    text: str, blocks: list[Json], channel: Iterable[str], groups: Mapping[str, Iterable[str]]
) -> list[str]:
    """Who is pinged, in the order of `channel` (who is in it): nobody else can be.

    `<!here>` is everybody, for everybody here is at their desk. Escaped mentions and plain_text ping nobody.
    Unconfirmed: that the fallback text of a message with blocks pings too. It counts, to be on the safe side.
    """
    named: set[str] = set()
    there = list(channel)
    for part in (text, *_marked_up(blocks)):
        for user, group, word in _MENTION.findall(part):
            named |= {user} if user else set(groups.get(group, ())) if group else set(there if word else ())
    return [user for user in there if user in named]


def _marked_up(part: Any) -> Iterator[str]:
    """All mrkdwn texts that are shown at once; what a dialog or a menu says is not."""
    if isinstance(part, list):
        for item in part:
            yield from _marked_up(item)
    elif isinstance(part, dict):
        if part.get("type") == "mrkdwn" and isinstance(part.get("text"), str):
            yield part["text"]
        for key, value in part.items():
            if key not in _SILENT and isinstance(value, (dict, list)):
                yield from _marked_up(value)

"""What a person hears when something went wrong: what happened, what it means and what to do."""

from collections.abc import Mapping

from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.model.errors import (
    CredentialsRefused,
    NotSent,
    ProviderError,
    RateLimited,
    Refused,
    Unclear,
)
from handlers.ui.blocks import Block, message, section
from handlers.ui.text import escape

BUSY = "Numberdesk is busy with other searches right now. Nothing was done; please try again in a minute."
LATE = "This takes longer than usual. You will hear what comes of it."
RESTARTING = "Numberdesk is restarting; nothing was done. Please try again in a minute."
UNSHARED = "Slack did not take this page for the channel. Nothing was shared; please try again."
OLD_BUTTON = (
    "This button is from an older version of Numberdesk and does nothing any more. Type `/number` to search, "
    "`/number requests` to see your requests, or `/number help`."
)
TOO_LATE = (
    "That took longer than Slack waits, so nothing could be opened and nothing was done. Please try again."
)
_API_ID = " (provider's id {})"


_WHY_NOT = {
    "is_archived": "the channel is archived",
    "channel_not_found": "the channel does not exist, or Numberdesk is not in it",
    "not_in_channel": "Numberdesk is not in the channel",
    "restricted_action": "Slack lets only some people post there",
    "restricted_action_read_only_channel": "nobody may post there",
    "message_not_found": "the message was deleted",
    "cant_update_message": "Slack does not let us change the message",
    "edit_window_closed": "Slack lets nobody change the message any more",
    "user_not_found": "the person is not known there",
    "cannot_dm_bot": "the person is a bot",
    "messages_tab_disabled": "messages from Numberdesk are switched off",
    "msg_too_long": "the message is too long for Slack",
}


def why_not(codes: str | None) -> str:
    """Why a message could not be posted or drawn, in our words for Slack's; `; ` stands between several."""
    said = [
        _WHY_NOT.get(one, f"Slack says “{one.replace('_', ' ')}”") for one in (codes or "").split("; ") if one
    ]
    return "; ".join(said) or "Slack did not say why"


def trouble(problem: Exception) -> Block:
    """The answer for an error nobody has handled better."""
    text = in_words(problem)
    return message(text, [section(f":warning: {text}")])


def in_words(problem: Exception) -> str:
    """What happened, what it means and what to do, escaped for Slack."""
    if isinstance(problem, Refused) and not isinstance(problem, CredentialsRefused):
        return f"The provider refused: “{escape(str(problem))}”{_api_id(problem)}. Nothing was done."
    if isinstance(problem, Unclear):
        return f"The provider did not give a clear answer{_api_id(problem)}. Please try again in a minute."
    known = (text for kind, text in _TEXTS.items() if isinstance(problem, kind))
    return next(known, "Something went wrong on our side. It stands in our log; please try again.")


_TEXTS: Mapping[type[Exception], str] = {
    CredentialsRefused: "The desk's own credentials are refused by the provider. Nothing was done. "
    "Whoever runs Numberdesk checks PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN; `doctor` tells more.",
    NotSent: "The provider could not be reached. Nothing was done; please try again in a minute.",
    RateLimited: "The provider asks us to slow down. Nothing was done; please try again in a minute.",
    SlackApiError: "Slack did not take what was to be shown. Nothing was done; please try again.",
    OSError: "Slack could not be reached. Nothing was done; please try again in a minute.",
    # its last word may be lost, so nobody can say that nothing was changed; a form is taken once in any case
    SQLAlchemyError: "The desk's database did not answer. Please try again in a minute; "
    "nothing is done twice.",
}


def _api_id(problem: ProviderError) -> str:
    return _API_ID.format(escape(problem.api_id)) if problem.api_id else ""

"""The last resort: a listener failed, and the person still gets an answer."""

import json
from functools import partial

import structlog
from slack_bolt import App, BoltResponse

from handlers.errand import Reply
from handlers.parts import Body, Parts, who_asked
from handlers.ui.blocks import Block, notice
from handlers.ui.trouble import in_words, trouble

log = structlog.get_logger(__name__)


def register(app: App, parts: Parts) -> None:
    app.error(partial(_answer, parts))


def _answer(parts: Parts, error: Exception, body: Body) -> BoltResponse:
    log.error("a listener failed", exc_info=error)
    if body.get("type") == "view_submission":
        return _keep_open(body, in_words(error))
    if "command" in body:
        return _json({**trouble(error), "response_type": "ephemeral"})
    if body.get("type") == "block_actions":
        reply = Reply(parts, who_asked(body))
        parts.apologies.offer(lambda: reply.say(trouble(error)))
    return BoltResponse(status=200, body="")


def _keep_open(body: Body, text: str) -> BoltResponse:
    """The modal stays with all that was typed, and says under its first input what happened.

    Slack takes errors for inputs alone: where there is none, nothing was typed, and a notice takes its place.
    """
    inputs = (block["block_id"] for block in body["view"]["blocks"] if block["type"] == "input")
    first = next(inputs, None)
    if first is None:
        return _json({"response_action": "update", "view": notice("Something went wrong", text)})
    return _json({"response_action": "errors", "errors": {first: text}})


def _json(answer: Block) -> BoltResponse:
    return BoltResponse(
        status=200, body=json.dumps(answer), headers={"content-type": "application/json; charset=utf-8"}
    )

"""The yardstick: a Bolt app that does nothing, on the same server setting as ours."""

import sys

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult

from bot.serving import Served, serve

SIGNING_SECRET = "an-invented-signing-secret"


def make(*, before_response: bool) -> Served:
    app = App(
        signing_secret=SIGNING_SECRET,
        authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-invented"),
        process_before_response=before_response,
    )
    app.command("/number")(lambda ack: ack("help"))
    return Served(wsgi=SlackRequestHandler(app), start=lambda: None, stop=lambda _: None)


if __name__ == "__main__":
    serve(lambda: make(before_response=sys.argv[2] == "before"), host="127.0.0.1", port=int(sys.argv[1]))

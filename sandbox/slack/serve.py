"""Serve the stand-in as a process of its own."""

import uvicorn

from sandbox.serving import listen, quiet_config
from sandbox.slack.app import create_app

HOST = "127.0.0.1"


def run(
    port: int,
    *,
    request_url: str | None,
    signing_secret: str,
    bot_token: str,
    app_token: str,
    trigger_seconds: float = 3.0,
) -> None:
    """Serve on this machine only, until SIGTERM or Ctrl-C. Raises OSError if the port is taken."""
    app = create_app(
        request_url=request_url,
        signing_secret=signing_secret,
        bot_token=bot_token,
        app_token=app_token,
        public_url=f"http://{HOST}:{port}",
        trigger_seconds=trigger_seconds,
    )
    with listen(HOST, port) as listener:
        uvicorn.Server(quiet_config(app)).run(sockets=[listener])

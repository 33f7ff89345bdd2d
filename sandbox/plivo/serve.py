"""The stand-in of Plivo as a program of its own."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import uvicorn

from sandbox.plivo.app import create_app
from sandbox.serving import listen, quiet_config

HOST = "127.0.0.1"


def run(port: int, auth_id: str, auth_token: str, stock: Path | None) -> None:
    """Serve the stand-in on this machine until SIGTERM or Ctrl-C; port 0 means any free one.

    Prints its address once it can be called. Raises OSError if the port is taken or the stock cannot be read,
    ValueError if the file is not a stock.
    """
    app = create_app(auth_id, auth_token, stock=stock)
    with listen(HOST, port) as listener:
        # The socket listens already: calls made from now on wait for the loop to begin.
        sys.stdout.write(f"http://{HOST}:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        # uvicorn raises the signal again after its orderly end; Ctrl-C is no error here.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(quiet_config(app)).run(sockets=[listener])

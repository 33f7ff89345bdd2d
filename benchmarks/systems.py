"""What is measured, as processes: the real bot, the stand-in of the provider, and the do-nothing apps."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.plain_app import SIGNING_SECRET

ROOT = Path(__file__).resolve().parent.parent
AUTH = ("MAEXAMPLEACCOUNT0001", "an-invented-token")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(command: list[str], port: int, ready: str, **more: object) -> Iterator[int]:
    """A program of ours, once `ready` answers; stopped at the end."""
    with subprocess.Popen([sys.executable, "-m", *command], **more) as started:  # type: ignore[call-overload]
        try:
            end = time.monotonic() + 30
            while not _answers(f"http://127.0.0.1:{port}{ready}"):
                if started.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{command[0]} did not start")
                time.sleep(0.05)
            yield port
        finally:
            started.terminate()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code < 500
    except requests.RequestException:
        return False


@contextmanager
def provider(stock: Path | None = None) -> Iterator[int]:
    """The stand-in of the provider, with the usual numbers or those of a file."""
    port = free_port()
    command = ["sandbox", "plivo", "--port", str(port), "--auth-id", AUTH[0], "--auth-token", AUTH[1]]
    command += ["--stock", str(stock)] if stock else []
    with process(command, port, "/healthz", cwd=ROOT, stdout=subprocess.DEVNULL) as at:
        yield at


@contextmanager
def plain(mode: str) -> Iterator[int]:
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with process(["benchmarks.plain_app", str(port), mode], port, "/", cwd=ROOT, **quiet) as at:
        yield at


@contextmanager
def desk(folder: Path, provider_port: int, slack_url: str) -> Iterator[int]:
    port = free_port()
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "SLACK_API_URL": f"{slack_url}/api/",
        "SLACK_BOT_TOKEN": "xoxb-invented",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PLIVO_API_URL": f"http://127.0.0.1:{provider_port}",
        "PLIVO_AUTH_ID": AUTH[0],
        "PLIVO_AUTH_TOKEN": AUTH[1],
        "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    with process(["bot", "serve"], port, "/readyz", cwd=folder, env=environment) as at:
        yield at

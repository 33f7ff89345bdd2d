"""The demo world: a stand-in of Plivo, a stand-in of Slack with a page, and the real bot between them."""

import os
import secrets
import shlex
import signal
import socket
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sandbox.children import ChildEnded, Children, clean_environment

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
POLICY = Path(__file__).resolve().parent / "demo_policy.toml"
USUAL_PORT = 4100
NOT_OURS = (
    "SLACK_", "PLIVO_", "DATABASE_", "POLICY_", "BUY_", "SETTLE_", "JOB_", "HOST", "PORT", "LOG_",
)  # fmt: skip
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class World:
    """Ports, secrets and the folder of one run; all of it is new each time."""

    folder: Path
    page_port: int
    plivo_port: int
    bot_port: int
    auth_id: str
    auth_token: str
    bot_token: str
    app_token: str
    signing_secret: str

    @property
    def page(self) -> str:
        return f"http://{HOST}:{self.page_port}"

    def bot_settings(self) -> dict[str, str]:
        """The bot's environment, nothing of it from outside but the level of its log."""
        return {
            "SLACK_API_URL": f"{self.page}/api/",
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
            "PLIVO_API_URL": f"http://{HOST}:{self.plivo_port}",
            "PLIVO_AUTH_ID": self.auth_id,
            "PLIVO_AUTH_TOKEN": self.auth_token,
            "DATABASE_URL": f"sqlite:///{self.folder / 'numberdesk.db'}",
            "POLICY_FILE": str(POLICY),
            "HOST": HOST,
            "PORT": str(self.bot_port),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            "PYTHONPATH": str(ROOT),
        }


def make_world(folder: Path) -> World:
    """Choose ports and secrets. Raises OSError if no port is to be had."""
    page_port, plivo_port, bot_port = _ports(int(os.environ.get("DEMO_PORT") or USUAL_PORT))
    return World(
        folder=folder,
        page_port=page_port,
        plivo_port=plivo_port,
        bot_port=bot_port,
        auth_id=f"MA{secrets.token_hex(9).upper()}",
        auth_token=secrets.token_hex(20),
        bot_token=f"xoxb-{secrets.token_hex(16)}",
        app_token=f"xapp-{secrets.token_hex(16)}",
        signing_secret=secrets.token_hex(16),
    )


def _ports(wanted: int) -> list[int]:
    """Three free ports, the first one as wanted if it is free."""
    with ExitStack() as held:
        sockets = [
            held.enter_context(_listener(wanted)),
            *(held.enter_context(_listener(0)) for _ in range(2)),
        ]
        return [one.getsockname()[1] for one in sockets]


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError):
        return socket.create_server((HOST, 0))


def _start(world: World, children: Children, stop: threading.Event) -> None:
    """Start all three, each after what it needs. Raises ChildEnded."""
    env = clean_environment(NOT_OURS)
    python = [sys.executable, "-m"]

    def going_on() -> bool:
        return not stop.is_set()

    plivo = ["sandbox", "plivo", "--port", str(world.plivo_port)]
    plivo += ["--auth-id", world.auth_id, "--auth-token", world.auth_token]
    slack = ["sandbox", "slack", "--port", str(world.page_port)]
    slack += ["--request-url", f"http://{HOST}:{world.bot_port}/slack/events"]
    slack += ["--signing-secret", world.signing_secret]
    slack += ["--bot-token", world.bot_token, "--app-token", world.app_token]
    children.start("The stand-in of Plivo", python + plivo, cwd=ROOT, env=env)
    children.start("The stand-in of Slack", python + slack, cwd=ROOT, env=env)
    children.wait_until_ready("The stand-in of Plivo", world.plivo_port, "/healthz", going_on)
    children.wait_until_ready("The stand-in of Slack", world.page_port, "/healthz", going_on)
    if going_on():
        # in the demo's folder, so that a developer's own .env is not read
        bot = [*python, "bot", "serve"]
        children.start("The bot", bot, cwd=world.folder, env=env | world.bot_settings())
        children.wait_until_ready("The bot", world.bot_port, "/readyz", going_on)


def _write_settings(world: World) -> Path:
    """The bot's environment as a file for a shell, readable by this person only."""
    file = world.folder / "demo.env"
    file.touch(mode=0o600)
    lines = [f"{name}={shlex.quote(value)}" for name, value in world.bot_settings().items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _greet(world: World) -> None:
    settings = shlex.quote(str(_write_settings(world)))
    shell = f"set -a; . {settings}; cd {shlex.quote(str(world.folder))}; {shlex.quote(sys.executable)} -m bot"
    _say(
        "",
        "The demo is running. Open this address in a browser:",
        "",
        f"    {world.page}",
        "",
        "Type  /number search US local 415  there. You can change who you are at the top left.",
        "Stop it with Ctrl-C; everything it made is then deleted. To read the log from another terminal:",
        "",
        f"    ( {shell} audit query 'since:1d' )",
        "",
    )


def run() -> int:
    """Run the demo until Ctrl-C, SIGTERM or the end of one of its processes; returns the exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="numberdesk-demo-") as folder, Children() as children:
        try:
            _say("Starting the demo world …")
            world = make_world(Path(folder))
            _start(world, children, stop)
            if not stop.is_set():
                _greet(world)
            while not stop.wait(LOOK_SECONDS):
                children.check()
        except ChildEnded as ended:
            sys.stderr.write(f"{ended} What it said stands above.\n")
            return 1
    _say("The demo has ended.")
    return 0

"""Put the stand-in together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from sandbox.slack import routes_api, routes_control, routes_ui
from sandbox.slack.delivery import ACK_SECONDS, Delivery
from sandbox.slack.faults import Faults
from sandbox.slack.guard import HOSTS
from sandbox.slack.interactions import Interactions
from sandbox.slack.parts import Parts
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.trouble import DROP, reset_connection
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import DEMO, Residents

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class Workbench(Starlette):
    """Starlette that knows its own address, and how to break a connection when a test orders it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[DROP] = partial(reset_connection, send)
        if scope.get("server") and hasattr(self.state, "parts"):
            self._learn_address(scope)
        await super().__call__(scope, receive, send)

    def _learn_address(self, scope: Scope) -> None:
        """The address of the listening socket, not of the Host header: the app trusts one host only."""
        workspace = self.state.parts.workspace
        if not workspace.public_url:
            host, port = scope["server"]
            workspace.public_url = f"http://{host}:{port}"


async def page(_request: Request) -> Response:
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return FileResponse(STATIC / "index.html", headers=headers)


async def favicon(_request: Request) -> Response:
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


async def healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


def create_app(
    *,
    request_url: str | None = None,
    signing_secret: str = "workbench-signing-secret",  # noqa: S107 - the default of a stand-in
    bot_token: str = "xoxb-workbench",  # noqa: S107 - same
    app_token: str = "xapp-workbench",  # noqa: S107 - same
    public_url: str = "",
    trigger_seconds: float = 3.0,
    ack_seconds: float = ACK_SECONDS,
    residents: Residents = DEMO,
) -> Starlette:
    """Make a stand-in that delivers to `request_url` (or to sockets, once one is connected).

    `public_url` stands in response_urls; left out, it is the address of the listening socket.
    `residents` are who lives there. Seconds: how long a trigger_id lives, and how long an ack may take.
    """
    workspace = Workspace(public_url.rstrip("/"), trigger_seconds, residents)
    sockets = Sockets(workspace.touch)
    delivery = Delivery(
        request_url=request_url,
        signing_secret=signing_secret,
        sockets=sockets,
        journal=workspace.journal,
        ack_seconds=ack_seconds,
    )
    people = Interactions(workspace, delivery)
    app = Workbench(routes=_routes(), middleware=_middleware(), lifespan=_lifespan)
    app.state.parts = Parts(workspace, delivery, people, sockets, Faults(), bot_token, app_token)
    return app


def _middleware() -> list[Middleware]:
    return [Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    yield
    await app.state.parts.delivery.close()


def _routes() -> list[BaseRoute]:
    return [
        Route("/", page),
        Route("/favicon.ico", favicon),
        Route("/healthz", healthz),
        Mount("/static", StaticFiles(directory=STATIC)),
        *routes_api.ROUTES,
        *routes_ui.ROUTES,
        *routes_control.ROUTES,
    ]

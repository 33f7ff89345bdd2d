"""The doors for the app: /api/<method>, /response/<token>, /upload/<file>, /link."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.slack import answers, api_chat, api_files, api_lists, api_views  # noqa: F401 - they fill METHODS
from sandbox.slack.call import METHODS, Call, read_arguments, unknown_method
from sandbox.slack.errors import ApiError, Limited
from sandbox.slack.faults import RESPONSE_URL
from sandbox.slack.parts import Parts, parts_of
from sandbox.slack.trouble import answer_with
from sandbox.slack.world import SCOPES, Json

SECRETS = ("token",)
APP_METHODS = {"apps.connections.open"}
OPEN_METHODS = {"api.test"}


async def api(request: Request) -> Response:
    """Any method of the Web API; errors are answers with status 200, as Slack's are."""
    parts = parts_of(request)
    name = request.path_params["method"]
    fault = parts.faults.take(name)

    async def work() -> Response:
        body, status, headers = await _body(request, parts, name)
        return JSONResponse(body, status, {"X-OAuth-Scopes": SCOPES, **headers})

    response = await answer_with(fault, request, work)
    if fault is not None:
        parts.workspace.journal.add("fault", method=name, fault=fault, status=response.status_code)
    return response


async def _body(request: Request, parts: Parts, name: str) -> tuple[Json, int, dict[str, str]]:
    """The answer with its status and headers; it stands in the log."""
    arguments: Json = {}
    status, headers = 200, {}
    try:
        arguments = await read_arguments(request)
        _check_token(request, parts, name, arguments)
        function = METHODS.get(name, unknown_method)
        body = function(Call(parts.workspace, parts.sockets, arguments))
    except Limited as limited:
        body, status, headers = limited.body(), 429, {"Retry-After": str(limited.retry_after)}
    except ApiError as refusal:
        body = refusal.body()
    if body.get("error") == "unknown_method":
        body["req_method"] = name
    shown = {key: value for key, value in arguments.items() if key not in SECRETS}
    parts.workspace.journal.add("api", method=name, arguments=shown, answer=body, ok=body["ok"])
    return body, status, headers


def _check_token(request: Request, parts: Parts, name: str, arguments: Json) -> None:
    if name in OPEN_METHODS:
        return
    token = request.headers.get("authorization", "").removeprefix("Bearer ") or arguments.get("token")
    if not token:
        raise ApiError("not_authed")
    expected = parts.app_token if name in APP_METHODS else parts.bot_token
    if token != expected:
        known = token in {parts.app_token, parts.bot_token}
        raise ApiError("not_allowed_token_type" if known else "invalid_auth")


async def response_url(request: Request) -> Response:
    """A post to a response_url: no token, five uses, thirty minutes."""
    parts = parts_of(request)
    fault = parts.faults.take(RESPONSE_URL)

    async def work() -> Response:
        return await _respond(request, parts)

    return await answer_with(fault, request, work)


async def _respond(request: Request, parts: Parts) -> Response:
    journal = parts.workspace.journal
    try:
        hook = parts.workspace.use_hook(request.path_params["token"])
    except ApiError as spent:
        journal.add("response_url", answer=spent.error, ok=False)
        return PlainTextResponse(spent.error, 404)
    try:
        body = json.loads(await request.body())
        answers.to_hook(parts.workspace, hook, body)
    except ApiError as refusal:
        journal.add("response_url", user=hook.user, arguments=body, answer=refusal.body(), ok=False)
        return JSONResponse(refusal.body(), 400)
    except (ValueError, AttributeError):
        journal.add("response_url", user=hook.user, answer="invalid_payload", ok=False)
        return PlainTextResponse("invalid_payload", 400)
    journal.add("response_url", user=hook.user, arguments=body, answer="ok", ok=True)
    return PlainTextResponse("ok")


async def upload(request: Request) -> Response:
    """The bytes of a file."""
    known = parts_of(request).workspace.files.get(request.path_params["file"])
    if known is None:
        return PlainTextResponse("no such file", 404)
    known["content"] = await request.body()
    return PlainTextResponse(f"OK - {len(known['content'])}")


async def download(request: Request) -> Response:
    known = parts_of(request).workspace.files.get(request.path_params["file"], {})
    if "content" not in known:
        return PlainTextResponse("no such file", 404)
    return PlainTextResponse(known["content"].decode("utf-8", "replace"))


async def link(socket: WebSocket) -> None:
    await parts_of(socket).sockets.serve(socket)


ROUTES: list[BaseRoute] = [
    Route("/api/{method}", api, methods=["GET", "POST"]),
    Route("/response/{token}", response_url, methods=["POST"]),
    Route("/upload/{file}", upload, methods=["POST", "PUT"]),
    Route("/files/{file}", download, methods=["GET"]),
    WebSocketRoute("/link", link),
]

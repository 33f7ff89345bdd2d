"""`python -m benchmarks.slack_sink PORT`: takes every message as Slack does, and counts the calls."""

import sys
from collections import Counter

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ANSWERS = {
    "auth.test": {"team_id": "T0DEMO", "user_id": "U0DESK", "bot_id": "B0DESK"},
    "chat.getPermalink": {"permalink": "https://example.invalid/archives/C0/p1"},
    "users.info": {"user": {"id": "U0", "name": "somebody", "team_id": "T0DEMO"}},
    "usergroups.users.list": {"users": []},
    "usergroups.list": {"usergroups": []},
}


def app(port: int) -> Starlette:
    calls: Counter[str] = Counter()
    answers = ANSWERS | {
        "files.getUploadURLExternal": {
            "upload_url": f"http://127.0.0.1:{port}/upload", "file_id": "F0LOG",
        },
        "conversations.open": {"channel": {"id": "D0"}},
    }  # fmt: skip

    async def answer(request: Request) -> Response:
        method = request.path_params["method"]
        calls[method] += 1
        posted = {"channel": "C0", "ts": f"1767225600.{sum(calls.values()):06d}"}
        return JSONResponse({"ok": True} | answers.get(method, posted))

    async def upload(request: Request) -> Response:
        async for chunk in request.stream():
            calls["bytes"] += len(chunk)
        return Response("OK")

    async def counted(_: Request) -> Response:
        return JSONResponse(calls)

    return Starlette(
        routes=[
            Route("/api/{method}", answer, methods=["POST", "GET"]),
            Route("/upload", upload, methods=["POST"]),
            Route("/counts", counted),
        ]
    )


if __name__ == "__main__":
    at = int(sys.argv[1])
    uvicorn.run(app(at), host="127.0.0.1", port=at, log_level="error")

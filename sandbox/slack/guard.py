"""Any website in the same browser can reach this machine's ports: only the page and the tests may act."""

import json
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request

from sandbox.slack.errors import ApiError
from sandbox.slack.world import Json

HOSTS = ["127.0.0.1", "localhost", "[::1]"]


def same_origin(connection: HTTPConnection) -> bool:
    """Whether the request came from the page itself, or from no page at all (a test, a shell)."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


async def json_body(request: Request) -> Json:
    """The JSON object of a post. Raises ApiError if it is another's page, another type or no object.

    A foreign page cannot send application/json without asking first, and nobody answers it.
    """
    if not same_origin(request):
        raise ApiError("foreign_origin")
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise ApiError("json_only")
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body

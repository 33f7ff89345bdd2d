"""How a Web API call says no."""

from typing import Any


class ApiError(Exception):
    """An answer with ok: false; `error` is Slack's code, `extra` what stands beside it."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.extra}


class Limited(ApiError):
    """Too many calls: status 429, and in how many whole seconds to come again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = max(1, retry_after)


def refused(error: str, problems: list[str]) -> ApiError:
    """Slack's way to point at what is wrong: the same lines twice, once with [ERROR]."""
    lines = [f"[ERROR] {problem}" for problem in problems]
    return ApiError(error, errors=problems, response_metadata={"messages": lines})

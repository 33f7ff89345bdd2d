"""The stand-in of Slack, as its own tests start it."""

from tests.sandbox.conftest import running, slack

__all__ = ["running", "slack"]

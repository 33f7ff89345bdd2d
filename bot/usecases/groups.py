"""Who is in a user group: asked of Slack outside transactions, remembered for a short while."""

from collections.abc import Callable
from threading import Lock

from bot.model.policy import GroupUnknown

FRESH = 60.0
"""Seconds for which an answer is taken without asking again."""
USABLE = 600.0
"""Seconds after which a remembered answer counts for nothing."""

Members = Callable[[str], frozenset[str]]


class Groups:
    """The members of user groups. A group that cannot be looked up lets nobody in.

    `look_up(workspace, group)` asks Slack and raises anything if it cannot. `clock` is monotonic
    seconds. Safe for threads.
    """

    def __init__(self, look_up: Callable[[str, str], frozenset[str]], clock: Callable[[], float]) -> None:
        self._look_up = look_up
        self._clock = clock
        self._lock = Lock()
        self._known: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}

    def asked(self, workspace: str) -> Members:
        """Members by asking Slack where the answer is not fresh: for work outside of an ack."""
        return lambda group: self._ask(workspace, group)

    def remembered(self, workspace: str) -> Members:
        """Members without a call: for a listener, whose ack waits for nobody."""
        return lambda group: self._recall(workspace, group, USABLE)

    def _ask(self, workspace: str, group: str) -> frozenset[str]:
        try:
            return self._recall(workspace, group, FRESH)
        except GroupUnknown:
            pass
        try:
            members = self._look_up(workspace, group)
        except Exception as problem:
            raise GroupUnknown(group) from problem
        with self._lock:
            self._known[workspace, group] = (self._clock(), members)
        return members

    def _recall(self, workspace: str, group: str, usable: float) -> frozenset[str]:
        with self._lock:
            at, members = self._known.get((workspace, group), (None, frozenset[str]()))
        if at is None or self._clock() - at > usable:
            raise GroupUnknown(group)
        return members

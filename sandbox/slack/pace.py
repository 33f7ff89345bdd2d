"""Slack's pace for messages: about one a second in a channel, if a test wants it to be kept."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from sandbox.slack.errors import Limited


class Pace:
    """How many messages a second each channel takes; None (as it starts) is any number.

    Below one a second the time grows instead: 0.1 is one in ten seconds. What was refused does not count.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._posted: dict[str, deque[float]] = defaultdict(deque)
        self.per_second: float | None = None

    def order(self, per_second: float | None) -> None:
        """Keep this pace from now on; what was posted before is forgotten."""
        self.per_second = per_second
        self._posted.clear()

    def count(self, channel: str) -> None:
        """Take one more message. Raises Limited, with the seconds to wait, if it comes too soon."""
        if not self.per_second:
            return
        most, span = max(1, math.floor(self.per_second)), max(1.0, 1 / self.per_second)
        now, posted = self._clock(), self._posted[channel]
        while posted and now - posted[0] >= span:
            posted.popleft()
        if len(posted) >= most:
            raise Limited(math.ceil(span - (now - posted[0])))
        posted.append(now)

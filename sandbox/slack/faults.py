"""Trouble on order: what the next calls of a method shall meet instead of an answer."""

from dataclasses import dataclass, field

from sandbox.slack.world import Json

RESPONSE_URL = "response_url"  # the name under which posts to a response_url are ordered to fail


@dataclass
class Fault:
    """`do` for the next `times` calls of `method` ("*" for every method)."""

    method: str
    do: Json
    times: int = 1


@dataclass
class Faults:
    """Ordered faults, used up oldest first."""

    ordered: list[Fault] = field(default_factory=list)

    def order(self, method: str, do: Json, times: int) -> None:
        self.ordered.append(Fault(method, do, times))

    def take(self, method: str) -> Json | None:
        """What this call shall meet, if anything; counts it."""
        for fault in self.ordered:
            if fault.method in (method, "*"):
                fault.times -= 1
                self.ordered = [kept for kept in self.ordered if kept.times > 0]
                return fault.do
        return None

    def clear(self) -> None:
        self.ordered.clear()

"""Choices: the provider's applications, subaccounts and compliance applications, to choose by name."""

from collections.abc import Callable
from threading import Lock

from bot.plivo.client import PlivoClient

FRESH = 60.0
"""Seconds for which a list is shown again without asking."""

Choice = tuple[str, str]
"""What is shown, and the id that is sent."""


class Choices:
    """Lists to choose from. Safe for threads; `clock` is monotonic seconds.

    Every method may ask the provider and raises ProviderError.
    """

    def __init__(self, provider: PlivoClient, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[float, tuple[Choice, ...]]] = {}

    def applications(self) -> tuple[Choice, ...]:
        return self._list("app", lambda: [(a.name, a.id) for a in self._provider.applications()])

    def subaccounts(self) -> tuple[Choice, ...]:
        """The enabled ones."""
        return self._list("sub", lambda: [(s.name, s.id) for s in self._provider.subaccounts() if s.enabled])

    def compliance(self, country: str, number_type: str) -> tuple[Choice, ...]:
        """The accepted ones for a country and a type of number."""
        return self._list(
            f"compliance {country} {number_type}",
            lambda: [
                (c.alias or c.id, c.id)
                for c in self._provider.compliance_applications(country, number_type)
                if c.status == "accepted"
            ],
        )

    def _list(self, key: str, ask: Callable[[], list[Choice]]) -> tuple[Choice, ...]:
        with self._lock:
            at, choices = self._known.get(key, (None, ()))
        if at is not None and self._clock() - at <= FRESH:
            return choices
        fresh = tuple(ask())
        with self._lock:
            self._known[key] = (self._clock(), fresh)
        return fresh

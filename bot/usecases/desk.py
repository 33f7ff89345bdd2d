"""The desk: the parts that use cases work with, wired up once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.model.audit_seal import Seal
from bot.model.policy import Budgets, Policy
from bot.usecases.directory import Directory
from storage.unit_of_work import Database

if TYPE_CHECKING:  # the shell reads the log without the client and its HTTP library
    from bot.plivo.client import PlivoClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that operators and tests may change; docs/reliability.md says what they mean."""

    buy_watchdog: float = 120
    settle_window: float = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a use case needs, and nothing of Slack."""

    database: Database
    provider: "PlivoClient"
    account: str  #: the provider account that pays
    policy: Policy | None  #: None: people can search, and a purchase is refused
    policy_sha: str | None
    directory: Directory
    timing: Timing
    uptime: Callable[[], float]  #: seconds that also pass while the machine or the process sleeps
    seal: Seal | None = None  #: signs checkpoints, proofs and archives; without a key they are unsigned

    @property
    def keep_years(self) -> int | None:
        """How long events stay in the database; None: for good."""
        return self.policy.audit.keep_years if self.policy else None

    @property
    def budgets(self) -> Budgets:
        """The policy's limits; none without a policy, where nothing is bought anyway."""
        return self.policy.budgets if self.policy else Budgets()

"""The edges of the real use cases: a provider that does what it is told, and a process that can be killed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.model.errors import NotFound, NotSent, RateLimited, Refused, Unclear
from bot.model.offer import NumberType, Offer, OfferPage
from bot.model.provider import BuyAnswer, BuyOptions, RentedNumber
from storage.unit_of_work import Database, UnitOfWork

LAG = 60.0
"""Seconds after which the provider's list shows what it sold."""
CALLS = (
    "answers", "lost after", "lost before", "killed before", "killed after", "refuses", "not found",
    "slow down", "not sent", "pending",
)  # fmt: skip
"""What may become of one call that buys."""


class Killed(BaseException):
    """The process is gone: nothing in it runs on, and nothing of it is caught."""


@dataclass
class Provider:
    """A provider without a wire. It sells whatever is asked of it, a second time as well: we must not ask."""

    clock: Callable[[], float]
    prices: dict[str, Decimal]
    sold: dict[str, float] = field(default_factory=dict)  #: ours, and since when
    others: set[str] = field(default_factory=set)
    posts: Counter[str] = field(default_factory=Counter)  #: calls that took effect
    calls: int = 0
    next_call: str = "answers"
    silent: bool = False  #: no question is answered
    lag: float = LAG
    asked: Callable[[], None] = lambda: None  #: happens with every question
    called: Callable[[], None] = lambda: None  #: happens with every call that buys

    def search(self, _asked: Mapping[str, Any], *, country: str, **_: Any) -> OfferPage:
        self._ask()
        free = [n for n in self.prices if n not in self.others and n not in self.sold]
        offers = tuple(Offer(n, country, NumberType.LOCAL, self.prices[n]) for n in free)
        return OfferPage(offers, len(offers), None)

    def rented_number(self, number: str, *, subaccount: str | None = None) -> RentedNumber | None:
        self._ask()
        return RentedNumber(number) if self.lists(number) else None

    def lists(self, number: str) -> bool:
        """Whether its list shows the number by now."""
        return number in self.sold and self.clock() - self.sold[number] >= self.lag

    def buy(self, number: str, _options: BuyOptions) -> BuyAnswer:
        self.calls += 1
        how, self.next_call = self.next_call, "answers"
        self.called()
        self._stop_before(how)
        if number in self.others:
            raise NotFound
        self.sold.setdefault(number, self.clock())
        self.posts[number] += 1
        if how == "killed after":
            raise Killed
        if how == "lost after":
            raise Unclear
        return BuyAnswer("awaiting_documents" if how == "pending" else "bought", None, how)

    def _stop_before(self, how: str) -> None:
        failures: dict[str, type[BaseException]] = {
            "lost before": Unclear, "killed before": Killed, "refuses": Refused,
            "not found": NotFound, "slow down": RateLimited, "not sent": NotSent,
        }  # fmt: skip
        if how in failures:
            raise failures[how]

    def _ask(self) -> None:
        self.asked()
        if self.silent:
            raise NotSent


class Mortal(Database):
    """A database whose process is killed around one of its next commits."""

    commits_left: int | None = None
    keeps_it: bool = False  #: killed after that commit, not before

    def doom(self, commits: int, *, keeps_it: bool) -> None:
        self.commits_left, self.keeps_it = commits, keeps_it

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[UnitOfWork]:
        # a statement that stands alone is a transaction of its own: death before its end undoes it, as here
        with super().write() as work:
            yield work
            last = self._is_last()
            if last and not self.keeps_it:
                raise Killed
        if last:
            raise Killed

    def _is_last(self) -> bool:
        if self.commits_left is None:
            return False
        self.commits_left -= 1
        if self.commits_left > 0:
            return False
        self.commits_left = None
        return True

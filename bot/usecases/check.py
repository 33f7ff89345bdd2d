"""Check: the sweep's comparison for an operator in the shell. It only reads, on both sides."""

from dataclasses import dataclass
from typing import Literal

from bot.model.provider import RentedNumber
from bot.model.sweep import DifferenceState, Kind, Standing
from bot.usecases.desk import Desk
from bot.usecases.sweep import Look, look
from storage import differences
from storage.differences import Difference

PROVEN = "the next sweep writes it down by itself"
_WHAT = {
    "unrecorded": "in the account, not bought here",
    "gone": "bought here, gone at the provider",
    "unsettled": "in the account, not settled here",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One difference; `unsettled` is a purchase of which the list says what became of it."""

    kind: Literal["unrecorded", "gone", "unsettled"]
    number: str
    rented: RentedNumber | None
    purchase: Standing | None
    difference_id: str | None = None  #: if a sweep has reported it
    ignored: bool = False  #: somebody said that it is as it should be
    remark: str = ""

    @property
    def what(self) -> str:
        """Both sides, in a few words."""
        return f"{_WHAT[self.kind]}{' (ignored)' if self.ignored else ''}"


def check(desk: Desk) -> list[Checked]:
    """What differs now, of every workspace. Raises ProviderError if the list cannot be read to its end."""
    seen = look(desk)
    with desk.database.read() as work:
        known = {(each.kind, each.number): each for each in differences.known(work, desk.account)}
    return [*_unsettled(seen), *_found(seen, known)]


def _unsettled(seen: Look) -> list[Checked]:
    return [
        Checked("unsettled", each.rented.number, each.rented, each.purchase, remark=PROVEN)
        for each in seen.comparison.proofs
    ]


def _found(seen: Look, known: dict[tuple[Kind, str], Difference]) -> list[Checked]:
    found = []
    for each in seen.findings:
        told = known.get((each.kind, each.number))
        ignored = told is not None and told.state is DifferenceState.IGNORED
        remark = (told.reason if told else None) or ""
        difference_id = told.id if told else None
        found.append(
            Checked(each.kind.value, each.number, each.rented, each.purchase, difference_id, ignored, remark)
        )
    return found

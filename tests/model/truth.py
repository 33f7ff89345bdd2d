"""What has to be so in every state, and when all is over."""

from tests.model.rules import FINAL
from tests.model.state import OURS, State


def resting(s: State) -> bool:
    """Nobody is at work, nothing is armed, nothing is on its way."""
    row = s.row
    asleep = all(w.at == "idle" for w in s.workers) and all(d.at == "idle" for d in s.drawers)
    unarmed = row.buy is None and row.settle is None and row.render is None
    return asleep and unarmed and not s.adrift and s.settler == s.human == "idle"


def final(s: State) -> bool:
    return resting(s) and s.row.status in FINAL


def problem(s: State) -> str | None:
    """What is wrong with a state, in words; None if nothing is."""
    if s.sold > 1:
        return "bought twice for one request"
    if s.row.status == "bought" and s.owner != OURS:
        return "called bought, and the provider does not hold it for us"
    if not resting(s):
        return None
    if s.owner == OURS and s.row.status != "bought" and not s.restored:
        return f"the provider holds it for us, and the row says {s.row.status}"
    if s.drawers and s.card != s.row.status:
        return f"the card shows {s.card}, and the row says {s.row.status}"
    return None

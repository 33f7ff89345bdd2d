"""How far the check of one log has come, and how it ends where something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.audit_fault import Broken


@dataclass(slots=True)
class Walk:
    """How far the check has come in one log."""

    workspace: str
    seq: int  #: of the last event that holds
    hash: str
    anchors: Mapping[int, str]
    first: int = 0
    erased: int = 0
    met: int = 0
    archives: int = 0
    before: int = field(default=0)
    believed: bool = False  #: what is before the first event, since that was asked for
    first_erased: int = 0
    told: int = 0  #: texts of which the log says that they were erased


class Found(Exception):
    """The first bad event."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.says)
        self.broken = broken

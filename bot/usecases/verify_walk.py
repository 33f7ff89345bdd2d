"""How far the check of one log has come, and how it ends where something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.audit_erased import Blank
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
    apart: int = 0  #: archives without the file of what people wrote
    blank: Blank = field(default_factory=Blank)  #: texts that were erased, as far as no event names them


class Found(Exception):
    """The first bad event."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.says)
        self.broken = broken

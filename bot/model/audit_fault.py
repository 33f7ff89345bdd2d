"""What can be wrong with a log, and how it is told apart. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.model.audit_chain import Line, digest


class Fault(StrEnum):
    """What is wrong with the first bad event."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    CUT_OFF = "cut off"
    REWRITTEN = "rewritten"  # it holds together, but it is not what was anchored
    TEXT = "text"
    ARCHIVE = "archive"
    ANCHOR = "anchor"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first bad event of a workspace's log."""

    workspace: str
    seq: int
    fault: Fault
    says: str  #: a sentence


UNREADABLE = (ValueError, TypeError, ArithmeticError, AttributeError, RecursionError)
"""What reading a row raises, or hashing it, into which somebody wrote what no event ever held."""
Hashed = tuple[Line, str]
At = Callable[[int], Hashed | None]  #: the line that stands at a number


def holds(row: Hashed, seq: int, previous: str) -> bool:
    """Whether a line is what was written as number `seq` behind `previous`."""
    line, hashed = row
    return line.seq == seq and line.previous_hash == previous and digest(line) == hashed


def unreadable(workspace: str, seq: int) -> Broken:
    """What is wrong with a line of which not even the hash can be computed, such as one with a key twice."""
    says = f"event {seq} was changed: it cannot be read any more, or not by all programs alike."
    return Broken(workspace, seq, Fault.CHANGED, says)


def diagnose(row: Hashed, seq: int, previous: str, at: At) -> Broken:
    """What is wrong with a line that does not hold, by looking at its neighbours."""
    line = row[0]
    if line.seq != seq:
        gone = f"event {seq} is" if line.seq == seq + 1 else f"events {seq} to {line.seq - 1} are"
        return Broken(line.workspace, seq, Fault.MISSING, f"{gone} missing.")
    if _written_as(row, seq):
        # It is as it was written, and holds on to another hash: the one before it was put in its place.
        says = f"event {seq - 1} was changed: event {seq} still holds the hash of what stood there."
        return Broken(line.workspace, max(1, seq - 1), Fault.CHANGED, says)
    return _moved(row, seq, previous, at) or Broken(
        line.workspace, seq, Fault.CHANGED, f"event {seq} was changed: its hash is not that of what it says."
    )


def _moved(row: Hashed, seq: int, previous: str, at: At) -> Broken | None:
    """Whether the line stands at another number than it was written with, or pushed others away."""
    if swapped := _swapped(row, seq, at):
        return swapped
    workspace, here = row[0].workspace, at(seq + 1)
    if here and here[0].previous_hash == previous and _written_as(here, seq):
        return Broken(workspace, seq, Fault.INSERTED, f"event {seq} was put in: it was never written.")
    if seq > 1 and _written_as(row, seq - 1):
        says = f"event {seq - 1} was put in: what stands at {seq} was written as {seq - 1}."
        return Broken(workspace, seq - 1, Fault.INSERTED, says)
    return None


def _swapped(row: Hashed, seq: int, at: At) -> Broken | None:
    workspace = row[0].workspace
    for other in range(seq + 1, seq + 1 + NEAR):
        if not _written_as(row, other):
            continue
        there = at(other)
        if there and _written_as(there, seq):
            says = f"events {seq} and {other} were swapped."
            return Broken(workspace, seq, Fault.SWAPPED, says)
        says = f"event {seq} is missing: what stands in its place was written as {other}."
        return Broken(workspace, seq, Fault.MISSING, says)
    return None


NEAR = 1000
"""How far away the place of a line is looked for that stands at a wrong one."""


def _written_as(row: Hashed, seq: int) -> bool:
    line, hashed = row
    return digest(line._replace(seq=seq)) == hashed

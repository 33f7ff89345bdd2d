"""Checks an exported log (JSON lines) by itself: without the database, a line in memory at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import GENESIS, text_holds
from bot.model.audit_erased import Blank
from bot.model.audit_export import Taken, read_line
from bot.model.audit_fault import Broken, Fault, diagnose, holds
from bot.model.errors import SettingsError
from bot.usecases.verify import Sound
from bot.usecases.verify_anchors import anchored
from bot.usecases.verify_texts import hashes_of, unexplained
from bot.usecases.verify_walk import Found

Progress = Callable[[int], None]  #: told how many more bytes were checked
_Known = Mapping[str, Mapping[int, str]]
"""The hash that an anchor names, by workspace and number."""


@dataclass(slots=True)
class _Log:
    """How far one workspace's log was read."""

    first: int
    seq: int
    hash: str
    erased: int = 0
    met: int = 0
    blank: Blank = field(default_factory=Blank)


def verify_file(
    path: Path,
    anchors: Sequence[Checkpoint] = (),
    keys: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> list[Sound | Broken]:
    """What is found in each workspace's log; a log that is broken ends the look.

    A log that begins behind its first event, because that one is in an archive, is believed up to there.
    Raises SettingsError for a file that is no export, or an anchor of a workspace that is not in it.
    """
    logs: dict[str, _Log] = {}
    try:
        known = {one: anchored(one, anchors, keys) for one in sorted({one.workspace for one in anchors})}
        for taken in _events(path, logs, progress):
            _follow(logs, taken, known)
        _must_be_there(path, logs, anchors)
        _check_ends(logs, anchors)
    except Found as found:
        return [found.broken]
    return [_sound(name, log, known.get(name, {})) for name, log in sorted(logs.items())]


def _events(path: Path, logs: Mapping[str, _Log], progress: Progress) -> Iterator[Taken]:
    try:
        with path.open("rb") as file:
            workspace = ""
            for number, line in enumerate(file, 1):
                try:
                    taken = read_line(line.decode().removesuffix("\n"))
                except ValueError:
                    if not workspace:
                        raise SettingsError(f"{path} is no export of the log as JSON lines.") from None
                    raise _unreadable(workspace, logs[workspace], number) from None
                workspace = taken.line.workspace
                yield taken
                progress(len(line))
    except OSError as problem:
        raise SettingsError(f"{path} cannot be read: {problem.strerror}.") from None


def _unreadable(workspace: str, log: _Log, number: int) -> Found:
    seq = log.seq + 1
    says = f"line {number}, where event {seq} should be, is not as an export writes it."
    return Found(Broken(workspace, seq, Fault.CHANGED, says))


def _follow(logs: dict[str, _Log], taken: Taken, known: _Known) -> None:
    line, hashed, _ = taken
    if (log := logs.get(line.workspace)) is None:
        before = GENESIS if line.seq == 1 else line.previous_hash
        log = logs[line.workspace] = _Log(line.seq, line.seq - 1, before)
        _meet(line.workspace, log, known)
    if not holds((line, hashed), log.seq + 1, log.hash):
        raise Found(diagnose((line, hashed), log.seq + 1, log.hash, lambda _: None))
    log.erased += _check_texts(taken, log.blank)
    log.blank.explain(line)
    log.seq, log.hash = line.seq, hashed
    _meet(line.workspace, log, known)


def _meet(workspace: str, log: _Log, known: _Known) -> None:
    """Compares with the anchor of the newest event; at first, with that of the one before the file."""
    expected = known.get(workspace, {}).get(log.seq)
    if expected is None:
        return
    if expected != log.hash:
        says = f"the log up to event {log.seq} holds together, but it is not the one that was anchored."
        raise Found(Broken(workspace, log.seq, Fault.REWRITTEN, says))
    log.met += 1


def _check_texts(taken: Taken, blank: Blank) -> int:
    """How many texts were erased; what was changed, left out or added is found."""
    line, expected, erased = taken.line, dict(hashes_of(taken.line)), 0
    for name in expected.keys() ^ taken.texts.keys():
        what = "is missing" if name in expected else "was put in"
        raise Found(Broken(line.workspace, line.seq, Fault.TEXT, f"the {name} of event {line.seq} {what}."))
    for name, (salt, text) in taken.texts.items():
        if salt is None or text is None:
            erased += 1
            blank.add(line.seq, name)
        elif not text_holds(salt, text, expected[name]):
            says = f"the {name} of event {line.seq} was changed."
            raise Found(Broken(line.workspace, line.seq, Fault.TEXT, says))
    return erased


def _must_be_there(path: Path, logs: Mapping[str, _Log], anchors: Sequence[Checkpoint]) -> None:
    for anchor in anchors:
        if anchor.workspace not in logs:
            held = ", ".join(sorted(logs)) or "no workspace"
            raise SettingsError(
                f"The anchor is of workspace {anchor.workspace}, and {path} holds the log of {held}."
            )


def _check_ends(logs: Mapping[str, _Log], anchors: Sequence[Checkpoint]) -> None:
    for anchor in anchors:
        after = logs[anchor.workspace].seq + 1
        if anchor.seq >= after:
            says = f"event {after} and all after it are cut off: an anchor knows event {anchor.seq}."
            raise Found(Broken(anchor.workspace, after, Fault.CUT_OFF, says))
    for workspace, log in logs.items():
        if first := log.blank.first():
            raise Found(unexplained(workspace, *first))


def _sound(workspace: str, log: _Log, known: Iterable[int]) -> Sound:
    before = sum(seq < log.first - 1 for seq in known)
    return Sound(workspace, log.first, log.seq, log.hash, log.erased, log.met, before, 0)

"""Checks an exported log (JSON lines) by itself: without the database, a line in memory at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import GENESIS, text_holds
from bot.model.audit_erased import Blank
from bot.model.audit_export import Taken, read_line
from bot.model.audit_fault import Broken, Fault, diagnose, holds
from bot.model.errors import SettingsError
from bot.usecases.verify import Sound
from bot.usecases.verify_texts import hashes_of, unexplained

Progress = Callable[[int], None]  #: told how many more bytes were checked


@dataclass(slots=True)
class _Log:
    """How far one workspace's log was read."""

    first: int
    seq: int
    hash: str
    erased: int = 0
    met: int = 0
    blank: Blank = field(default_factory=Blank)


class _Found(Exception):
    """The first bad event."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.says)
        self.broken = broken


def verify_file(
    path: Path,
    anchors: Sequence[Checkpoint] = (),
    key: str | None = None,
    progress: Progress = lambda _: None,
) -> list[Sound | Broken]:
    """What is found in each workspace's log; a log that is broken ends the look.

    A log that begins behind its first event, because that one is in an archive, is believed up to there.
    Raises SettingsError for a file that is no export, or an anchor of a workspace that is not in it.
    """
    logs: dict[str, _Log] = {}
    known = {(anchor.workspace, anchor.seq): anchor.hash for anchor in anchors}
    try:
        _genuine(anchors, key)
        for taken in _events(path, logs, progress):
            _follow(logs, taken, known)
        _must_be_there(path, logs, anchors)
        _check_ends(logs, anchors)
    except _Found as found:
        return [found.broken]
    return [_sound(name, log, anchors) for name, log in sorted(logs.items())]


def _genuine(anchors: Sequence[Checkpoint], key: str | None) -> None:
    for anchor in anchors:
        if not anchor.is_genuine(key):
            says = f"the anchor of event {anchor.seq} is not signed by the key that was expected."
            raise _Found(Broken(anchor.workspace, anchor.seq, Fault.ANCHOR, says))


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


def _unreadable(workspace: str, log: _Log, number: int) -> _Found:
    seq = log.seq + 1
    says = f"line {number}, where event {seq} should be, is not as an export writes it."
    return _Found(Broken(workspace, seq, Fault.CHANGED, says))


def _follow(logs: dict[str, _Log], taken: Taken, known: Mapping[tuple[str, int], str]) -> None:
    line, hashed, _ = taken
    if (log := logs.get(line.workspace)) is None:
        before = GENESIS if line.seq == 1 else line.previous_hash
        log = logs[line.workspace] = _Log(line.seq, line.seq - 1, before)
    if not holds((line, hashed), log.seq + 1, log.hash):
        raise _Found(diagnose((line, hashed), log.seq + 1, log.hash, lambda _: None))
    log.erased += _check_texts(taken, log.blank)
    log.blank.explain(line)
    log.seq, log.hash = line.seq, hashed
    if (anchored := known.get((line.workspace, line.seq))) is None:
        return
    if anchored != hashed:
        says = f"the log up to event {line.seq} holds together, but it is not the one that was anchored."
        raise _Found(Broken(line.workspace, line.seq, Fault.REWRITTEN, says))
    log.met += 1


def _check_texts(taken: Taken, blank: Blank) -> int:
    """How many texts were erased; what was changed, left out or added is found."""
    line, expected, erased = taken.line, dict(hashes_of(taken.line)), 0
    for name in expected.keys() ^ taken.texts.keys():
        what = "is missing" if name in expected else "was put in"
        raise _Found(Broken(line.workspace, line.seq, Fault.TEXT, f"the {name} of event {line.seq} {what}."))
    for name, (salt, text) in taken.texts.items():
        if salt is None or text is None:
            erased += 1
            blank.add(line.seq, name)
        elif not text_holds(salt, text, expected[name]):
            says = f"the {name} of event {line.seq} was changed."
            raise _Found(Broken(line.workspace, line.seq, Fault.TEXT, says))
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
            raise _Found(Broken(anchor.workspace, after, Fault.CUT_OFF, says))
    for workspace, log in logs.items():
        if first := log.blank.first():
            raise _Found(unexplained(workspace, *first))


def _sound(workspace: str, log: _Log, anchors: Sequence[Checkpoint]) -> Sound:
    before = sum(anchor.workspace == workspace and anchor.seq < log.first for anchor in anchors)
    return Sound(workspace, log.first, log.seq, log.hash, log.erased, log.met, before, 0)

"""An archive file: a line that says what it holds, a line for each event, and a line that seals it.

What people wrote is not in it, only its salted hash: a sealed file could not be erased. It stands in a
second file beside it.
"""

import json
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from bot.model.audit import ActorType
from bot.model.audit_chain import Line, canonical, record, to_line
from bot.model.audit_erased import Key
from bot.model.audit_seal import Seal, signed_by
from bot.model.errors import SettingsError
from storage.audit_chain import Hashed, Stub, Text

KIND = "numberdesk.archive"
END = "numberdesk.archive.end"
_END_BEGINS = b'{"key":'
"""Of all lines only the last begins so: keys are sorted."""


class BadArchive(Exception):
    """The file is not what was archived; `seq` is where that shows."""

    def __init__(self, seq: int, says: str) -> None:
        super().__init__(says)
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is known of an archive once it is written."""

    sha256: str  #: of all bytes before the last line
    signature: str | None


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of events; only its first line was read yet."""

    path: Path
    workspace: str
    first: int
    last: int

    def events(self) -> Iterator[Hashed]:
        """The events, one in memory at a time. Raises BadArchive for a line that is none."""
        with self.path.open("rb") as file:
            next(file)
            for number, text in enumerate(file):
                seq = self.first + number
                written = _json(text, seq)
                if written.get("kind") == END:
                    return
                yield _event(written, seq)

    def check(self, stub: Stub | None, keys: Sequence[str]) -> None:
        """Raises BadArchive unless this very file was recorded when its events were let go."""
        if stub is None:
            raise BadArchive(
                self.first, f"{self.path}: no archive of its events is recorded in the database."
            )
        found, end = self._sealed()
        if found != stub.sha256:
            raise BadArchive(self.first, f"{self.path} was changed since it was written.")
        if stub.signature is None and not keys:
            return
        if not is_signed(stub, keys or [str(end.get("key"))]):
            raise BadArchive(self.first, f"{self.path} is not signed by a key that was expected.")

    def _sealed(self) -> tuple[str, dict[str, Any]]:
        digest, end = sha256(), {}
        with self.path.open("rb") as file:
            for text in file:
                if text.startswith(_END_BEGINS):
                    end = _json(text, self.last)
                else:
                    digest.update(text)
        return digest.hexdigest(), end


def said_of(workspace: str, first: int, last: int, hashed: str, digest: str) -> dict[str, Any]:
    """What the signature of an archive is for."""
    return {
        "kind": KIND, "workspace": workspace, "first": first, "last": last, "hash": hashed, "sha256": digest,
    }  # fmt: skip


def is_signed(stub: Stub, keys: Iterable[str]) -> bool:
    """Whether the record of an archive has the signature of one of these public keys."""
    said = said_of(stub.workspace, stub.first_seq, stub.seq, stub.hash, stub.sha256)
    return any(signed_by(key, stub.signature or "", said) for key in keys)


def open_archive(path: Path) -> Archive:
    """Raises SettingsError if there is no archive at this place."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline())
            if head["kind"] == KIND:
                return Archive(path, head["workspace"], head["first"], head["last"])
    except OSError as problem:
        raise SettingsError(f"{path} cannot be read: {problem.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        pass  # said below
    raise SettingsError(f"{path} is no archive of the log.")


def write(
    file: IO[bytes], rows: Iterable[Hashed], seal: Seal | None, *, workspace: str, first: int, last: int
) -> Sealed:
    """Writes events first to last."""
    digest, text = sha256(), b""
    for text in _lines(workspace, first, last, rows):
        file.write(text)
        digest.update(text)
    hashed = json.loads(text).get("hash", "")
    found = digest.hexdigest()
    signature = seal.sign(said_of(workspace, first, last, hashed, found)) if seal else None
    end = {"kind": END, "sha256": found, "signature": signature, "key": seal.public if seal else None}
    file.write(canonical(end) + b"\n")
    return Sealed(found, signature)


def _lines(workspace: str, first: int, last: int, rows: Iterable[Hashed]) -> Iterator[bytes]:
    yield canonical({"kind": KIND, "workspace": workspace, "first": first, "last": last}) + b"\n"
    for line, hashed in rows:
        yield canonical({"hash": hashed, "event": record(line)}) + b"\n"


def text_line(line: Line, text: Text) -> bytes:
    """What somebody wrote, as a line of the file beside the archive."""
    said = {"seq": text.seq, "field": text.field, "salt": text.salt, "text": text.text, "actor": line.actor}
    said["whose"] = line.on_behalf_of if line.actor_type == ActorType.SYSTEM else line.actor
    return canonical(said) + b"\n"


def texts_beside(path: Path) -> Path:
    """Where the words of people are that belong to an archive."""
    return path.with_suffix(".texts.jsonl")


def texts_of(path: Path) -> dict[Key, tuple[str, str]] | None:
    """Salt and text of what people wrote in an archive's events, by event and field, without what was erased.

    None where the file is kept elsewhere. Raises ValueError for a line that is none, and SettingsError for a
    file that cannot be read: it is for its owner alone.
    """
    beside = texts_beside(path)
    if not beside.exists():
        return None
    found: dict[Key, tuple[str, str]] = {}
    try:
        for said in map(json.loads, beside.read_bytes().splitlines()):
            found[said["seq"], said["field"]] = said["salt"], said["text"]
    except OSError as problem:
        raise SettingsError(f"{beside} cannot be read: {problem.strerror}.") from None
    except _NO_TEXT:
        raise _no_text(beside) from None
    return found


_NO_TEXT = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
"""What a line raises that says something else."""


def _no_text(path: Path) -> ValueError:
    return ValueError(f"{path} has a line that is no text of an event.")


def texts_that(path: Path, theirs: Callable[[Mapping[str, Any]], bool]) -> list[Key]:
    """Which texts in the file beside an archive are somebody's. Raises ValueError for a line that is none."""
    try:
        written = map(json.loads, path.read_bytes().splitlines())
        found = [((said["seq"], said["field"]), theirs(said)) for said in written]
    except _NO_TEXT:
        raise _no_text(path) from None
    return [key for key, is_theirs in found if is_theirs]


def clear(folder: Path) -> None:
    """Deletes what a process that died left of a file beside an archive: its words stand elsewhere as well.

    Whoever is just writing one writes it again.
    """
    for partial in folder.glob("*.texts.*partial"):
        partial.unlink(missing_ok=True)


def forget(path: Path, gone: Container[Key]) -> None:
    """Takes texts out of the file beside an archive; the new one appears when it is whole."""
    lines = ((line, json.loads(line)) for line in path.read_bytes().splitlines(keepends=True))
    partial = path.with_name(f"{path.name}.partial")
    write_private(partial, [line for line, said in lines if (said["seq"], said["field"]) not in gone])
    partial.replace(path)


def write_private(path: Path, lines: Iterable[bytes]) -> None:
    """Writes a file that only its owner reads; the disk has all of it when this returns, or else nothing."""
    try:
        with path.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _event(written: dict[str, Any], seq: int) -> Hashed:
    try:
        return to_line(written["event"]), str(written["hash"])
    except (KeyError, TypeError, ValueError):
        raise BadArchive(seq, f"what should be event {seq} in the archive is none.") from None


def _json(text: bytes, seq: int) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadArchive(seq, f"what should be event {seq} in the archive is no JSON.")
    return found

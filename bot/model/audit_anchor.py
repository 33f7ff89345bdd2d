"""A checkpoint: where a workspace's log stood at a moment, told to the world outside of the database."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.model.audit_seal import Seal, signed_by
from bot.model.errors import SettingsError

KIND = "numberdesk.checkpoint"
_BEGINS = '{"at": "'
"""How each line begins: keys are sorted. In a whole one it stands there alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The newest event at a moment. Without a signature it proves as much as the place where it is kept."""

    workspace: str
    seq: int
    hash: str
    count: int  #: events since the very first
    at: str  #: UTC, as in the log
    key: str | None = None  #: the public key, base64
    signature: str | None = None

    def said(self) -> dict[str, Any]:
        """What is signed: all but the signature."""
        plain = asdict(self)
        del plain["signature"]
        return {"kind": KIND, **plain}

    def sealed(self, seal: Seal | None) -> "Checkpoint":
        """The same with a signature; as it is where there is no key."""
        if seal is None:
            return self
        keyed = replace(self, key=seal.public)
        return replace(keyed, signature=seal.sign(keyed.said()))

    def is_genuine(self, keys: Collection[str]) -> bool:
        """Whether the signature is that of one of these public keys; of its own key if none is known."""
        if self.signature is None or self.key is None:
            return not keys
        return (not keys or self.key in keys) and signed_by(self.key, self.signature, self.said())

    def to_json(self) -> str:
        """One line."""
        return json.dumps({**self.said(), "signature": self.signature}, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a file of checkpoints holds."""

    told: tuple[Checkpoint, ...]
    cut_off: tuple[int, ...]  #: numbers of lines that a crash kept from being written to the end


def read_anchors(lines: Iterable[str]) -> Anchors:
    """The checkpoints of a file, one a line. Raises SettingsError with the number of a line that is none.

    A line that only begins as one costs no other: it is named.
    """
    told: list[Checkpoint] = []
    cut_off: list[int] = []
    for number, line in enumerate(lines, 1):
        last = line.rfind(_BEGINS) if line.startswith(_BEGINS) else 0
        for text in filter(None, (line[:last].strip(), line[last:].strip())):
            try:
                told.append(_checkpoint(json.loads(text)))
            except json.JSONDecodeError:
                if not text.startswith(_BEGINS[: len(text)]):
                    raise _none(number) from None
                cut_off.append(number)
            except (ValueError, TypeError, KeyError, RecursionError):
                raise _none(number) from None
    return Anchors(tuple(told), tuple(dict.fromkeys(cut_off)))


def _none(number: int) -> SettingsError:
    says = "is no checkpoint: each is one line of JSON as the desk wrote it"
    return SettingsError(f"line {number} of the anchor file {says}")


def _checkpoint(found: Any) -> Checkpoint:
    if not isinstance(found, dict) or found.pop("kind") != KIND:
        raise ValueError
    made = Checkpoint(**found)
    texts = (made.workspace, made.hash, made.at, made.key or "", made.signature or "")
    if not all(isinstance(one, str) for one in texts) or type(made.seq) is not int or made.seq < 1:
        raise ValueError
    return made

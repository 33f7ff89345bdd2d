"""A checkpoint: where a workspace's log stood at a moment, told to the world outside of the database."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.model.audit_seal import Seal, signed_by
from bot.model.errors import SettingsError

KIND = "numberdesk.checkpoint"


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

    def is_genuine(self, public: str | None) -> bool:
        """Whether the signature is that of `public`; of its own key if None is known."""
        if self.signature is None or self.key is None:
            return public is None
        return (public is None or public == self.key) and signed_by(self.key, self.signature, self.said())

    def to_json(self) -> str:
        """One line."""
        return json.dumps({**self.said(), "signature": self.signature}, sort_keys=True)


def read_anchors(lines: Iterable[str]) -> Iterator[Checkpoint]:
    """The checkpoints of a file, one a line. Raises SettingsError with the number of a line that is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _checkpoint(json.loads(line))
        except (ValueError, TypeError, KeyError):
            raise SettingsError(
                f"line {number} of the anchor file is no checkpoint:"
                " each is one line of JSON as the desk wrote it"
            ) from None


def _checkpoint(found: Any) -> Checkpoint:
    if not isinstance(found, dict) or found.pop("kind") != KIND:
        raise ValueError
    made = Checkpoint(**found)
    texts = (made.workspace, made.hash, made.at, made.key or "", made.signature or "")
    if not all(isinstance(one, str) for one in texts) or type(made.seq) is not int or made.seq < 1:
        raise ValueError
    return made

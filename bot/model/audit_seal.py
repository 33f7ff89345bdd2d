"""Signatures: Ed25519, with a key that is not in the database, so that whoever owns that cannot forge one."""

import binascii
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.model.audit_chain import canonical

_LENGTH = 32


class Seal:
    """Signs with one private key: the base64 of its 32 bytes. Raises ValueError for anything else."""

    def __init__(self, private: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_bytes(private))
        self.public = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, said: dict[str, Any]) -> str:
        """The signature of canonical JSON, as base64."""
        return b64encode(self._key.sign(canonical(said))).decode()


def make_key() -> tuple[str, str]:
    """A new private key, and its public one."""
    private = b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    return private, Seal(private).public


def public_key(public: str) -> str:
    """The same text. Raises ValueError if it is no public key."""
    _bytes(public)
    return public


def signed_by(public: str, signature: str, said: dict[str, Any]) -> bool:
    """Whether the signature is that of the key for what is said; never raises."""
    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes(public))
        key.verify(b64decode(signature, validate=True), canonical(said))
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(key: str) -> bytes:
    try:
        raw = b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != _LENGTH:
        raise ValueError("must be the base64 of 32 bytes; `python -m bot audit key` makes one")
    return raw

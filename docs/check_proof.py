"""Checks a proof: python check_proof.py PROOF.json PUBLIC_KEY (needs cryptography and rfc8785)."""
# ruff: noqa: INP001

import hashlib
import json
import sys
from base64 import b64decode
from pathlib import Path

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def wrong(proof: dict, public: str) -> str | None:
    event, checkpoint = proof["event"], dict(proof["checkpoint"])
    if hashlib.sha256(rfc8785.dumps(event)).hexdigest() != checkpoint["hash"]:
        return "the event is not the one whose hash was signed"
    if [event["workspace"], event["seq"]] != [checkpoint["workspace"], checkpoint["seq"]]:
        return "the event is not the one whose place was signed"
    for text in proof["texts"]:
        field = text["field"].removeprefix("changes.")
        hashed = event["reason_hash"] if field == "reason" else event["changes"][field]
        if hashed[-64:] != hashlib.sha256(f"{text['salt']}:{text['text']}".encode()).hexdigest():
            return f"the {text['field']} is not what was written"
    signature = b64decode(checkpoint.pop("signature"))
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(public)).verify(signature, rfc8785.dumps(checkpoint))
    except InvalidSignature:
        return "the signature is not that of this key"
    return None


found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
if why := wrong(found, sys.argv[2]):
    sys.stdout.write(f"WRONG: {why}\n")
    sys.exit(1)
said = {**found["event"], **{text["field"]: text["text"] for text in found["texts"]}}
sys.stdout.write(f"RIGHT: {json.dumps(said, ensure_ascii=False, indent=2)}\n")

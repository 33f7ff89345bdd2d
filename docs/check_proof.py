"""Checks a proof: python check_proof.py PROOF.json PUBLIC_KEY (needs cryptography and rfc8785)."""

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
    hashed = event["previous_hash"]
    for last in [event, *proof["following"]]:
        if last["previous_hash"] != hashed:
            return f"event {last['seq']} does not follow the one before it"
        hashed = hashlib.sha256(rfc8785.dumps(last)).hexdigest()
    if [last["workspace"], last["seq"], hashed] != [checkpoint[k] for k in ("workspace", "seq", "hash")]:
        return "the events do not lead to what was signed"
    for text in proof["texts"]:
        field = text["field"].removeprefix("changes.")
        hashed = event["reason_hash"] if field == "reason" else event["changes"][field]
        if hashed[-64:] != hashlib.sha256(f"{text['salt']:.32}:{text['text']}".encode()).hexdigest():
            return f"the {text['field']} is not what was written"
    key, signature = Ed25519PublicKey.from_public_bytes(b64decode(public)), checkpoint.pop("signature")
    try:
        key.verify(b64decode(signature), rfc8785.dumps(checkpoint))
    except InvalidSignature:
        return "the signature is not that of this key"
    return None


found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
said = {**found["event"], **{text["field"]: text["text"] for text in found["texts"]}}
if why := wrong(found, sys.argv[2]):
    sys.exit(f"WRONG: {why}")
sys.stdout.write(f"RIGHT: {json.dumps(said, ensure_ascii=False, indent=2)}\n")

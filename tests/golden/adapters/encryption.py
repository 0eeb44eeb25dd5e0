"""Runs the encryption vectors: payloads, tampering, key rotation."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from securely.encryption import DecryptFailed, Encrypter, InvalidKey
from tests.golden.values import from_php, to_php

__all__ = ["EXCEPTIONS", "run"]

EXCEPTIONS: Mapping[str, type[Exception]] = {
    "DecryptException": DecryptFailed,
    "RuntimeException": InvalidKey,
}


def run(case: Mapping[str, Any]) -> object:
    """Do what the case's `op` says."""
    return _OPERATIONS[case["op"]](case)


def _encrypter(case: Mapping[str, Any]) -> Encrypter:
    previous = [_key(text) for text in case.get("previous_keys", ())]
    return Encrypter(_key(case["key"]), case["cipher"], previous)


def _key(text: str) -> bytes:
    return base64.b64decode(text.removeprefix("base64:"))


def _decrypt_string(case: Mapping[str, Any]) -> object:
    encrypter, payload = _encrypter(case), from_php(case["payload"])
    if isinstance(payload, bytes):
        # PHP's text is bytes; what is no ASCII is no base64 in either form.
        payload = payload.decode("latin-1")
    plain = encrypter.decrypt_bytes(payload)
    answer = to_php(plain)
    if isinstance(answer, str):
        assert encrypter.decrypt_string(payload) == answer
    # What it reads, it writes: the payload of our own making comes back.
    assert encrypter.decrypt_bytes(encrypter.encrypt_bytes(plain)) == plain
    assert encrypter.decrypt_bytes(encrypter.reencrypt(payload)) == plain
    return {"value": answer}


def _decrypt(case: Mapping[str, Any]) -> object:
    encrypter = _encrypter(case)
    try:
        return {"value": to_php(encrypter.decrypt(case["payload"]))}
    except DecryptFailed:
        # It raises as well for what no key opens: then there is no text either.
        return {"serialized": to_php(encrypter.decrypt_bytes(case["payload"]))}


def _shape(case: Mapping[str, Any]) -> object:
    key = Encrypter.generate_key(case["cipher"])
    encrypter = Encrypter(key, case["cipher"])
    outer = base64.b64decode(encrypter.encrypt_bytes(b"x" * case["plaintext_bytes"]), validate=True)
    fields = json.loads(outer)
    iv, value, tag = (base64.b64decode(fields[name]) for name in ("iv", "value", "tag"))
    mac = hmac.new(key, (fields["iv"] + fields["value"]).encode(), "sha256").hexdigest()
    rule = "empty string"
    if fields["mac"]:
        assert fields["mac"] == mac
        rule = "hex hmac-sha256 over iv_base64 . value_base64 with the raw key"
    assert json.dumps(fields, separators=(",", ":")).encode() == outer
    return {
        "outer": "base64(json), slashes unescaped",
        "keys": list(fields),
        "iv_bytes": len(iv),
        "value_bytes": len(value),
        "mac_length": len(fields["mac"]),
        "tag_bytes": len(tag),
        "mac_rule": rule,
    }


def _construct(case: Mapping[str, Any]) -> object:
    Encrypter(bytes(case["key_bytes"]), case["cipher"])
    return {"ok": True}


def _supported(case: Mapping[str, Any]) -> object:
    return {"value": Encrypter.supported(bytes(case["key_bytes"]), case["cipher"])}


def _previous_keys(case: Mapping[str, Any]) -> object:
    previous = _encrypter(case).previous_keys
    return {"value": [base64.b64encode(key).decode() for key in previous]}


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "decryptString": _decrypt_string,
    "decrypt": _decrypt,
    "appearsEncrypted": lambda case: {
        "value": Encrypter.appears_encrypted(from_php(case["payload"]))
    },
    "generateKey": lambda case: {"bytes": len(Encrypter.generate_key(case["cipher"]))},
    "shape": _shape,
    "construct": _construct,
    "supported": _supported,
    "previousKeys": _previous_keys,
}

"""Encrypt and decrypt 100 bytes beside Fernet, and what a stream and a hash take.

Run: python bench/bench_encryption.py [--rounds 31]

Ours and Fernet are run in turns in one process; a ratio is the median of the ratios taken round by
round, and time is that of the process. Fernet is the cryptography package's own: AES-128-CBC and
HMAC-SHA256, over which our payloads have JSON and two more layers of base64, as Laravel has them.
A ratio above its goal ends the run with status 1.
"""

from __future__ import annotations

import argparse
import io
import platform
import statistics
import sys
import time
from collections.abc import Callable

from cryptography.fernet import Fernet

from securely.encryption import CIPHERS, Encrypter, KeyRing
from securely.hashing import HashManager

COUNT = 500
LIMIT = 1.25
DATA = b"x" * 100
STREAM_BYTES = 32 * 1024 * 1024

Operation = Callable[[], object]


def fernet() -> dict[str, Operation]:
    """Return what Fernet does, by name."""
    peer = Fernet(Fernet.generate_key())
    token = peer.encrypt(DATA)
    return {
        "encrypt": lambda: peer.encrypt(DATA),
        "decrypt": lambda: peer.decrypt(token),
        "both": lambda: peer.decrypt(peer.encrypt(DATA)),
    }


def ours(cipher: str, previous: int = 0) -> dict[str, Operation]:
    """Return what an encrypter does with *cipher*; *previous* earlier keys are tried in vain."""
    key = Encrypter.generate_key(cipher)
    others = [Encrypter.generate_key(cipher) for _ in range(previous)]
    encrypter = Encrypter(key, cipher, others)
    reader = Encrypter(others[0], cipher, [*others[1:], key]) if others else encrypter
    payload = encrypter.encrypt_bytes(DATA)
    return {
        "encrypt": lambda: encrypter.encrypt_bytes(DATA),
        "decrypt": lambda: reader.decrypt_bytes(payload),
        "both": lambda: reader.decrypt_bytes(encrypter.encrypt_bytes(DATA)),
    }


def taken(operation: Operation) -> float:
    """Return the microseconds of one call."""
    start = time.process_time_ns()
    for _ in range(COUNT):
        operation()
    return (time.process_time_ns() - start) / COUNT / 1_000


def compared(operation: Operation, peer: Operation, rounds: int) -> tuple[float, float, float]:
    """Return the medians of ours, of the peer's and of their ratio."""
    pairs = [(taken(operation), taken(peer)) for _ in range(rounds)]
    return (
        statistics.median(mine for mine, _ in pairs),
        statistics.median(theirs for _, theirs in pairs),
        statistics.median(mine / theirs for mine, theirs in pairs),
    )


def payloads(rounds: int) -> bool:
    """Print the table of payloads; return whether a goal is missed."""
    peers, is_missed = fernet(), False
    rows = {cipher: ours(cipher) for cipher in CIPHERS}
    print(f"{'100 bytes':<28}{'ours, us':>10}{'Fernet, us':>12}{'ratio':>8}{'goal':>7}")
    for cipher, operations in rows.items():
        for name, operation in operations.items():
            mine, theirs, ratio = compared(operation, peers[name], rounds)
            is_missed = is_missed or ratio > LIMIT
            print(f"{cipher + ', ' + name:<28}{mine:>10.1f}{theirs:>12.1f}{ratio:>8.2f}{LIMIT:>7}")
    third = ours("aes-256-cbc", previous=2)["decrypt"]
    mine, theirs, ratio = compared(third, peers["decrypt"], rounds)
    print(f"{'aes-256-cbc, by a third key':<28}{mine:>10.1f}{theirs:>12.1f}{ratio:>8.2f}")
    signer = KeyRing(bytes(32)).purpose("bench")
    signed = statistics.median(taken(lambda: signer.sign(DATA)) for _ in range(rounds))
    print(f"{'a signature':<28}{signed:>10.1f}")
    return is_missed


def streams() -> None:
    """Print how fast streams are."""
    encrypter = Encrypter(bytes(32))
    plain, sealed = io.BytesIO(bytes(STREAM_BYTES)), io.BytesIO()
    start = time.process_time()
    encrypter.encrypt_stream(plain, sealed)
    middle = time.process_time()
    sealed.seek(0)
    encrypter.decrypt_stream(sealed, io.BytesIO())
    end = time.process_time()
    size = STREAM_BYTES / 2**20
    print(f"{'a stream, encrypt':<28}{size / (middle - start):>10.0f} MiB a second")
    print(f"{'a stream, decrypt':<28}{size / (end - middle):>10.0f} MiB a second")


def hashes() -> None:
    """Print how long a hash takes; that it is long is its purpose."""
    manager = HashManager("argon2id")
    for name in ("argon2id", "scrypt", "pbkdf2", "bcrypt"):
        hasher = manager.driver(name)
        start = time.process_time()
        for _ in range(3):
            hasher.make("correct horse battery staple")
        print(f"{name:<28}{(time.process_time() - start) / 3 * 1_000:>10.0f} ms a hash")


def main() -> int:
    """Print the tables; return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()} on {platform.machine()}, {rounds} rounds")
    is_missed = payloads(rounds)
    streams()
    hashes()
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
